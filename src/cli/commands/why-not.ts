import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { withCase } from '../case.ts';
import { parseTextOrJson, type TextOrJson } from '../format.ts';
import { addLayoutOptions, stdoutLayout, type LayoutOptions } from '../layout.ts';
import { print } from '../output.ts';
import { nearest } from '../../util/suggest.ts';

interface Options extends LayoutOptions {
  format: TextOrJson;
  run?: string;
}

async function explainVerdict(id: string, input: string, options: Options): Promise<string> {
  const { RULES } = await import('../../rules/index.ts');
  const rule = RULES.find(({ meta }) => meta.id === id);
  const known = RULES.map(({ meta }) => meta.id);
  if (rule === undefined) throw new DoctorError('HLD_RULES_NO_SUCH_RULE', { name: id, similar: nearest(id, known) });
  return withCase(input, options.run, async ({ c, excerpts, judge }) => {
    const { whyNot } = await import('../../rules/why-not.ts');
    const diagnosis = await judge();
    const answer = await whyNot(c, diagnosis, rule, excerpts);
    if (options.format === 'json') return JSON.stringify(answer, null, 2);
    const { renderWhyNot } = await import('../../report/why-not.ts');
    return renderWhyNot(answer, diagnosis, stdoutLayout(options));
  });
}

export function addWhyNot(program: Command): void {
  const command = program
    .command('why-not')
    .description('say why a rule is found or not found in a run: what it needs, how many rows each of its steps left, what looks like it')
    .argument('<rule>', 'rule, such as sender-lock-drop')
    .argument('<input>', 'sandbox directory, one file of it, or a database saved with analyze --db')
    .option('--format <format>', 'text or json', parseTextOrJson, 'text')
    .option('--run <id>', 'look at this run instead of the newest');
  addLayoutOptions(command).action(async (rule: string, input: string, options: Options) =>
    print(await explainVerdict(rule, input, options)),
  );
}

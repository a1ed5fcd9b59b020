import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { withCase } from '../case.ts';
import { addLayoutOptions, stdoutLayout, type LayoutOptions } from '../layout.ts';
import { print } from '../output.ts';
import { nearest } from '../suggest.ts';

interface Options extends LayoutOptions {
  run?: string;
}

async function explainVerdict(id: string, input: string, options: Options): Promise<string> {
  const { RULES } = await import('../../rules/index.ts');
  const rule = RULES.find(({ meta }) => meta.id === id);
  const known = RULES.map(({ meta }) => meta.id);
  if (rule === undefined) throw new DoctorError('HLD_RULES_NO_SUCH_RULE', { name: id, similar: nearest(id, known) });
  return withCase(input, options.run, async ({ c, judge }) => {
    const [{ whyNot }, { renderWhyNot }] = await Promise.all([import('../../rules/why-not.ts'), import('../../report/why-not.ts')]);
    const diagnosis = await judge();
    return renderWhyNot(whyNot(c, diagnosis, rule), diagnosis, stdoutLayout(options));
  });
}

export function addWhyNot(program: Command): void {
  const command = program
    .command('why-not')
    .description('say why a rule is found or not found in a run: what it needs, what of that is there, what looks like it')
    .argument('<rule>', 'rule, such as sender-lock-drop')
    .argument('<input>', 'sandbox directory, one file of it, or a database saved with analyze --db')
    .option('--run <id>', 'look at this run instead of the newest');
  addLayoutOptions(command).action(async (rule: string, input: string, options: Options) =>
    print(await explainVerdict(rule, input, options)),
  );
}

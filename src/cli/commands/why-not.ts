import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { addAlsoOption, type AlsoOptions } from '../also.ts';
import { withCase, type OpenCase } from '../case.ts';
import { parseTextOrJson, type TextOrJson } from '../format.ts';
import { TEMPLATES_HELP } from '../input.ts';
import { addLayoutOptions, stdoutLayout, type LayoutOptions } from '../layout.ts';
import { print } from '../output.ts';
import { loadOwnRules, RULES_OPTION } from '../own-rules.ts';
import { nearest } from '../../util/suggest.ts';

interface Options extends LayoutOptions, AlsoOptions {
  format: TextOrJson;
  run?: string;
  rules?: string;
  templates?: string;
}

async function explainVerdict(id: string, input: string, options: Options): Promise<string> {
  const { RULES } = await import('../../rules/index.ts');
  const ownRules = await loadOwnRules(options.rules);
  const known = [...RULES, ...ownRules].map(({ meta }) => meta.id);
  if (!known.includes(id)) throw new DoctorError('HLD_RULES_NO_SUCH_RULE', { name: id, similar: nearest(id, known) });
  const answerCase = async ({ c, excerpts, own, judge }: OpenCase): Promise<string> => {
    const rule = [...RULES, ...own].find(({ meta }) => meta.id === id);
    if (rule === undefined) throw new Error(`${id} was there and is not any more`);
    const { whyNot } = await import('../../rules/why-not.ts');
    const diagnosis = await judge();
    const answer = await whyNot(c, diagnosis, rule, excerpts);
    if (options.format === 'json') return JSON.stringify(answer, null, 2);
    const { renderWhyNot } = await import('../../report/why-not.ts');
    return renderWhyNot(answer, diagnosis, stdoutLayout(options));
  };
  return withCase(input, options, answerCase, ownRules);
}

export function addWhyNot(program: Command): void {
  const command = program
    .command('why-not')
    .description('say why a rule is found or not found in a run: what it needs, how many rows each of its steps left, what looks like it')
    .argument('<rule>', 'rule, such as sender-lock-drop')
    .argument('<input>', 'sandbox directory, file, archive, - or a database saved with analyze --db')
    .option('--format <format>', 'text or json', parseTextOrJson, 'text')
    .option('--run <id>', 'look at this run instead of the newest')
    .option(...RULES_OPTION)
    .option('--templates <file>', TEMPLATES_HELP);
  addLayoutOptions(addAlsoOption(command)).action(async (rule: string, input: string, options: Options) =>
    print(await explainVerdict(rule, input, options)),
  );
}

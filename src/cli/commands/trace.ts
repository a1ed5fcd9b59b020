import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { addAlsoOption, type AlsoOptions } from '../also.ts';
import { withCase } from '../case.ts';
import { parseTextOrJson, type TextOrJson } from '../format.ts';
import { TEMPLATES_HELP } from '../input.ts';
import { addLayoutOptions, stdoutLayout, type LayoutOptions } from '../layout.ts';
import { print } from '../output.ts';

interface Options extends LayoutOptions, AlsoOptions {
  format: TextOrJson;
  run?: string;
  templates?: string;
}

async function trace(input: string, fromWord: string, toWord: string, options: Options): Promise<string> {
  return withCase(input, options, async ({ c, excerpts, judge }) => {
    const { describeTrace, partyNamed, traceDirection } = await import('../../rules/trace.ts');
    const [from, to] = [partyNamed(c, fromWord), partyNamed(c, toWord)];
    if (from === to)
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: 'TO', value: toWord, expected: 'another party than FROM' });
    const report = await describeTrace(c, traceDirection(c, from, to), excerpts);
    if (options.format === 'json') return JSON.stringify(report, null, 2);
    const { renderTrace } = await import('../../report/trace.ts');
    return renderTrace(report, await judge(), stdoutLayout(options));
  });
}

export function addTrace(program: Command): void {
  const command = program
    .command('trace')
    .description('follow one direction link by link: what is seen, what is absent, what no line could show')
    .argument('<input>', 'sandbox directory, file, archive, - or a database saved with analyze --db')
    .argument('<from>', 'sender: email or role, such as client1')
    .argument('<to>', 'receiver: email or role')
    .option('--format <format>', 'text or json', parseTextOrJson, 'text')
    .option('--run <id>', 'look at this run instead of the newest')
    .option('--templates <file>', TEMPLATES_HELP);
  addLayoutOptions(addAlsoOption(command)).action(async (input: string, from: string, to: string, options: Options) =>
    print(await trace(input, from, to, options)),
  );
}

import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { documentsOf } from '../documents.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { DETAIL_HELP, FORMAT_HELP, parseTarget, refusePage, targetsOf, wantsDetail, writeTarget, type FormatOptions } from '../formats.ts';
import { addJudgeOptions, type JudgeOptions } from '../judge.ts';
import { addLayoutOptions } from '../layout.ts';
import { print } from '../output.ts';
import { addPolicyOptions, asOf, baselineOf, policyOf, type PolicyOptions } from '../policy.ts';
import { worse } from '../several.ts';

interface Options extends JudgeOptions, FormatOptions, PolicyOptions {
  baseline?: string;
  against?: string[];
  printPolicy?: boolean;
}

const CODES: Readonly<Record<number, ExitCode>> = { 0: EXIT.ok, 1: EXIT.findings, 3: EXIT.inconclusive, 4: EXIT.internal };

/** What is said of the gated run (which one, what somebody saw, what belongs to it) is not said of the others. */
function optionsForOthers({ run: _run, also: _also, ...rest }: Options): JudgeOptions {
  return { ...rest, note: [] };
}

async function gate(inputs: readonly string[], options: Options): Promise<ExitCode> {
  if (options.printPolicy === true) {
    const { printPolicy } = await import('../../gate/policy.ts');
    print(printPolicy(await policyOf(options, [])));
    return EXIT.ok;
  }
  if (inputs.length === 0)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option: 'gate',
      value: '',
      expected: 'a sandbox, a file of one or a saved diagnosis',
    });
  const baseline = await baselineOf(options.baseline);
  if (inputs.length > 1) refusePage(options, 'several inputs');
  const diagnoses = await documentsOf(inputs, { ...options, detail: wantsDetail(options) });
  const against = options.against === undefined ? [] : await documentsOf(options.against, optionsForOthers(options));
  const policy = await policyOf(options, [...diagnoses, ...against]);
  const { gateAll } = await import('../../gate/gate.ts');
  const gated = gateAll({ diagnoses, policy, baseline, against, asOf: asOf(options) });
  for (const target of targetsOf(options)) await writeTarget(gated, target, options, gated.length > 1);
  return gated.map((d) => CODES[d.gate.exitCode] ?? EXIT.internal).reduce((a, b) => worse(a, b), EXIT.ok);
}

function addOther(value: string, before: string[] = []): string[] {
  return [...before, value];
}

export function addGate(program: Command, done: (code: ExitCode) => void): void {
  const command = program
    .command('gate')
    .description('for CI: exit 0, 1 or 3 by a policy, a baseline of accepted findings, and other runs')
    .argument('[inputs...]', 'as analyze takes them, or diagnoses that --format json wrote')
    .option('--baseline <file>', 'findings that are accepted; an entry that nothing answers to fails until it is pruned')
    .option('--against <input>', 'compare with this run; may be repeated for a set of runs', addOther)
    .option('--format <x[=file]>', FORMAT_HELP, parseTarget)
    .option('--detail', DETAIL_HELP)
    .option('--run <id>', 'judge this run instead of the newest')
    .option('--print-policy', 'print the policy with all that it extends, and do nothing else');
  addPolicyOptions(command);
  addJudgeOptions(command).option('--quiet', 'no progress, and no text unless --format asks for it').option('--verbose', 'show everything');
  addLayoutOptions(command).action(async (inputs: string[], options: Options) => done(await gate(inputs, options)));
}

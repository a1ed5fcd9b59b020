import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { VerifyResult, VerifyRun } from '../../../live/verify.ts';
import type { Scenario } from '../../../proxy/lab/scenarios.ts';
import type { Setup } from '../../../proxy/lab/setup.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { oneLine, print, visible } from '../../output.ts';
import { numberIn, oneOf } from './flags.ts';

const FORMATS = ['text', 'json'] as const;
const MOST_RUNS = 10_000;
const MOST_AT_ONCE = 64;

interface VerifyFlags {
  before: string;
  after?: string;
  runs: number;
  parallel: number;
  seed: number;
  keep?: string;
  quiet?: boolean;
  format: (typeof FORMATS)[number];
}

interface Plan {
  readonly side: 'before' | 'after';
  readonly number: number;
  readonly setup: Setup;
}

/** The scenario as it is (or as `--before` changes it), and its cure (or `--after`). */
async function sidesOf(scenario: Scenario, flags: VerifyFlags): Promise<{ before: Setup; after: Setup; afterSettings: string }> {
  const [{ applySettings, parseSettings }, { setupOf }] = await Promise.all([
    import('../../../proxy/lab/setup.ts'),
    import('../../../proxy/lab/scenarios.ts'),
  ]);
  const afterSettings = flags.after ?? scenario.cure;
  if (afterSettings === null)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option: '--after',
      value: '',
      expected: `settings that are to cure ${scenario.name}, such as era=E5b: no version is known to`,
    });
  const base = setupOf(scenario);
  return {
    before: applySettings(base, parseSettings(flags.before, '--before'), '--before'),
    after: applySettings(base, parseSettings(afterSettings, '--after'), '--after'),
    afterSettings,
  };
}

/** Before and after in turns, so that whatever else the machine does meets both alike. */
function plansFor(before: Setup, after: Setup, runs: number, seed: number): readonly Plan[] {
  return Array.from({ length: runs }, (_, index) => index + 1).flatMap((number) => [
    { side: 'before' as const, number, setup: { ...before, seed: (seed + number) >>> 0 } },
    { side: 'after' as const, number, setup: { ...after, seed: (seed + number) >>> 0 } },
  ]);
}

function keep(sandbox: string, folder: string, { side, number }: Plan): string {
  const to = join(folder, `${side}-${String(number).padStart(2, '0')}`);
  cpSync(sandbox, to, { recursive: true });
  return to;
}

async function verify(name: string, flags: VerifyFlags): Promise<ExitCode> {
  if (flags.keep !== undefined && existsSync(flags.keep) && readdirSync(flags.keep).length > 0)
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: flags.keep, reason: 'the folder is not empty' });
  const [{ readScenario }, runs, judge, { causesOf }] = await Promise.all([
    import('../../../proxy/lab/scenario-file.ts'),
    import('./lab-runs.ts'),
    import('../../../live/verify.ts'),
    import('../../../live/fingerprint.ts'),
  ]);
  const scenario = await readScenario(name);
  const { before, after, afterSettings } = await sidesOf(scenario, flags);
  const claim = { cause: scenario.expects.cause, completes: scenario.expects.completes };
  if (flags.keep !== undefined) mkdirSync(flags.keep, { recursive: true });
  const { signal, code } = runs.interruptible();
  const scratch = runs.scratchFolder();
  const plans = plansFor(before, after, Math.trunc(flags.runs), flags.seed);
  let finished = 0;
  const one = async (plan: Plan): Promise<VerifyRun> => {
    const folder = join(scratch.path, `${plan.side}-${plan.number}`);
    const { result, diagnosis, sandbox, seconds, problem } = await runs.makeRun(plan.setup, folder, signal);
    const made: VerifyRun = {
      seed: plan.setup.seed,
      completed: result?.completed === true,
      verdict: diagnosis?.verdict ?? null,
      causes: diagnosis === null ? [] : causesOf(diagnosis),
      seconds,
      kept: null,
      problem,
    };
    const isBad = judge.failed(made, claim);
    const kept = flags.keep !== undefined && problem === null && isBad ? keep(sandbox, flags.keep, plan) : null;
    rmSync(folder, { recursive: true, force: true });
    finished++;
    if (flags.quiet !== true && !signal.aborted)
      process.stderr.write(
        `${finished}/${plans.length}  ${plan.side} ${plan.number}: ${oneLine(judge.outcomeOf(made, claim))} (${seconds} s)\n`,
      );
    return { ...made, kept };
  };
  try {
    const all = await runs.inParallel(
      plans.map((plan) => async () => one(plan)),
      Math.trunc(flags.parallel),
      signal,
    );
    const of = (side: Plan['side']): readonly VerifyRun[] =>
      plans
        .flatMap((plan, index) => (plan.side === side && all[index] !== undefined ? [all[index]] : []))
        .filter((run) => run.problem !== 'interrupted');
    const asIs = `era=${before.era} ${scenario.settings}`.trim();
    const settings = { before: flags.before === '' ? asIs : flags.before, after: afterSettings };
    const result = judge.verify(
      scenario.name,
      claim,
      { settings: settings.before, runs: of('before') },
      { settings: settings.after, runs: of('after') },
    );
    show(result, flags, judge.verifyText);
    return code() ?? exitOf(result);
  } finally {
    scratch.remove();
  }
}

function show(result: VerifyResult, flags: VerifyFlags, text: (result: VerifyResult) => string): void {
  print(flags.format === 'json' ? JSON.stringify(result, null, 2) : visible(text(result)));
}

function exitOf({ conclusion }: VerifyResult): ExitCode {
  return { proven: EXIT.ok, 'not-proven': EXIT.findings, inconclusive: EXIT.inconclusive }[conclusion];
}

export function addVerify(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('verify')
    .description('prove a cure: runs that fail before a change and none that fails after it, with the exact bound of what they show')
    .argument('<scenario>', 'a name of live scenarios, or a file that live reproduce wrote')
    .option('--before <settings>', 'what differs from the scenario before the change: era=E3 relay=S1 bytes=100000 fault=cut:client1@2', '')
    .option('--after <settings>', "what differs from the scenario after it; the scenario's own cure if left out")
    .option('--runs <n>', 'runs of each', numberIn('--runs', 1, MOST_RUNS), 20)
    .option('--parallel <n>', 'runs at the same time', numberIn('--parallel', 1, MOST_AT_ONCE), 2)
    .option('--seed <number>', 'the runs have the seeds after this one', numberIn('--seed', 0, 2 ** 32 - 1), 0)
    .option('--keep <folder>', 'keep the sandboxes of runs that failed in this empty folder')
    .option('--quiet', 'no progress')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS), 'text')
    .addHelpText(
      'after',
      '\nExit code: 0 proven, 1 not proven, 3 inconclusive (the failure hardly shows before, or too few runs), 2 wrong use.\nSettings are KEY=VALUE with spaces between; docs/live.md lists them.',
    )
    .action(async (name: string, flags: VerifyFlags) => done(await verify(name, flags)));
}

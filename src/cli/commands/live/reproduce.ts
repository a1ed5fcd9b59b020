import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { Diagnosis } from '../../../model/diagnosis.ts';
import type { AttemptResult, Plan, ReproduceResult } from '../../../live/reproduce.ts';
import type { Scenario } from '../../../proxy/lab/scenarios.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { firstLine, oneLine, print, reasonOf, visible } from '../../output.ts';
import { numberIn, oneOf } from './flags.ts';

const FORMATS = ['text', 'json'] as const;
const MOST_TRIES = 100;
const MOST_AT_ONCE = 16;
/** A diagnosis is read whole. */
const MOST_DIAGNOSIS_BYTES = 256 * 1024 * 1024;

interface ReproduceFlags {
  out: string;
  cause?: string;
  tries: number;
  parallel: number;
  seed: number;
  quiet?: boolean;
  format: (typeof FORMATS)[number];
}

/** A diagnosis that was saved, or that of an input; every other JSON file is an input like any. */
export async function diagnosisOf(input: string, signal: AbortSignal): Promise<Diagnosis> {
  if (!existsSync(input)) throw new DoctorError('HLD_INPUT_NO_SUCH_PATH', { path: input });
  const saved = savedDiagnosis(input);
  if (saved !== undefined) {
    const { diagnosisSchema } = await import('../../../model/diagnosis.ts');
    const parsed = diagnosisSchema.safeParse(saved);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new DoctorError('HLD_INPUT_UNREADABLE', {
      path: input,
      reason: `it calls itself a diagnosis and is none of this version (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
    });
  }
  const { analyzed } = await import('./lab-runs.ts');
  try {
    return await analyzed(input, signal);
  } catch (error) {
    const reason = firstLine(error instanceof Error ? error : new Error(String(error))).replace(/^hotlink-doctor: /, '');
    throw new DoctorError('HLD_INPUT_UNREADABLE', { path: input, reason });
  }
}

function savedDiagnosis(input: string): unknown {
  const stat = statSync(input);
  if (!stat.isFile() || stat.size > MOST_DIAGNOSIS_BYTES) return undefined;
  const text = readFileSync(input, 'utf8');
  if (!/^\s*\{\s*"schema":\s*"hotlink-doctor\/diagnosis@/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new DoctorError('HLD_INPUT_UNREADABLE', { path: input, reason: `it is no JSON: ${reasonOf(error)}` });
  }
}

export function emptyFolder(path: string): void {
  if (existsSync(path) && readdirSync(path).length > 0)
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path, reason: 'the folder is not empty; name another with --out' });
  mkdirSync(path, { recursive: true });
}

/** The attempt as a scenario that live verify takes. */
export function scenarioOf(plan: Plan, attempt: Plan['attempts'][number], completes: boolean): Scenario {
  const settings = `${plan.topology.settings} ${attempt.settings}`.trim();
  const { rule, where } = plan.cause;
  return {
    name: `reproduced-${rule}`,
    shows: attempt.says,
    failures: '',
    eras: ['E6'],
    settings,
    expects: { cause: rule, where, completes },
    cure: plan.cure,
  };
}

async function attemptAll(plan: Plan, flags: ReproduceFlags, signal: AbortSignal): Promise<readonly AttemptResult[]> {
  const [runs, { causesOf }, { matchOf }, { setupOf }, { scenarioText }] = await Promise.all([
    import('./lab-runs.ts'),
    import('../../../live/fingerprint.ts'),
    import('../../../live/reproduce.ts'),
    import('../../../proxy/lab/scenarios.ts'),
    import('../../../proxy/lab/scenario-file.ts'),
  ]);
  const one = async (attempt: Plan['attempts'][number], index: number): Promise<AttemptResult> => {
    let last: AttemptResult | undefined;
    for (let tried = 0; tried < flags.tries && last?.match !== 'same' && !signal.aborted; tried++) {
      const folder = join(flags.out, `${index + 1}${tried === 0 ? '' : `-again-${tried}`}`);
      const setup = { ...setupOf(scenarioOf(plan, attempt, false)), seed: (flags.seed + tried) >>> 0 };
      const { result, diagnosis, problem } = await runs.makeRun(setup, folder, signal);
      const cause = diagnosis === null ? null : (causesOf(diagnosis)[0] ?? null);
      const completed = result?.completed === true;
      writeFileSync(join(folder, 'scenario.json'), scenarioText(scenarioOf(plan, attempt, completed)));
      last = { ...attempt, cause, verdict: diagnosis?.verdict ?? null, completed, match: matchOf(plan, diagnosis), folder, problem };
      if (flags.quiet !== true && !signal.aborted)
        process.stderr.write(`${index + 1}/${plan.attempts.length}  ${oneLine(attempt.says)}: ${oneLine(problem ?? last.match)}\n`);
    }
    return last ?? { ...attempt, cause: null, verdict: null, completed: false, match: 'different', folder: '', problem: 'interrupted' };
  };
  const all = await runs.inParallel(
    plan.attempts.map((attempt, index) => async () => one(attempt, index)),
    Math.trunc(flags.parallel),
    signal,
  );
  return all.filter((result) => result !== undefined);
}

/** The command that proves a cure of what was reproduced first. */
function nextFor(plan: Plan, results: readonly AttemptResult[]): string | null {
  const best = results.find(({ match }) => match === 'same') ?? results.find(({ match }) => match === 'elsewhere');
  if (best === undefined) return null;
  const after = plan.cure === null ? " --after 'SETTINGS'" : '';
  return `hotlink-doctor live verify ${join(best.folder, 'scenario.json')}${after} --runs 20`;
}

async function reproduce(input: string, flags: ReproduceFlags): Promise<ExitCode> {
  const [{ interruptible }, { planFor, reproduceText, REPRODUCE_SCHEMA }] = await Promise.all([
    import('./lab-runs.ts'),
    import('../../../live/reproduce.ts'),
  ]);
  const { signal, code } = interruptible();
  const plan = planFor(await diagnosisOf(input, signal), flags.cause);
  const show = (result: ReproduceResult): void =>
    print(flags.format === 'json' ? JSON.stringify(result, null, 2) : visible(reproduceText(result)));
  if ('not' in plan) {
    show({ schema: REPRODUCE_SCHEMA, cause: plan.cause, parties: [], settings: '', notes: [], attempts: [], not: plan.not, next: null });
    return EXIT.inconclusive;
  }
  emptyFolder(flags.out);
  const attempts = await attemptAll(plan, flags, signal);
  const { cause, topology } = plan;
  show({
    schema: REPRODUCE_SCHEMA,
    cause,
    parties: topology.emails,
    settings: topology.settings,
    notes: topology.notes,
    attempts,
    not: null,
    next: nextFor(plan, attempts),
  });
  return code() ?? (attempts.some(({ match }) => match === 'same') ? EXIT.ok : EXIT.findings);
}

export function addReproduce(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('reproduce')
    .description('make again what a diagnosis names: the same parties, versions and volumes, and what may have broken them')
    .argument('<input>', 'a sandbox or any other input of analyze, or a diagnosis that analyze --format json saved')
    .option('--out <folder>', 'an empty folder for sandboxes and scenarios', 'reproduced')
    .option('--cause <rule>', 'another cause of the diagnosis than the first')
    .option('--tries <n>', 'tries of each candidate until one shows the same', numberIn('--tries', 1, MOST_TRIES), 2)
    .option('--parallel <n>', 'candidates at the same time', numberIn('--parallel', 1, MOST_AT_ONCE), 2)
    .option('--seed <number>', 'seed of everything that is left to chance', numberIn('--seed', 0, 2 ** 32 - 1), 1)
    .option('--quiet', 'no progress')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS), 'text')
    .addHelpText(
      'after',
      '\nExit code: 0 a candidate shows the same cause at the same place, 1 none does, 3 the lab cannot make this cause, 2 wrong use.',
    )
    .action(async (input: string, flags: ReproduceFlags) => done(await reproduce(input, flags)));
}

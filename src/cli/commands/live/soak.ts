import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { SoakRun, Witness } from '../../../live/soak.ts';
import type { Shrinkable } from '../../../live/soak-shrink.ts';
import type { Setup } from '../../../proxy/lab/setup.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { oneLine, print, visible } from '../../output.ts';
import { numberIn, oneOf, several } from './flags.ts';

const FORMATS = ['text', 'json'] as const;
const MOST_RUNS = 100_000;
const MOST_AT_ONCE = 64;
const MOST_SEED = 2 ** 31;
const MOST_MINUTES = 10_000;
/** Runs differ from each other by chance: a scenario fails if one of so many does. */
const TRIES = 3;

interface SoakFlags {
  runs: number;
  seed: number;
  clean?: boolean;
  scenario: string[];
  parallel: number;
  minutes: number;
  results?: string;
  out: string;
  keep?: string;
  judge?: string;
  shrink: boolean;
  quiet?: boolean;
  format: (typeof FORMATS)[number];
}

interface Job {
  readonly seed: number;
  readonly clean: boolean;
  readonly settings: string;
  /** Of a drawn scenario: what of it can be left out. */
  readonly parts: Shrinkable | null;
  readonly setup: Setup;
}

async function drawn(flags: SoakFlags): Promise<readonly Job[]> {
  const [{ soakPlan }, { settingsText }, { setupFrom }] = await Promise.all([
    import('../../../proxy/lab/soak-plan.ts'),
    import('../../../live/soak-shrink.ts'),
    import('../../../proxy/lab/setup.ts'),
  ]);
  return Array.from({ length: Math.trunc(flags.runs) }, (_, index) => {
    const { seed, clean, ...parts } = soakPlan(Math.trunc(flags.seed) + index, flags.clean === true);
    const settings = settingsText(parts);
    return { seed, clean, settings, parts, setup: setupFrom(settings) };
  });
}

/** Scenarios that were kept: they are judged as they are. */
async function kept(files: readonly string[]): Promise<readonly Job[]> {
  const [{ readScenario }, { setupOf }] = await Promise.all([
    import('../../../proxy/lab/scenario-file.ts'),
    import('../../../proxy/lab/scenarios.ts'),
  ]);
  return Promise.all(
    files.map(async (file) => {
      const scenario = await readScenario(file, '--scenario');
      const setup = setupOf(scenario);
      return { seed: setup.seed, clean: false, settings: `era=${setup.era} ${scenario.settings}`, parts: null, setup };
    }),
  );
}

/** Runs of an earlier call with the same file; a line that was cut is made again. */
function earlier(file: string | undefined): readonly SoakRun[] {
  if (file === undefined || !existsSync(file)) return [];
  const runs = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line, index) => {
      try {
        return [JSON.parse(line) as SoakRun];
      } catch {
        if (index === 0) throw new DoctorError('HLD_INPUT_UNREADABLE', { path: file, reason: 'line 1 is no JSON' });
        return [];
      }
    });
  if (runs.every((run) => Number.isInteger(run.seed) && typeof run.settings === 'string')) return runs;
  throw new DoctorError('HLD_INPUT_UNREADABLE', { path: file, reason: 'it holds no results of live soak' });
}

class Campaign {
  private readonly flags: SoakFlags;
  private readonly folder: string;
  private readonly signal: AbortSignal;
  private made = 0;

  constructor(flags: SoakFlags, folder: string, signal: AbortSignal) {
    this.flags = flags;
    this.folder = folder;
    this.signal = signal;
  }

  say(line: string): void {
    if (this.flags.quiet !== true && !this.signal.aborted) process.stderr.write(`${oneLine(line)}\n`);
  }

  /** Makes a run and judges it; the sandbox of one that fails is kept, with `keepAs`. */
  async run(job: Job, keepAs: string | null): Promise<SoakRun> {
    const [{ makeRun }, { isFailure, soakRun }] = await Promise.all([import('./lab-runs.ts'), import('../../../live/soak.ts')]);
    const folder = join(this.folder, String(this.made++));
    const { result, diagnosis, seconds, problem, sandbox } = await makeRun(job.setup, folder, this.signal);
    const run = soakRun(job, { witness: result, diagnosis, seconds, problem });
    if (keepAs !== null && isFailure(run)) keepAt(join(this.flags.out, keepAs), { job, sandbox, witness: result });
    if (keepAs !== null && this.flags.keep !== undefined) keepAt(join(this.flags.keep, keepAs), { job, sandbox, witness: result });
    rmSync(folder, { recursive: true, force: true });
    return run;
  }

  /** The shortest scenario that fails like `failed`, as a file beside its sandbox. */
  async shrink(job: Job, failed: SoakRun): Promise<string> {
    const [{ settingsText, shrink }, { setupFrom }, { scenarioText }] = await Promise.all([
      import('../../../live/soak-shrink.ts'),
      import('../../../proxy/lab/setup.ts'),
      import('../../../proxy/lab/scenario-file.ts'),
    ]);
    let last = failed;
    const small = await shrink(job.parts ?? { frame: [job.settings], steps: [] }, async (settings) => {
      const setup = readable(() => setupFrom(settings));
      if (setup === undefined) return false;
      for (let tried = 0; tried < TRIES && !this.signal.aborted; tried++) {
        const run = await this.run({ ...job, settings, setup }, null);
        if (run.outcome !== failed.outcome) continue;
        last = run;
        this.say(`seed ${job.seed}: still ${run.outcome} with ${settings}`);
        return true;
      }
      return false;
    });
    const file = join(this.flags.out, nameOf(job), 'scenario.json');
    const [cause = 'none', where = 'run'] = (last.cause ?? '').split(' ');
    const name = `soak-${nameOf(job)}`;
    const expects = { cause, where, completes: last.truth === 'whole' };
    const shows = `${last.outcome}: ${last.note ?? ''}`;
    mkdirSync(join(this.flags.out, nameOf(job)), { recursive: true });
    writeFileSync(file, scenarioText({ name, shows, failures: '', eras: ['E6'], settings: settingsText(small), expects, cure: null }));
    return file;
  }
}

/** What `--judge` needs to judge a run again. */
const WITNESS = 'witness.json';

interface KeptRun {
  readonly job: Pick<Job, 'seed' | 'clean' | 'settings'>;
  readonly sandbox: string;
  readonly witness: Witness | null;
}

function keepAt(folder: string, { job, sandbox, witness }: KeptRun): void {
  if (witness === null) return;
  rmSync(folder, { recursive: true, force: true });
  cpSync(sandbox, join(folder, 'sandbox'), { recursive: true });
  const { seed, clean, settings } = job;
  const { completed, streams } = witness;
  writeFileSync(join(folder, WITNESS), `${JSON.stringify({ seed, clean, settings, completed, streams }, null, 2)}\n`);
}

/** Runs that were kept, judged by this version of the doctor. */
async function judgedAgain(folder: string, flags: SoakFlags): Promise<readonly SoakRun[]> {
  const [{ analyzed, inParallel, interruptible }, { soakRun }] = await Promise.all([
    import('./lab-runs.ts'),
    import('../../../live/soak.ts'),
  ]);
  if (!existsSync(folder)) throw new DoctorError('HLD_INPUT_NO_SUCH_PATH', { path: folder });
  const { signal } = interruptible();
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, WITNESS)));
  const runs = await inParallel(
    names.map((name) => async () => {
      const kept = JSON.parse(readFileSync(join(folder, name, WITNESS), 'utf8')) as KeptRun['job'] & Witness;
      const diagnosis = await analyzed(join(folder, name, 'sandbox'), signal);
      return soakRun(
        { seed: kept.seed, clean: kept.clean, settings: kept.settings },
        { witness: kept, diagnosis, seconds: 0, problem: null },
      );
    }),
    Math.trunc(flags.parallel),
    signal,
  );
  return runs.filter((run) => run !== undefined).toSorted((a, b) => Number(a.clean) - Number(b.clean) || a.seed - b.seed);
}

function nameOf({ seed, clean }: Pick<Job, 'seed' | 'clean'>): string {
  return `${clean ? 'clean-' : ''}${seed}`;
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

async function soak(flags: SoakFlags): Promise<ExitCode> {
  const [runs, { isFailure, runText, soakResult, soakText }] = await Promise.all([
    import('./lab-runs.ts'),
    import('../../../live/soak.ts'),
  ]);
  if (flags.judge !== undefined) {
    const judged = await judgedAgain(flags.judge, flags);
    if (flags.results !== undefined) writeFileSync(flags.results, judged.map((run) => `${JSON.stringify(run)}\n`).join(''));
    const result = soakResult(judged);
    print(flags.format === 'json' ? JSON.stringify(result, null, 2) : visible(soakText(result)));
    return exitOf(result.failures.length, result.runs);
  }
  const jobs = flags.scenario.length > 0 ? await kept(flags.scenario) : await drawn(flags);
  const before = earlier(flags.results);
  const keyOf = ({ clean, settings }: Pick<SoakRun, 'clean' | 'settings'>): string => `${clean} ${settings}`;
  const known = new Set(before.filter(({ outcome }) => outcome !== 'not-made').map(keyOf));
  const due = jobs.filter((job) => !known.has(keyOf(job)));
  const { signal, code } = runs.interruptible();
  const scratch = runs.scratchFolder();
  const campaign = new Campaign(flags, scratch.path, signal);
  const until = performance.now() + flags.minutes * 60_000;
  let finished = 0;
  const one = async (job: Job): Promise<SoakRun | undefined> => {
    if (performance.now() > until) return undefined;
    const run = await campaign.run(job, nameOf(job));
    if (signal.aborted) return undefined;
    campaign.say(`${++finished}/${due.length}  ${runText(run)} (${run.seconds} s)`);
    if (flags.results !== undefined) appendFileSync(flags.results, `${JSON.stringify(run)}\n`);
    return run;
  };
  try {
    const made = await runs.inParallel(
      due.map((job) => async () => one(job)),
      Math.trunc(flags.parallel),
      signal,
    );
    const fresh = made.filter((run) => run !== undefined);
    const shrunk: string[] = [];
    for (const [index, run] of made.entries()) {
      const job = due[index];
      if (run === undefined || job === undefined || !flags.shrink || !isFailure(run) || signal.aborted) continue;
      shrunk.push(await campaign.shrink(job, run));
    }
    const wanted = new Set(jobs.map(keyOf));
    const result = soakResult([...before.filter((run) => wanted.has(keyOf(run)) && known.has(keyOf(run))), ...fresh]);
    print(flags.format === 'json' ? JSON.stringify({ ...result, shrunk }, null, 2) : visible(soakText(result) + nextText(shrunk)));
    return code() ?? exitOf(result.failures.length, result.runs);
  } finally {
    scratch.remove();
  }
}

function nextText(shrunk: readonly string[]): string {
  return shrunk.map((file) => `Next: hotlink-doctor live soak --scenario ${file}\n`).join('');
}

function exitOf(failures: number, runs: number): ExitCode {
  if (failures > 0) return EXIT.findings;
  return runs === 0 ? EXIT.inconclusive : EXIT.ok;
}

export function addSoak(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('soak')
    .description('make runs with faults drawn from a seed, and hold each diagnosis against what the programs themselves saw')
    .option('--runs <n>', 'how many', numberIn('--runs', 1, MOST_RUNS), 20)
    .option('--seed <number>', 'seed of the first run; the next has the next', numberIn('--seed', 0, MOST_SEED), 1)
    .option('--clean', 'break nothing: whatever is alarming then is a false alarm')
    .option('--scenario <file>', 'a scenario that soak kept, in place of drawn ones; may be repeated', several, [])
    .option('--parallel <n>', 'runs at the same time', numberIn('--parallel', 1, MOST_AT_ONCE), 4)
    .option('--minutes <n>', 'begin no run after so many minutes', numberIn('--minutes', 0, MOST_MINUTES), MOST_MINUTES)
    .option('--results <file>', 'append a line per run to this file; runs that are in it are not made again (--judge writes it anew)')
    .option('--out <folder>', 'where sandboxes and shortest scenarios of failures go', 'soak-failures')
    .option('--keep <folder>', 'keep the sandbox of every run here, with what its programs saw')
    .option('--judge <folder>', 'make no runs: judge those that were kept there by this version')
    .option('--no-shrink', 'keep failures as they are')
    .option('--quiet', 'no progress')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS), 'text')
    .addHelpText('after', '\nExit code: 0 no failure, 1 a false all-clear, alarm or figure, 3 no run could be made, 2 wrong use.')
    .action(async (flags: SoakFlags) => done(await soak(flags)));
}

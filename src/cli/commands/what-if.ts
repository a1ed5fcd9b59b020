import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import type { Plan } from '../../live/reproduce.ts';
import type { Claim } from '../../live/verify.ts';
import type { Answered, Trial, WhatIfResult } from '../../live/what-if.ts';
import type { Change, Changes } from '../../proxy/lab/changes.ts';
import type { Scenario } from '../../proxy/lab/scenarios.ts';
import type { Setup } from '../../proxy/lab/setup.ts';
import { choices } from '../../util/suggest.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { oneLine, print, visible } from '../output.ts';
import { numberIn, oneOf } from './live/flags.ts';
import { diagnosisOf, emptyFolder, scenarioOf } from './live/reproduce.ts';

const FORMATS = ['text', 'json', 'markdown'] as const;
const MOST_RUNS = 1000;
const MOST_AT_ONCE = 64;
/** Of each candidate until one shows the same. */
const TRIES = 2;

interface WhatIfFlags {
  runs: number;
  only?: string;
  parallel: number;
  seed: number;
  cause?: string;
  out?: string;
  quiet?: boolean;
  format: (typeof FORMATS)[number];
}

/** A scenario of the lab that fails like the run. */
interface Found {
  readonly scenario: Scenario;
  readonly setup: Setup;
  readonly claim: Claim;
}

/** Runs of the lab, each in a folder that nobody keeps. */
class Trials {
  private readonly flags: WhatIfFlags;
  private readonly folder: string;
  private readonly signal: AbortSignal;
  private made = 0;

  constructor(flags: WhatIfFlags, folder: string, signal: AbortSignal) {
    this.flags = flags;
    this.folder = folder;
    this.signal = signal;
  }

  say(line: string): void {
    if (this.flags.quiet !== true && !this.signal.aborted) process.stderr.write(`${oneLine(line)}\n`);
  }

  async run(setup: Setup): Promise<{ readonly trial: Trial; readonly made: MadeRun }> {
    const [{ makeRun }, { causesOf }] = await Promise.all([import('./live/lab-runs.ts'), import('../../live/fingerprint.ts')]);
    const folder = join(this.folder, String(this.made++));
    const made = await makeRun(setup, folder, this.signal);
    rmSync(folder, { recursive: true, force: true });
    const { result, diagnosis, seconds, problem } = made;
    const trial: Trial = {
      seed: setup.seed,
      completed: result?.completed === true,
      verdict: diagnosis?.verdict ?? null,
      causes: diagnosis === null ? [] : causesOf(diagnosis),
      received: (result?.streams ?? []).reduce((sum, stream) => sum + stream.received, 0),
      seconds,
      kept: null,
      problem,
    };
    return { trial, made };
  }

  /** Runs number `from` to `to`, each with a seed of its own; the same numbers have the same seeds with every change. */
  jobs(setup: Setup, from: number, to: number): readonly (() => Promise<Trial>)[] {
    return Array.from(
      { length: Math.max(0, to - from + 1) },
      (_, i) => async () => (await this.run({ ...setup, seed: (this.flags.seed + from + i) >>> 0 })).trial,
    );
  }

  async all(jobs: readonly (() => Promise<Trial>)[]): Promise<readonly Trial[]> {
    const { inParallel } = await import('./live/lab-runs.ts');
    const trials = await inParallel(jobs, Math.trunc(this.flags.parallel), this.signal);
    return trials.filter((trial) => trial !== undefined && trial.problem !== 'interrupted') as readonly Trial[];
  }
}

type MadeRun = Awaited<ReturnType<typeof import('./live/lab-runs.ts').makeRun>>;

/** The first candidate that shows the same cause at the same place. */
async function reproduced(plan: Plan, trials: Trials, flags: WhatIfFlags, signal: AbortSignal): Promise<Found | undefined> {
  const [{ matchOf }, { setupOf }, { causesOf }] = await Promise.all([
    import('../../live/reproduce.ts'),
    import('../../proxy/lab/scenarios.ts'),
    import('../../live/fingerprint.ts'),
  ]);
  for (const attempt of plan.attempts) {
    for (let tried = 0; tried < TRIES && !signal.aborted; tried++) {
      const setup = setupOf(scenarioOf(plan, attempt, false));
      const { trial, made } = await trials.run({ ...setup, seed: (flags.seed + tried) >>> 0 });
      const match = matchOf(plan, made.diagnosis);
      trials.say(`${attempt.says}: ${trial.problem ?? match}`);
      const cause = made.diagnosis === null ? undefined : causesOf(made.diagnosis)[0];
      if (match !== 'same' || cause === undefined) continue;
      // Of a symptom, what is behind it in the lab is to be cured.
      const claim = { cause: plan.isSymptom ? cause.rule : plan.cause.rule, completes: trial.completed };
      return { scenario: scenarioOf(plan, attempt, trial.completed), setup, claim };
    }
  }
  return undefined;
}

/** Those that the user wants: by their name, what stands before its `=`, or their kind. */
function chosen({ changes, alreadySo }: Changes, only: string | undefined): Changes {
  if (only === undefined) return { changes, alreadySo };
  const words = only.split(',').map((word) => word.trim());
  const fits = (name: string, word: string): boolean => name === word || name.split('=')[0] === word || name.split('=')[1] === word;
  for (const word of words) {
    if (changes.some(({ name, kind }) => fits(name, word) || kind === word) || alreadySo.some((name) => fits(name, word))) continue;
    const known = [...new Set([...changes.map(({ name }) => name), ...alreadySo].flatMap((name) => [name.split('=')[0] ?? name]))];
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--only', value: word, expected: choices(word, known) });
  }
  return {
    changes: changes.filter(({ name, kind }) => kind === 'control' || words.some((word) => fits(name, word) || kind === word)),
    alreadySo: alreadySo.filter((name) => words.some((word) => fits(name, word))),
  };
}

async function experiments(
  { setup, claim }: Found,
  changes: readonly Change[],
  trials: Trials,
  runs: number,
): Promise<{ readonly before: readonly Trial[]; readonly answers: readonly Answered[] }> {
  const { answer, FIRST_RUNS, mayCure, ranked } = await import('../../live/what-if.ts');
  const first = Math.min(FIRST_RUNS, runs);
  const share = (all: readonly Trial[], sizes: readonly number[]): readonly (readonly Trial[])[] => {
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, n) => sum + n, 0));
    return sizes.map((n, i) => all.slice(starts[i], (starts[i] ?? 0) + n));
  };
  const before = await trials.all(trials.jobs(setup, 1, runs));
  trials.say(`as it is: ${before.filter((trial) => !mayCure([trial], claim)).length} of ${before.length} runs fail`);
  const screened = share(
    await trials.all(changes.flatMap((change) => trials.jobs(change.setup, 1, first))),
    changes.map(() => first),
  );
  const sizes = changes.map((_, i) => (mayCure(screened[i] ?? [], claim) ? runs - first : 0));
  trials.say(`${changes.length} changes, ${sizes.filter((n) => n > 0).length} of which may be cures`);
  const more = share(
    await trials.all(changes.flatMap((change, i) => trials.jobs(change.setup, first + 1, first + (sizes[i] ?? 0)))),
    sizes,
  );
  const answers = changes.map(({ name, kind, says, settings }, i) =>
    answer({ name, kind, says, settings }, claim, before, [...(screened[i] ?? []), ...(more[i] ?? [])]),
  );
  return { before, answers: ranked(answers) };
}

async function whatIf(input: string, flags: WhatIfFlags): Promise<ExitCode> {
  const [{ interruptible, scratchFolder }, { planFor }, { changesTo }, { DEFAULT_SETUP }, { answer, WHAT_IF_SCHEMA }] = await Promise.all([
    import('./live/lab-runs.ts'),
    import('../../live/reproduce.ts'),
    import('../../proxy/lab/changes.ts'),
    import('../../proxy/lab/setup.ts'),
    import('../../live/what-if.ts'),
  ]);
  // Names are the same for every run: what is not known is refused before any is made.
  chosen(changesTo(DEFAULT_SETUP), flags.only);
  const { signal, code } = interruptible();
  const plan = planFor(await diagnosisOf(input, signal), flags.cause);
  const empty = { schema: WHAT_IF_SCHEMA, confidence: 0.95, before: null, answers: [], alreadySo: [], next: null } as const;
  if ('not' in plan) {
    await show({ ...empty, cause: plan.cause, parties: [], settings: '', notes: [], not: plan.not }, flags);
    return EXIT.inconclusive;
  }
  if (flags.out !== undefined) emptyFolder(flags.out);
  const { cause, topology } = plan;
  const told = { cause, parties: topology.emails, notes: topology.notes };
  const scratch = scratchFolder();
  try {
    const trials = new Trials(flags, scratch.path, signal);
    const found = await reproduced(plan, trials, flags, signal);
    if (found === undefined) {
      const tried = plan.attempts.map(({ says }) => says).join('; ');
      await show({ ...empty, ...told, settings: topology.settings, not: `none of what live can do shows it (tried: ${tried})` }, flags);
      return code() ?? EXIT.inconclusive;
    }
    const { changes, alreadySo } = chosen(changesTo(found.setup), flags.only);
    const { before, answers } = await experiments(found, changes, trials, Math.trunc(flags.runs));
    if (signal.aborted) return code() ?? EXIT.interrupted;
    // Runs as they are, held against themselves: the same counts.
    const { done, failed, shown, rate } = answer({ name: '', kind: '', says: '', settings: '' }, found.claim, before, before);
    const { settings } = found.scenario;
    const file = flags.out === undefined ? null : await keepScenario(found.scenario, flags.out);
    const next = nextFor(file, answers);
    await show({ ...empty, ...told, settings, before: { done, failed, shown, rate }, answers, alreadySo, not: null, next }, flags);
    return code() ?? (answers.some((one) => one.answer === 'cured' && one.kind !== 'control') ? EXIT.ok : EXIT.findings);
  } finally {
    scratch.remove();
  }
}

async function keepScenario(scenario: Scenario, folder: string): Promise<string> {
  const { scenarioText } = await import('../../proxy/lab/scenario-file.ts');
  const file = join(folder, 'scenario.json');
  writeFileSync(file, scenarioText(scenario));
  return file;
}

function nextFor(file: string | null, answers: readonly Answered[]): string | null {
  const cure = answers.find((one) => one.answer === 'cured' && one.kind !== 'control');
  if (cure === undefined) return null;
  if (file === null)
    return `the same with --out FOLDER keeps the scenario for hotlink-doctor live verify FOLDER/scenario.json --after '${cure.settings}'`;
  return `hotlink-doctor live verify ${file} --after '${cure.settings}' --runs 20`;
}

async function show(result: WhatIfResult, flags: WhatIfFlags): Promise<void> {
  const { whatIfMarkdown, whatIfText } = await import('../../live/what-if.ts');
  if (flags.format === 'json') print(JSON.stringify(result, null, 2));
  else print(visible(flags.format === 'markdown' ? whatIfMarkdown(result) : whatIfText(result)));
}

export function addWhatIf(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('what-if')
    .description('try each version, patch, switch and relay on a run of live that fails alike: which would have cured it')
    .argument('<input>', 'a sandbox or any other input of analyze, or a diagnosis that analyze --format json saved')
    .option('--runs <n>', 'runs as it is, and of each change that may be a cure', numberIn('--runs', 1, MOST_RUNS), 10)
    .option('--only <changes>', 'with commas between: a kind (era, patch, switch, relay), a name (adoption) or one value (era=E5b,patch=E)')
    .option('--parallel <n>', 'runs at the same time', numberIn('--parallel', 1, MOST_AT_ONCE), 4)
    .option('--seed <number>', 'the runs have the seeds after this one', numberIn('--seed', 0, 2 ** 32 - 1), 0)
    .option('--cause <rule>', 'another cause of the diagnosis than the first')
    .option('--out <folder>', 'keep the scenario that fails alike in this empty folder, for live verify')
    .option('--quiet', 'no progress')
    .option('--format <format>', 'text, json or markdown', oneOf('--format', FORMATS), 'text')
    .addHelpText('after', '\nExit code: 0 a change cures it, 1 none does, 3 live cannot make the run fail alike, 2 wrong use.')
    .action(async (input: string, flags: WhatIfFlags) => done(await whatIf(input, flags)));
}

import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import { choices } from '../../../util/suggest.ts';
import type { CellRun, MatrixResult } from '../../../live/matrix.ts';
import type { Cell, MatrixScenario } from '../../../live/matrix-plan.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { oneLine, print, visible } from '../../output.ts';
import { numberIn, oneOf, TRANSPORTS, type Transport } from './flags.ts';

const FORMATS = ['text', 'json', 'markdown'] as const;
const MOST_RUNS = 1000;
const MOST_AT_ONCE = 64;
const MOST_MINUTES = 10_000;
const LAYOUTS = ['2', '3', '4'] as const;

interface MatrixFlags {
  behaviours: readonly string[];
  faults: readonly string[];
  layouts: readonly (typeof LAYOUTS)[number][];
  transports: readonly Transport[];
  runs: number;
  parallel: number;
  minutes: number;
  resume?: string;
  small?: boolean;
  plan?: boolean;
  quiet?: boolean;
  format: (typeof FORMATS)[number];
}

function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function listOf<T extends string>(option: string, known: readonly T[]): (value: string) => readonly T[] {
  return (value) => list(value).map(oneOf(option, known));
}

/** Cells of an earlier call with the same file; a line that was cut is made again. */
function earlier(file: string | undefined): readonly CellRun[] {
  if (file === undefined || !existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  const runs = lines.flatMap((line, index): readonly CellRun[] => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as CellRun];
    } catch {
      if (index === 0) throw new DoctorError('HLD_INPUT_UNREADABLE', { path: file, reason: 'line 1 is no JSON' });
      return [];
    }
  });
  if (runs.every((run) => typeof run.id === 'string' && Array.isArray(run.found))) return runs;
  throw new DoctorError('HLD_INPUT_UNREADABLE', { path: file, reason: 'it holds no results of live matrix' });
}

async function planned(flags: MatrixFlags, scenarios: readonly MatrixScenario[]): Promise<readonly Cell[]> {
  const [{ matrixFaults, NO_FAULT, planMatrix }, { parseClient }] = await Promise.all([
    import('../../../live/matrix-plan.ts'),
    import('../../../proxy/party/switches.ts'),
  ]);
  const names = [...matrixFaults(scenarios).map(({ name }) => name), NO_FAULT];
  for (const value of flags.faults)
    if (!names.includes(value))
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--faults', value, expected: choices(value, names) });
  for (const value of flags.behaviours) parseClient(value);
  return planMatrix(scenarios, {
    faults: flags.faults,
    behaviours: flags.behaviours,
    layouts: flags.layouts.map(Number),
    transports: flags.transports,
    runs: Math.trunc(flags.runs),
    small: flags.small === true,
  });
}

async function matrix(flags: MatrixFlags): Promise<ExitCode> {
  const [{ SCENARIOS }, { gradeMatrix }, { matrixFaults }, texts] = await Promise.all([
    import('../../../proxy/lab/scenarios.ts'),
    import('../../../live/matrix.ts'),
    import('../../../live/matrix-plan.ts'),
    import('../../../live/matrix-text.ts'),
  ]);
  const cells = await planned(flags, SCENARIOS);
  if (flags.plan === true) {
    print(flags.format === 'json' ? JSON.stringify(cells, null, 2) : `${cells.map(({ id }) => id).join('\n')}\n`);
    return EXIT.ok;
  }
  const before = new Map(
    earlier(flags.resume)
      .filter(({ problem }) => problem === undefined)
      .map((run) => [run.id, run]),
  );
  const { made, code } = await make(
    cells.filter(({ id }) => !before.has(id)),
    flags,
  );
  const results = cells.flatMap(({ id }) => before.get(id) ?? made.get(id) ?? []);
  const result = gradeMatrix(results, matrixFaults(SCENARIOS));
  const left = cells.length - results.length;
  if (left > 0) process.stderr.write(`${left} of ${cells.length} cells are not made yet\n`);
  const text = {
    text: () => texts.matrixText(result),
    markdown: () => texts.matrixMarkdown(result),
    json: () => JSON.stringify(result, null, 2),
  };
  print(flags.format === 'json' ? text.json() : visible(text[flags.format]()));
  return code ?? exitOf(result, left);
}

async function make(due: readonly Cell[], flags: MatrixFlags): Promise<{ made: ReadonlyMap<string, CellRun>; code: ExitCode | undefined }> {
  const [runs, { runOf }, { setupFrom }] = await Promise.all([
    import('./lab-runs.ts'),
    import('../../../live/matrix.ts'),
    import('../../../proxy/lab/setup.ts'),
  ]);
  const { signal, code } = runs.interruptible();
  const scratch = runs.scratchFolder();
  const made = new Map<string, CellRun>();
  const until = performance.now() + flags.minutes * 60_000;
  const one = async (cell: Cell, index: number): Promise<void> => {
    if (performance.now() > until) return;
    const folder = join(scratch.path, String(index));
    const { result, diagnosis, seconds, problem } = await runs.makeRun(setupFrom(cell.settings), folder, signal);
    rmSync(folder, { recursive: true, force: true });
    if (signal.aborted) return;
    const run = runOf(cell, { completed: result?.completed === true, diagnosis, problem });
    made.set(cell.id, run);
    if (flags.resume !== undefined) appendFileSync(flags.resume, `${JSON.stringify(run)}\n`);
    if (flags.quiet !== true)
      process.stderr.write(
        oneLine(`${made.size}/${due.length}  ${cell.id}: ${run.problem ?? run.cause ?? 'no cause'} (${seconds} s)`) + '\n',
      );
  };
  try {
    await runs.inParallel(
      due.map((cell, index) => async () => one(cell, index)),
      Math.trunc(flags.parallel),
      signal,
    );
  } finally {
    scratch.remove();
  }
  return { made, code: code() };
}

function exitOf({ meets, notMade, falseAllClears, runs }: MatrixResult, left: number): ExitCode {
  if (!meets || falseAllClears.length > 0) return EXIT.findings;
  return notMade.length > 0 || left > 0 || runs === 0 ? EXIT.inconclusive : EXIT.ok;
}

export function addMatrix(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('matrix')
    .description('make every fault in every version that shows it, and grade each rule by what it found: precision and recall')
    .option(
      '--behaviours <eras>',
      'versions, commas between, with patches and switches: E3,E3+C,E6/reconnect=keep (those that a fault claims)',
      list,
      [],
    )
    .option('--faults <names>', 'scenarios and faults, commas between; none: clean runs (all)', list, [])
    .option('--layouts <parties>', '2, 3, 4 parties, commas between', listOf('--layouts', LAYOUTS), LAYOUTS)
    .option('--transports <names>', 'websocket, webrtc, commas between', listOf('--transports', TRANSPORTS), TRANSPORTS)
    .option('--runs <n>', 'runs of each cell, each with a seed of its own', numberIn('--runs', 1, MOST_RUNS), 1)
    .option('--parallel <n>', 'runs at the same time', numberIn('--parallel', 1, MOST_AT_ONCE), 3)
    .option('--minutes <n>', 'begin no run after so many minutes', numberIn('--minutes', 0, MOST_MINUTES), MOST_MINUTES)
    .option('--resume <file>', 'append a line per cell to this file; cells that are in it are not made again')
    .option('--small', 'a handful of cheap cells, for a check')
    .option('--plan', 'make nothing: list the cells')
    .option('--quiet', 'no progress')
    .option('--format <format>', 'text, json or markdown', oneOf('--format', FORMATS), 'text')
    .addHelpText(
      'after',
      '\nExit code: 0 every rule has recall 1 and precision 0.98, 1 one has not or a stopped run passed, 3 cells could not be made, 2 wrong use.',
    )
    .action(async (flags: MatrixFlags) => done(await matrix(flags)));
}

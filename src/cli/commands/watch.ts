import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Until, Watched } from '../../live/watch.ts';
import type { WatchEvent, WatchView } from '../../model/watch.ts';
import { DoctorError } from '../../model/errors.ts';
import { choices } from '../../util/suggest.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { parseWidth } from '../layout.ts';
import { refuseInside, runningFolder } from '../live-folder.ts';
import { MIN_WIDTH, oneLine, print, reasonOf, terminalWidth, wantsColor } from '../output.ts';
import { Scratch } from '../scratch.ts';

const FORMATS = ['text', 'ndjson'] as const;
const MOST_SECONDS = 7 * 24 * 3600;
const DEFAULT_INTERVAL_S = 1;
const DEFAULT_RECORD = '1G';
const LEAST_RECORD_BYTES = 1024 * 1024;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
/** A screen is drawn no more often. */
const DRAW_MS = 200;

interface Options {
  format?: (typeof FORMATS)[number];
  record?: string;
  maxBytes: number;
  until: Until;
  interval: number;
  docker?: boolean;
  width?: number;
  ascii?: boolean;
  color?: boolean;
}

function refuse(option: string, value: string, expected: string): DoctorError {
  return new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected });
}

function parseFormat(value: string): (typeof FORMATS)[number] {
  const format = FORMATS.find((known) => known === value);
  if (format === undefined) throw refuse('--format', value, choices(value, FORMATS));
  return format;
}

function parseUntil(value: string, before: Until): Until {
  if (value === 'stalled') return { ...before, stalled: true };
  if (value === 'finished') return { ...before, finished: true };
  const seconds = Number(value);
  if (value.trim() === '' || !(seconds > 0 && seconds <= MOST_SECONDS))
    throw refuse('--until', value, `stalled, finished or seconds up to ${MOST_SECONDS}`);
  return { ...before, seconds: Math.min(seconds, before.seconds ?? Infinity) };
}

function parseInterval(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !(seconds >= 0.25 && seconds <= 3600)) throw refuse('--interval', value, 'seconds from 0.25 to 3600');
  return seconds;
}

/** `500M`, `2g`, plain bytes. */
function parseSize(option: string, least: number): (value: string) => number {
  return (value) => {
    const m = /^(\d{1,12}(?:\.\d{1,3})?)\s?([kmgt]?)(?:i?b)?$/i.exec(value.trim());
    const bytes = m === null ? NaN : Math.floor(Number(m[1]) * (UNITS[(m[2] ?? '').toLowerCase()] ?? NaN));
    if (!(bytes >= least)) throw refuse(option, value, `a size of ${least} bytes and more, such as 500M or 2G`);
    return bytes;
  };
}

async function openRecorder(
  root: string,
  folder: string | undefined,
  maxBytes: number,
  scratch: Scratch,
): Promise<import('../../live/record.ts').Recorder> {
  const [{ Recorder, isFree }, { prefixOf }] = await Promise.all([import('../../live/record.ts'), import('../../live/place.ts')]);
  const time = (): string => new Date().toISOString();
  if (folder === undefined)
    return new Recorder({ folder: join(scratch.folder(), 'watch'), prefix: prefixOf(root), maxBytes, logs: false, time });
  refuseInside('--record', folder, root);
  try {
    if (!isFree(folder)) throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: folder, reason: 'the folder is not empty' });
    return new Recorder({ folder: resolve(folder), prefix: prefixOf(root), maxBytes, logs: true, time });
  } catch (cause) {
    if (cause instanceof DoctorError) throw cause;
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: folder, reason: reasonOf(cause) }, { cause });
  }
}

interface Output {
  readonly say: (event: WatchEvent) => void;
  readonly show: (view: WatchView) => void;
  /** The last word, after the screen is gone. */
  readonly end: (watched: Watched, code: ExitCode) => void;
  readonly close: () => void;
}

function ndjsonOutput(): Output {
  return {
    say: (event) => print(JSON.stringify(event)),
    show: () => undefined,
    end: ({ why, view }, code) =>
      print(JSON.stringify({ t: new Date().toISOString(), kind: 'end', state: view.state, verdict: view.verdict, why, code })),
    close: () => undefined,
  };
}

async function screenOutput(sandbox: string, options: Options): Promise<Output> {
  const [{ FullScreen }, { renderScreen }] = await Promise.all([import('../full-screen.ts'), import('../../report/watch-screen.ts')]);
  const color = wantsColor(options.color, process.env, process.stdout.isTTY);
  const ascii = options.ascii === true;
  const screen = new FullScreen();
  let drawnMs = -Infinity;
  return {
    say: () => undefined,
    show: (view) => {
      if (performance.now() - drawnMs < DRAW_MS) return;
      drawnMs = performance.now();
      const { width, height } = screen.size;
      screen.draw(renderScreen(view, { width: options.width ?? width, height, color, ascii }));
    },
    end: ({ view }) => {
      screen.close();
      const width = terminalWidth(options.width ?? screen.size.width);
      print(renderScreen(view, { width, height: Infinity, color, ascii, brief: true }).join('\n'));
      if (view.record !== null)
        print(
          `record in ${oneLine(view.record.folder)}: ${view.record.bytes} bytes${view.record.stopped === null ? '' : `, ${view.record.stopped}`}`,
        );
      print(`Next: hotlink-doctor analyze ${oneLine(view.record?.folder ?? sandbox)}`);
    },
    close: () => screen.close(),
  };
}

function codeOf({ why, outcome }: Watched): ExitCode {
  if (why === 'interrupted') return EXIT.interrupted;
  return outcome === 'failed' ? EXIT.findings : outcome === 'done' ? EXIT.ok : EXIT.inconclusive;
}

async function watchSandbox(sandbox: string, options: Options): Promise<ExitCode> {
  const root = runningFolder(sandbox);
  const scratch = new Scratch();
  const stop = new AbortController();
  // The command line's own handler would end the process before anything is put away.
  process.removeAllListeners('SIGINT');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const isText = (options.format ?? (process.stdout.isTTY ? 'text' : 'ndjson')) === 'text' && process.stdout.isTTY;
  let output: Output | undefined;
  try {
    const recorder = await openRecorder(root, options.record, options.maxBytes, scratch);
    const { watch } = await import('../../live/watch.ts');
    output = isText ? await screenOutput(sandbox, options) : ndjsonOutput();
    const { folder } = recorder;
    const watched = await watch({
      root,
      sandbox: basename(root),
      recorder,
      input: (isWhole) => (options.record === undefined ? { input: root, also: [folder] } : { input: isWhole ? folder : root, also: [] }),
      recordFolder: options.record ?? null,
      judgeCommand: [process.execPath, process.argv[1] ?? '', 'watch-judge'],
      dockerCommand: options.docker === false ? undefined : 'docker',
      intervalMs: options.interval * 1000,
      until: options.until,
      clocks: { now: () => performance.now(), time: () => new Date().toISOString() },
      wall: () => Date.now(),
      signal: stop.signal,
      say: output.say,
      show: output.show,
    });
    const code = codeOf(watched);
    output.end(watched, code);
    return code;
  } finally {
    output?.close();
    scratch.remove();
  }
}

/** The same command in two places: `watch` and `live attach`. */
export function addWatch(program: Command, done: (code: ExitCode) => void, name = 'watch'): void {
  program
    .command(name)
    .description('follow a running sandbox: what moves, what stands still since when, and why')
    .argument('<sandbox>', 'directory of a running system')
    .option('--format <format>', 'text (a screen, on a terminal) or ndjson (a line of JSON per change, elsewhere)', parseFormat)
    .option('--until <what>', 'end when the run has stalled, when it has finished, or after so many seconds; may be repeated', parseUntil, {
      stalled: false,
      finished: false,
      seconds: undefined,
    })
    .option(
      '--interval <seconds>',
      'between two judgements at least; a slow one waits four times its own length',
      parseInterval,
      DEFAULT_INTERVAL_S,
    )
    .option('--record <dir>', 'keep every telemetry flush and every log before it is truncated, in a folder that analyze reads')
    .option(
      '--max-bytes <size>',
      'size of the record at most',
      parseSize('--max-bytes', LEAST_RECORD_BYTES),
      parseSize('--max-bytes', LEAST_RECORD_BYTES)(DEFAULT_RECORD),
    )
    .option('--no-docker', 'do not ask docker for the CPU of containers')
    .option('--width <columns>', `columns of the screen, at least ${MIN_WIDTH}`, parseWidth)
    .option('--ascii', 'plain ASCII on the screen')
    .option('--color', 'colour whatever the environment says')
    .option('--no-color', 'no colour')
    .action(async (sandbox: string, options: Options) => done(await watchSandbox(sandbox, options)));
}

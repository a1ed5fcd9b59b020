/** Runs of the built command for the two papers: made in a folder of their own, judged, and kept as lines that name no folder of this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DoctorError } from '../../src/model/errors.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'dist/cli/bin.js');
/** Where a run lies for the reader. */
export const RUN_FOLDER = './run';
/** More of a line is no help. */
const MOST_CHARACTERS = 260;
const ANSI = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'g');

export interface Line {
  /** Relative to the sandbox. */
  readonly source: string;
  /** Line of a log; null: the text is at a pointer of a JSON file, or nowhere. */
  readonly line: number | null;
  readonly text: string;
}

interface ProgramEnd {
  readonly email: string;
  readonly phase: string;
  readonly waitingFor: string | null;
}

export interface Judged {
  readonly sandbox: string;
  /** null: nothing was run, only read. */
  readonly completed: boolean | null;
  readonly programs: readonly ProgramEnd[];
  readonly diagnosis: Diagnosis;
}

/** Standard output of the built command. */
export async function command(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: ROOT });
  const [out, complaint]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (data: Buffer) => out.push(data));
  child.stderr.on('data', (data: Buffer) => complaint.push(data));
  await once(child, 'close');
  const text = Buffer.concat(out).toString('utf8');
  if (text === '') throw new Error(`${args.slice(0, 2).join(' ')}: ${Buffer.concat(complaint).toString('utf8').slice(0, 400)}`);
  return text;
}

/** What analyze says of an input. */
export async function analyze(input: string): Promise<Judged> {
  const diagnosis = JSON.parse(await command(['analyze', input, '--format', 'json', '--quiet'])) as Diagnosis;
  return { sandbox: input, completed: null, programs: [], diagnosis };
}

/** `live up` with these flags, judged; `use` reads what it wants of the sandbox, which is then gone. */
export async function liveRun<T>(flags: readonly string[], use: (judged: Judged) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-paper-'));
  const sandbox = join(folder, 'sandbox');
  try {
    const made = JSON.parse(await command(['live', 'up', sandbox, ...flags, '--format', 'json'])) as {
      completed: boolean;
      programs: readonly ProgramEnd[];
    };
    return await use({ ...(await analyze(sandbox)), completed: made.completed, programs: made.programs });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line as a page can have it: no colours, no folder of this machine, not endless. */
function shown(text: string, sandbox: string): string {
  const plain = text.replaceAll(ANSI, '').replaceAll(sandbox, RUN_FOLDER).trimEnd();
  return plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}…` : plain;
}

/** Evidence of the first finding of a rule, at most so many pieces. */
export function evidenceOf({ diagnosis, sandbox }: Judged, rule: string, most: number): readonly Line[] {
  const finding = diagnosis.causes.find((f) => f.rule === rule) ?? diagnosis.findings.find((f) => f.rule === rule);
  return (finding?.evidence ?? []).slice(0, most).map((e) => ({
    source: `${e.source ?? 'run'}${e.pointer === undefined ? '' : `#${e.pointer}`}`,
    line: e.line ?? null,
    text: `${e.absent === true ? 'absent: ' : ''}${shown(e.text, sandbox)}`,
  }));
}

/** The first lines of a log that match: of the relay, or of the party of that name. */
export function linesOf(sandbox: string, log: string, pattern: RegExp, most: number): readonly Line[] {
  const home = readdirSync(sandbox).find((name) => name.startsWith(`${log}@`));
  const source = log === 'relay' ? 'relay/server/logs/server.log' : `${home ?? log}/.syftbox/logs/syftbox.log`;
  if (!existsSync(join(sandbox, source))) return [];
  return readFileSync(join(sandbox, source), 'utf8')
    .split('\n')
    .map((text, at) => ({ source, line: at + 1, text: text.replaceAll(ANSI, '') }))
    .filter(({ text }) => pattern.test(text))
    .slice(0, most)
    .map((found) => ({ ...found, text: shown(found.text, sandbox) }));
}

/** Telemetry of a party, as its client wrote it last. */
export function telemetryOf(sandbox: string, party: string): Readonly<Record<string, unknown>> {
  const home = readdirSync(sandbox).find((name) => name === party || name.startsWith(`${party}@`)) ?? party;
  const file = join(sandbox, home, 'datasites', home, '.syftbox/hotlink_telemetry.json');
  const flat = join(sandbox, home, '.syftbox/hotlink_telemetry.json');
  const path = existsSync(file) ? file : flat;
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {};
}

/** A folder of the repository. */
export function inRepository(path: string): string {
  return join(ROOT, path);
}

/** Settings `key=value` as flags of `live up`. */
export function flagsOf(settings: string): readonly string[] {
  return settings
    .split(' ')
    .filter((one) => one !== '')
    .flatMap((one) => {
      const at = one.indexOf('=');
      const [key, value] = [one.slice(0, at), one.slice(at + 1)];
      if (at < 1) throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: 'settings', value: one, expected: 'KEY=VALUE' });
      const name = key === 'relay' ? 'relay-version' : key;
      if (value === 'on') return [`--${name}`];
      return value === 'off' ? [] : [`--${name}`, value];
    });
}

/** As a person types it. */
export function shellText(args: readonly string[]): string {
  return args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ');
}

/** Does all, so many at once, until there is no time left; those that fail are reported and left out. */
export async function inTurns(
  jobs: readonly { readonly name: string; readonly act: () => Promise<void> }[],
  atOnce: number,
  untilMs: number,
): Promise<number> {
  let [next, done] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let job = jobs[next++]; job !== undefined && Date.now() < untilMs; job = jobs[next++]) {
      try {
        await job.act();
      } catch (error) {
        process.stderr.write(`${job.name}: ${error instanceof Error ? error.message : String(error)}\n`);
        continue;
      }
      process.stderr.write(`${++done}/${jobs.length} ${job.name}\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}

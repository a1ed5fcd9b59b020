/**
 * Freezes the evidence of a running system, the most perishable first: telemetry, then logs to their end, then markers and access lists, meanwhile processes,
 * sockets and containers; then it goes on following for some seconds, so that there is a series that tells standing still from moving.
 *
 * Everything goes into a plain folder first, which is already what `analyze` reads: killing the system, or this program, a second later loses nothing
 * of it. The archive is made of that folder at the end, and the folder is then removed.
 */
import { closeSync, mkdirSync, mkdtempSync, readSync, rmSync, statSync, writeSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { discover, type FoundFile } from '../ingest/discover.ts';
import { lookAt, type Seen } from '../ingest/look.ts';
import { maskPath } from '../ingest/mask.ts';
import { openPlain } from '../ingest/open-plain.ts';
import { runOfContainer } from '../ingest/files/docker.ts';
import { askContainers, askDocker, namesOf } from './docker.ts';
import { Follower, POLL_MS } from './follow.ts';
import { processes, sockets, systemFacts } from './machine.ts';
import { pack, sha256Of } from './pack.ts';
import { prefixOf } from './place.ts';
import { Recorder } from './record.ts';

/** An archive that lies in the sandbox may hold logs; a larger one is left where it is. */
const MOST_ARCHIVE_BYTES = 256 * 1024 * 1024;
/** With `all`: files that are not known, as large as `analyze` would look into. */
const MOST_OTHER_BYTES = 16 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;

export interface CollectOptions {
  readonly root: string;
  readonly output: string;
  /** Where the folder lies while it is filled: not inside the sandbox. */
  readonly parent: string;
  readonly seconds: number;
  /** undefined: where docker answers, the containers of runs. true: all containers. false: none. */
  readonly docker: boolean | undefined;
  /** Also files that are not recognised. */
  readonly all: boolean;
  /** Of the doctor, and of Node. */
  readonly version: string;
  readonly nodeVersion: string;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly wall: () => number;
  readonly time: () => string;
  /** Told each step, with the folder that holds what is there so far. */
  readonly say: (step: string, folder: string) => void;
}

interface LeftOut {
  readonly path: string;
  readonly bytes: number;
  readonly why: string;
}

export interface Collected {
  readonly files: number;
  readonly bytes: number;
  readonly archiveBytes: number;
  readonly flushes: number;
  readonly leftOut: readonly LeftOut[];
  readonly problems: readonly string[];
  readonly interrupted: boolean;
}

export async function collect(options: CollectOptions): Promise<Collected> {
  mkdirSync(options.parent, { recursive: true });
  const stage = mkdtempSync(join(options.parent, `${basename(options.output)}.partial-`));
  const collection = new Collection(options, stage);
  const collected = await collection.take();
  rmSync(stage, { recursive: true, force: true });
  return collected;
}

class Collection {
  private readonly o: CollectOptions;
  private readonly stage: string;
  private readonly top: string;
  private readonly folder: string;
  private readonly prefix: string;
  private readonly recorder: Recorder;
  private readonly follower: Follower;
  private readonly problems: string[] = [];

  constructor(options: CollectOptions, stage: string) {
    this.o = options;
    this.stage = stage;
    const prefix = prefixOf(options.root);
    const [first = ''] = prefix.split('/');
    this.top = first === '' ? basename(options.root) || 'sandbox' : first;
    this.folder = join(stage, this.top);
    // The party's address is the top folder itself.
    this.prefix = prefix.split('/').slice(1).join('/');
    const { time, now, wall } = options;
    this.recorder = new Recorder({ folder: this.folder, prefix: this.prefix, maxBytes: Infinity, logs: true, time });
    this.follower = new Follower(options.root, this.recorder, now, wall);
  }

  async take(): Promise<Collected> {
    const { o } = this;
    const startedAt = o.time();
    const endAt = o.now() + o.seconds * 1000;
    o.say('telemetry, logs, markers', this.folder);
    // Started first, read later: they ask other programs.
    const machine = this.machine();
    while (this.follower.poll().behind);
    o.say(o.seconds > 0 ? `telemetry for ${o.seconds} s` : 'the rest', this.folder);
    const leftOut = this.others();
    while (!o.signal.aborted && o.now() < endAt) {
      await delay(Math.min(POLL_MS, Math.max(1, endAt - o.now())), undefined, { signal: o.signal }).catch(() => undefined);
      while (this.follower.poll().behind);
    }
    while (this.follower.poll(true).behind);
    this.follower.close();
    await machine;
    if (this.recorder.stopped !== undefined) this.problems.push(`the folder could not be written any more (${this.recorder.reason})`);
    const left = [...leftOut, ...this.missing(leftOut)];
    o.say('archive', this.folder);
    const { files, bytes, flushes } = await this.manifest(startedAt, left);
    await pack(this.stage, this.top, o.output);
    const archiveBytes = statSync(o.output).size;
    return { files, bytes, archiveBytes, flushes, leftOut: left, problems: this.problems, interrupted: o.signal.aborted };
  }

  // ---- beside the files

  /** Processes, sockets, the system and containers, at the same time. */
  private async machine(): Promise<void> {
    const { root } = this.o;
    const name = basename(root);
    const [ps, ss] = await Promise.all([processes((args) => args.includes(root) || args.includes(`/${name}/`)), sockets(), this.docker()]);
    for (const [file, taken] of [
      ['processes.txt', ps],
      ['sockets.txt', ss],
    ] as const) {
      if (taken.text === undefined) this.problems.push(taken.problem);
      else this.recorder.own(file, taken.text);
    }
    this.recorder.own(
      'system.json',
      `${JSON.stringify({ version: this.o.version, node: this.o.nodeVersion, time: this.o.time(), ...systemFacts(root) }, null, 2)}\n`,
    );
  }

  private async docker(): Promise<void> {
    const { docker, signal } = this.o;
    if (docker === false) return;
    const answer = await askDocker('docker', signal);
    if (!('ps' in answer)) {
      // Without docker there are no containers to miss; one that does not answer may have some.
      if (!answer.isMissing || docker === true) this.problems.push(`docker: ${answer.problem}`);
      return;
    }
    const { ps, stats } = answer;
    if (ps.length > 0) this.recorder.own('docker-ps.jsonl', `${ps.join('\n')}\n`);
    if (stats.length > 0) this.recorder.own('docker-stats.jsonl', `${stats.join('\n')}\n`);
    const wanted = namesOf(ps).filter((one) => one !== '' && !one.startsWith('-') && (docker === true || runOfContainer(one).run !== null));
    const { inspect, logs } = await askContainers('docker', wanted, signal);
    if (inspect !== undefined && wanted.length > 0) this.recorder.own('docker-inspect.json', `${inspect}\n`);
    for (const { name, text } of logs) this.recorder.own(`docker-logs-${name.replaceAll(/[^\w.-]/g, '_').slice(0, 150)}.log`, text);
  }

  // ---- files that are not followed

  /** Empty files and archives are taken, files that nobody reads are not; what stays out, with the reason. */
  private others(): readonly LeftOut[] {
    const out: LeftOut[] = [];
    for (const file of this.found()) {
      if (this.recorder.keeps(file.path)) continue;
      const seen = lookAt(file);
      const why = this.whyNot(seen);
      if (why === undefined) this.copy(file, out);
      else if (why !== '') out.push({ path: maskPath(file.path), bytes: file.bytes, why });
    }
    return out;
  }

  /** undefined: it is taken; empty: the follower has it. */
  private whyNot({ file, sniffed: { kind } }: Seen): string | undefined {
    if (file.isStore) return "the relay's object store";
    if (file.unread !== undefined) return file.unread;
    if (file.bytes === 0) return undefined;
    if (kind === 'archive') return file.bytes > MOST_ARCHIVE_BYTES ? `an archive larger than ${MOST_ARCHIVE_BYTES} bytes` : undefined;
    if (kind !== 'unknown' && kind !== 'database') return '';
    if (!this.o.all) return kind === 'database' ? 'a database' : 'not recognised; --all takes it along';
    return file.bytes > MOST_OTHER_BYTES ? `larger than ${MOST_OTHER_BYTES} bytes` : undefined;
  }

  private found(): readonly FoundFile[] {
    try {
      return discover(this.o.root).files;
    } catch {
      return [];
    }
  }

  private copy(file: FoundFile, out: LeftOut[]): void {
    const target = join(this.folder, this.prefix, file.path);
    try {
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      copyPlain(file.absolute, target);
    } catch (error) {
      out.push({
        path: maskPath(file.path),
        bytes: file.bytes,
        why: `unreadable (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
      });
    }
  }

  /** Evidence that is there and was not kept: not ours to read, or too large for a small file. */
  private missing(known: readonly LeftOut[]): readonly LeftOut[] {
    const said = new Set(known.map((one) => one.path));
    return this.found().flatMap((file) => {
      const path = maskPath(file.path);
      if (said.has(path) || this.recorder.keeps(file.path) || this.whyNot(lookAt(file)) !== '') return [];
      return [{ path, bytes: file.bytes, why: 'unreadable or too large' }];
    });
  }

  // ---- the account

  private async manifest(startedAt: string, leftOut: readonly LeftOut[]): Promise<{ files: number; bytes: number; flushes: number }> {
    const files: { path: string; bytes: number; sha256: string }[] = [];
    for (const { path, absolute, bytes } of discover(this.folder).files)
      files.push({ path: maskPath(path), bytes, sha256: await sha256Of(absolute) });
    const about = {
      what: 'collection of a running system',
      version: this.o.version,
      sandbox: basename(this.o.root),
      startedAt,
      endedAt: this.o.time(),
      seconds: this.o.seconds,
      interrupted: this.o.signal.aborted,
      masked: 'config.json, config.yaml and state.json; all else stands as it was found',
      problems: this.problems,
      leftOut,
      files,
    };
    this.recorder.own('manifest.json', `${JSON.stringify(about, null, 2)}\n`);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { files: files.length, bytes, flushes: files.filter(({ path }) => /hotlink_telemetry\.json\.\d+[^/]*$/.test(path)).length };
  }
}

function copyPlain(from: string, to: string): void {
  const input = openPlain(from);
  try {
    const output = openSync(to, 'wx', 0o600);
    try {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      for (let length = readSync(input, block); length > 0; length = readSync(input, block)) writeSync(output, block, 0, length);
    } finally {
      closeSync(output);
    }
  } finally {
    closeSync(input);
  }
}

/** One run of the lab from an empty folder to a sandbox that `analyze` reads: processes, programs, faults, and how it ended. */
import { createServer, type Server } from 'node:net';
import { once, setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DoctorError } from '../../model/errors.ts';
import { Children, type Child } from './children.ts';
import type { Fault, FaultName } from './faults.ts';
import { portKey, runId, writeLayout, writeState, type AclFault, type Layout, type LayoutFaults, type MarkerFault } from './layout.ts';
import { Program } from './program.ts';
import { play, type WorkloadOptions } from './workload.ts';

/** After the last byte of a finished run: telemetry is flushed each 3 s. */
const SETTLE_MS = 3500;
const POLL_MS = 100;
/** Clients find markers and send access lists before programs start. */
const PREPARE_MS = 1200;
const STRIKE_PHASE = 'round 4';

export interface LabOptions {
  readonly sandbox: string;
  readonly emails: readonly string[];
  /** How each party's client acts, as `parseClient` reads it. */
  readonly behaviours: readonly string[];
  readonly relayArgs: readonly string[];
  readonly partyArgs: readonly string[];
  /** Further ones of each party. */
  readonly ownPartyArgs: readonly (readonly string[])[];
  readonly workload: WorkloadOptions;
  readonly faults: readonly Fault[];
  /** Nobody sent or received for so long: the run has stopped. */
  readonly patienceMs: number;
  readonly command: readonly string[];
  /** Runs at the same time have different ones. */
  readonly slot: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface ProgramEnd {
  readonly email: string;
  readonly phase: string;
  readonly waitingFor: string | null;
  readonly error: string | null;
  /** Bytes by peer. */
  readonly sent: Readonly<Record<string, number>>;
  readonly received: Readonly<Record<string, number>>;
}

export interface LabResult {
  readonly run: string;
  readonly completed: boolean;
  readonly programs: readonly ProgramEnd[];
}

export async function runLab(options: LabOptions): Promise<LabResult> {
  const lab = new Lab(options);
  try {
    return await lab.run();
  } finally {
    await lab.end();
  }
}

class Lab {
  private readonly o: LabOptions;
  private readonly children: Children;
  private readonly strangers: Server[] = [];
  private readonly clients = new Map<number, Child>();
  private readonly struck = new Set<Fault>();
  private readonly giveUp = new AbortController();
  private layout: Layout;
  private relay: Child | undefined;
  private relayPort = 0;

  constructor(options: LabOptions) {
    this.o = options;
    this.children = new Children(options.command);
    const { sandbox, emails } = options;
    this.layout = { sandbox, emails, run: runId(emails, Date.now()), ports: new Map() };
    setMaxListeners(0, options.signal, this.giveUp.signal);
    options.signal.addEventListener('abort', () => this.giveUp.abort(), { once: true });
  }

  private faultsOf(name: FaultName): readonly Fault[] {
    return this.o.faults.filter((fault) => fault.name === name);
  }

  private has(name: FaultName, party: number): Fault | undefined {
    return this.faultsOf(name).find((fault) => fault.at === party);
  }

  async run(): Promise<LabResult> {
    const { emails, say, sandbox } = this.o;
    mkdirSync(sandbox, { recursive: true });
    this.layout = { ...this.layout, ports: await freePorts(emails.length, this.o.slot) };
    writeLayout(this.layout, this.layoutFaults());
    for (const { at, to } of this.faultsOf('port-taken')) this.strangers.push(await listenOn(this.layout.ports.get(portKey(at, to)) ?? 0));
    await this.startRelay(0);
    say(`run ${this.layout.run}: ${this.relay?.greeting ?? ''}`);
    const late = this.faultsOf('late-client').map(async (fault) => {
      await this.pause(fault.seconds * 1000);
      await this.startClient(fault.at);
    });
    const punctual = [...emails.keys()].filter((index) => this.has('late-client', index) === undefined);
    await Promise.all(punctual.map(async (index) => this.startClient(index)));
    for (const { at } of this.faultsOf('twin')) await this.startTwin(at);
    writeState(
      this.layout,
      { pid: this.relay?.pid ?? 0, port: this.relayPort },
      emails.map((_, index) => this.clients.get(index)?.pid ?? 0),
    );
    await this.pause(PREPARE_MS);
    const result = await this.compute();
    await Promise.allSettled(late);
    return result;
  }

  private layoutFaults(): LayoutFaults {
    const markers = new Map<string, MarkerFault>();
    const acls = new Map<string, AclFault>();
    const kinds: readonly (readonly [FaultName, MarkerFault])[] = [
      ['marker-missing', 'missing'],
      ['marker-empty', 'empty'],
      ['marker-without-port', 'without-port'],
    ];
    for (const [name, kind] of kinds) for (const { at, to } of this.faultsOf(name)) markers.set(portKey(at, to), kind);
    for (const { at, to } of this.faultsOf('acl-excludes')) acls.set(portKey(at, to), 'excludes');
    return { markers, acls };
  }

  private async startRelay(port: number): Promise<void> {
    this.relay = await this.children.start('relay', ['relay', this.o.sandbox, '--port', String(port), ...this.o.relayArgs]);
    this.relayPort = Number(/:(\d+),/.exec(this.relay.greeting)?.[1] ?? 0);
  }

  private async startClient(index: number, home?: string): Promise<void> {
    const email = this.o.emails[index] ?? '';
    const args = [
      'party',
      this.o.sandbox,
      email,
      '--relay',
      `http://127.0.0.1:${this.relayPort}`,
      '--era',
      this.o.behaviours[index] ?? 'E6',
    ];
    if (this.has('hotlink-off', index) !== undefined) args.push('--hotlink-off');
    if (home !== undefined) args.push('--home', home);
    const child = await this.children.start(email, [...args, ...this.o.partyArgs, ...(this.o.ownPartyArgs[index] ?? [])]);
    if (child.greeting.includes('WITHOUT')) this.o.say(child.greeting);
    if (home === undefined) this.clients.set(index, child);
  }

  /** Outside the sandbox's parties, as on another machine: no markers there. */
  private async startTwin(index: number): Promise<void> {
    await this.startClient(index, join(this.o.sandbox, '..', `twin-of-${this.o.emails[index] ?? ''}`));
  }

  // ---- programs

  private async compute(): Promise<LabResult> {
    const { emails, say } = this.o;
    const programs = emails.map(() => new Program(this.giveUp.signal));
    const errors = new Map<number, string>();
    const playing = programs.map(async (program, me) => {
      try {
        await this.playOne(program, me);
      } catch (error) {
        errors.set(me, error instanceof Error ? error.message : String(error));
      }
    });
    const all = Promise.all(playing).then(() => true);
    const watching = this.watch(programs);
    const isOver = await Promise.race([all, watching.then(() => false)]);
    const missing = emails.some((_, index) => this.has('no-app', index) !== undefined);
    const completed = isOver && errors.size === 0 && !missing;
    // A program that is done goes away; one that waits stays connected until the evidence is taken.
    if (completed) for (const program of programs) program.close();
    if (completed) await this.pause(SETTLE_MS);
    await this.children.freeze();
    this.giveUp.abort();
    for (const program of programs) program.close();
    await all;
    say(completed ? 'all programs are done' : 'the run has stopped');
    return { run: this.layout.run, completed, programs: programs.map((program, me) => this.endOf(program, me, errors.get(me))) };
  }

  private async playOne(program: Program, me: number): Promise<void> {
    const { emails, workload } = this.o;
    if (this.has('no-app', me) !== undefined) {
      program.phase = 'absent';
      return;
    }
    await this.pause((this.has('late-app', me)?.seconds ?? 0) * 1000);
    for (const peer of emails.keys()) if (peer !== me) await program.connect(peer, this.layout.ports.get(portKey(me, peer)) ?? 0);
    await play(me, program, emails.length, workload, { before: async (phase) => this.strike(program, me, phase) });
  }

  /** Faults that strike in the middle: once, when the first program of those they concern gets there. */
  private async strike(program: Program, me: number, phase: string): Promise<void> {
    if (phase !== STRIKE_PHASE) return;
    for (const fault of this.o.faults) {
      const isMine = fault.at === me || (fault.at < 0 && me === 0);
      if (!isMine || this.struck.has(fault)) continue;
      this.struck.add(fault);
      await this.strikeOne(fault, program);
    }
  }

  private async strikeOne(fault: Fault, program: Program): Promise<void> {
    const client = this.clients.get(fault.at);
    if (fault.name === 'hang-app') {
      await once(this.giveUp.signal, 'abort');
      throw new Error('hung on purpose');
    }
    if (fault.name === 'deaf-app') program.stopReading();
    if (fault.name === 'cut') client?.tell('cut');
    if (fault.name === 'kill-client' || fault.name === 'restart-client') await client?.kill();
    if (fault.name === 'restart-client') await this.startClient(fault.at);
    if (fault.name !== 'relay-restart') return;
    await this.relay?.kill();
    await this.startRelay(this.relayPort);
  }

  /** Resolves when nobody moved a byte for the time that the user gave. */
  private async watch(programs: readonly Program[]): Promise<void> {
    const total = (): number =>
      programs.reduce(
        (sum, program) =>
          sum + [...this.o.emails.keys()].reduce((s, peer) => s + program.counts(peer).sent + program.counts(peer).received, 0),
        0,
      );
    let last = total();
    let since = Date.now();
    while (!this.giveUp.signal.aborted && Date.now() - since < this.o.patienceMs) {
      await this.pause(POLL_MS);
      const now = total();
      if (now === last) continue;
      last = now;
      since = Date.now();
    }
  }

  private endOf(program: Program, me: number, error: string | undefined): ProgramEnd {
    const { emails } = this.o;
    const by = (what: 'sent' | 'received'): Record<string, number> =>
      Object.fromEntries(emails.flatMap((email, peer) => (peer === me ? [] : [[email, program.counts(peer)[what]]])));
    const waitingFor = program.waitingFor === null ? null : (emails[program.waitingFor] ?? null);
    return { email: emails[me] ?? '', phase: program.phase, waitingFor, error: error ?? null, sent: by('sent'), received: by('received') };
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.o.signal }).catch(() => undefined);
  }

  async end(): Promise<void> {
    this.giveUp.abort();
    await this.children.kill();
    for (const stranger of this.strangers) stranger.close();
  }
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Below the ports that a system hands out by itself, so that nobody gets one between here and its client's bind. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** A port for each ordered pair, free at this moment. Runs that begin at once with other slots get other ports. */
async function freePorts(parties: number, slot: number): Promise<ReadonlyMap<string, number>> {
  const pairs = Array.from({ length: parties * parties }, (_, i) => [Math.floor(i / parties), i % parties] as const).filter(
    ([a, b]) => a !== b,
  );
  const blocks = Math.floor((LAST_PORT - FIRST_PORT) / pairs.length);
  for (let tried = 0; tried < blocks; tried++) {
    const first = FIRST_PORT + ((slot + tried) % blocks) * pairs.length;
    const ports = pairs.map(([from, to], index) => [portKey(from, to), first + index] as const);
    if (await areFree(ports.map(([, port]) => port))) return new Map(ports);
  }
  throw new DoctorError('HLD_LIVE_CANNOT_LISTEN', { address: `127.0.0.1:${FIRST_PORT}-${LAST_PORT}`, reason: 'no block of ports is free' });
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  const tried = await Promise.allSettled(ports.map(async (port) => listenOn(port)));
  const servers = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  await Promise.all(servers.map(async (server) => new Promise((resolve) => server.close(resolve))));
  return servers.length === ports.length;
}

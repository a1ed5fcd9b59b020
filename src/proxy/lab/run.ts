/** One run of the lab from an empty folder to a sandbox that `analyze` reads: processes, programs, faults, and how it ended. */
import type { Server } from 'node:net';
import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Children, type Child } from './children.ts';
import type { Fault, FaultName } from './faults.ts';
import { portKey, runId, writeLayout, writeState, type AclFault, type Layout, type LayoutFaults, type MarkerFault } from './layout.ts';
import { Link } from './link.ts';
import { freePorts, listenOn } from './ports.ts';
import { Program } from './program.ts';
import { erasOf, faultsOf, frameFaultsOf, partyArgs, relayArgs, type Setup } from './setup.ts';
import { Tapped } from './tapped.ts';
import { play } from './workload.ts';

/** After the last byte of a finished run: telemetry is flushed each 3 s. */
const SETTLE_MS = 3500;
const POLL_MS = 100;
/** Clients find markers and send access lists before programs start. */
const PREPARE_MS = 1200;

export interface LabOptions {
  readonly setup: Setup;
  readonly sandbox: string;
  /** The doctor itself, as it was started. */
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
  private readonly emails: readonly string[];
  private readonly faults: readonly Fault[];
  private readonly strangers: Server[] = [];
  private readonly links = new Map<number, Link>();
  private readonly clients = new Map<number, Child>();
  private readonly struck = new Set<Fault>();
  private readonly giveUp = new AbortController();
  private layout: Layout;
  private relay: Child | undefined;
  private tapped: Tapped | undefined;
  private relayPort = 0;

  constructor(options: LabOptions) {
    this.o = options;
    this.children = new Children(options.command);
    this.emails = options.setup.parties;
    this.faults = faultsOf(options.setup);
    this.layout = { sandbox: options.sandbox, emails: this.emails, run: runId(this.emails, Date.now()), ports: new Map() };
    setMaxListeners(0, options.signal, this.giveUp.signal);
    options.signal.addEventListener('abort', () => this.giveUp.abort(), { once: true });
  }

  private faultsOf(name: FaultName): readonly Fault[] {
    return this.faults.filter((fault) => fault.name === name);
  }

  private has(name: FaultName, party: number): Fault | undefined {
    return this.faultsOf(name).find((fault) => fault.at === party);
  }

  async run(): Promise<LabResult> {
    const { emails } = this;
    const { say, sandbox } = this.o;
    mkdirSync(sandbox, { recursive: true });
    this.layout = { ...this.layout, ports: await freePorts(emails.length, this.o.slot) };
    writeLayout(this.layout, this.layoutFaults());
    for (const { at, to } of this.faultsOf('port-taken')) this.strangers.push(await listenOn(this.layout.ports.get(portKey(at, to)) ?? 0));
    await this.startRelay(0);
    await this.startTap();
    say(`run ${this.layout.run}: ${this.relay?.greeting ?? ''}`);
    const late = this.faultsOf('late-client').map(async (fault) => {
      await this.pause(fault.seconds * 1000);
      await this.startClient(fault.at);
    });
    const punctual = [...emails.keys()].filter((index) => this.has('late-client', index) === undefined);
    await Promise.all(punctual.map(async (index) => this.startClient(index)));
    for (const { at } of this.faultsOf('twin')) await this.startTwin(at);
    for (const { at } of this.faultsOf('twin-at-home')) await this.startClient(at, join(sandbox, emails[at] ?? ''));
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
    for (const { at, to } of this.faultsOf('acl-denied')) acls.set(portKey(to, at), 'denied');
    return { markers, acls };
  }

  private async startRelay(port: number): Promise<void> {
    this.relay = await this.children.start('relay', ['relay', this.o.sandbox, '--port', String(port), ...relayArgs(this.o.setup)]);
    this.relayPort = Number(/:(\d+),/.exec(this.relay.greeting)?.[1] ?? 0);
  }

  private async startTap(): Promise<void> {
    const { sandbox, setup } = this.o;
    const faults = frameFaultsOf(setup);
    if (!setup.tap && faults.length === 0) return;
    this.tapped = await Tapped.start({ children: this.children, sandbox, relayPort: this.relayPort, seed: setup.seed, faults });
  }

  private async startClient(index: number, home?: string): Promise<void> {
    const email = this.emails[index] ?? '';
    const args = [
      'party',
      this.o.sandbox,
      email,
      '--relay',
      `http://127.0.0.1:${await this.wayToRelay(index)}`,
      '--era',
      erasOf(this.o.setup)[index] ?? this.o.setup.era,
    ];
    if (this.has('hotlink-off', index) !== undefined) args.push('--hotlink-off');
    if (home !== undefined) args.push('--home', home);
    const child = await this.children.start(email, [...args, ...partyArgs(this.o.setup)]);
    if (home === undefined) this.clients.set(index, child);
  }

  /** The port that a client is given for the relay's: a link of its own where that is to freeze. */
  private async wayToRelay(index: number): Promise<number> {
    const port = this.tapped?.port ?? this.relayPort;
    if (this.has('freeze-link', index) === undefined) return port;
    const link = this.links.get(index) ?? (await Link.to(port));
    this.links.set(index, link);
    return link.port;
  }

  /** Outside the sandbox's parties, as on another machine: no markers there. */
  private async startTwin(index: number): Promise<void> {
    await this.startClient(index, join(this.o.sandbox, '..', `twin-of-${this.emails[index] ?? ''}`));
  }

  // ---- programs

  private async compute(): Promise<LabResult> {
    const { emails } = this;
    const programs = emails.map(() => new Program(this.giveUp.signal));
    const errors = new Map<number, string>();
    const playing = programs.map(async (program, me) => {
      try {
        await this.playOne(program, me);
      } catch (error) {
        errors.set(me, error instanceof Error ? error.message : String(error));
      }
    });
    void this.strikeByTime(programs);
    void this.tapped?.strikeByTime(
      async (ms) => this.pause(ms),
      () => this.giveUp.signal.aborted,
    );
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
    this.o.say(completed ? 'all programs are done' : 'the run has stopped');
    return { run: this.layout.run, completed, programs: programs.map((program, me) => this.endOf(program, me, errors.get(me))) };
  }

  private async playOne(program: Program, me: number): Promise<void> {
    const { emails } = this;
    const { rounds, bytes, seed } = this.o.setup;
    if (this.has('no-app', me) !== undefined) {
      program.phase = 'absent';
      return;
    }
    await this.pause((this.has('late-app', me)?.seconds ?? 0) * 1000);
    for (const peer of emails.keys()) if (peer !== me) await program.connect(peer, this.layout.ports.get(portKey(me, peer)) ?? 0);
    await play(me, program, emails.length, { rounds, bytes, seed }, { before: async (round) => this.strike(program, me, round) });
  }

  /** Faults that strike at a round: once, when the first program of those they concern gets there. */
  private async strike(program: Program, me: number, round: number): Promise<void> {
    this.tapped?.strike(round);
    for (const fault of this.faults) {
      const isMine = fault.at === me || (fault.at < 0 && me === 0);
      if (!isMine || this.struck.has(fault) || !('round' in fault.moment) || round < fault.moment.round) continue;
      this.struck.add(fault);
      await this.strikeOne(fault, program);
    }
  }

  /** Faults that strike so long after programs have started, whatever these do then. */
  private async strikeByTime(programs: readonly Program[]): Promise<void> {
    await Promise.all(
      this.faults.map(async (fault) => {
        if (!('afterMs' in fault.moment)) return;
        await this.pause(fault.moment.afterMs);
        const program = programs[Math.max(0, fault.at)];
        if (program === undefined || this.giveUp.signal.aborted) return;
        if (fault.name === 'hang-app') program.hang();
        else await this.strikeOne(fault, program);
      }),
    );
  }

  private async strikeOne(fault: Fault, program: Program): Promise<void> {
    const client = this.clients.get(fault.at);
    if (fault.name === 'hang-app') program.hang();
    if (fault.name === 'deaf-app') program.stopReading();
    if (fault.name === 'cut') client?.tell('cut');
    if (fault.name === 'freeze-link') this.links.get(fault.at)?.freeze();
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
          sum + [...this.emails.keys()].reduce((s, peer) => s + program.counts(peer).sent + program.counts(peer).received, 0),
        0,
      );
    let last = total();
    let since = Date.now();
    while (!this.giveUp.signal.aborted && Date.now() - since < this.o.setup.patience * 1000) {
      await this.pause(POLL_MS);
      const now = total();
      if (now === last) continue;
      last = now;
      since = Date.now();
    }
  }

  private endOf(program: Program, me: number, error: string | undefined): ProgramEnd {
    const { emails } = this;
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
    for (const link of this.links.values()) link.close();
  }
}

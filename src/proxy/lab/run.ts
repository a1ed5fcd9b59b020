/** One run of the lab from an empty folder to a sandbox that `analyze` reads: processes, programs, faults, and how it ended. */
import { connect, type Server } from 'node:net';
import { setMaxListeners } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Children, type Child } from './children.ts';
import type { Fault, FaultName } from './faults.ts';
import { portKey, runId, writeLayout, writeState, type AclFault, type Layout, type LayoutFaults, type MarkerFault } from './layout.ts';
import { Link } from './link.ts';
import { freePorts, listenOn } from './ports.ts';
import { OwnProgram } from './own-program.ts';
import { WorkloadPlayer, type Player, type ProgramEnd, type Seat } from './players.ts';
import { clientsOf, partyArgs, relayArgs, volumesOf } from './arguments.ts';
import { faultsOf, frameFaultsOf, type Setup } from './setup.ts';
import { Streams, type StreamEnd } from './streams.ts';
import { Tapped } from './tapped.ts';

/** After the last byte of a finished run: telemetry is flushed each 3 s. */
const SETTLE_MS = 3500;
const POLL_MS = 100;
/** From its first telemetry on, a client finds markers and sends access lists; then programs start. */
const PREPARE_MS = 1200;
/** For a client to get so far. */
const READY_MS = 30_000;

/** A probe is there before the program is, and leaves after it has come. */
const PROBE_MS = 2000;

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

export interface LabResult {
  readonly run: string;
  readonly completed: boolean;
  readonly programs: readonly ProgramEnd[];
  /** Every direction as its programs saw it; empty for commands of the user, which the lab does not look into. */
  readonly streams: readonly StreamEnd[];
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
  private readonly streams = new Streams();
  private layout: Layout;
  private players: readonly Player[] = [];
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
    writeState(
      this.layout,
      { pid: this.relay?.pid ?? 0, port: this.relayPort },
      emails.map((_, index) => this.clients.get(index)?.pid ?? 0),
    );
    await Promise.all(punctual.map(async (index) => this.untilReady(index)));
    await this.pause(PREPARE_MS);
    await this.startTwins();
    for (const { at, to } of this.faultsOf('probe')) void this.probe(this.layout.ports.get(portKey(at, to)) ?? 0);
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
    for (const { at, to } of this.faultsOf('acl-wide')) acls.set(portKey(at, to), 'wide');
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
      clientsOf(this.o.setup)[index] ?? this.o.setup.era,
    ];
    if (this.has('hotlink-off', index) !== undefined) args.push('--hotlink-off');
    if (home !== undefined) args.push('--home', home);
    const child = await this.children.start(email, [...args, ...partyArgs(this.o.setup, email)]);
    if (child.greeting.includes('WITHOUT')) this.o.say(child.greeting);
    if (home === undefined) this.clients.set(index, child);
  }

  private async untilReady(index: number): Promise<void> {
    if (this.has('hotlink-off', index) !== undefined) return;
    const email = this.emails[index] ?? '';
    const file = join(this.o.sandbox, email, 'datasites', email, '.syftbox/hotlink_telemetry.json');
    const limit = Date.now() + READY_MS;
    while (!existsSync(file) && Date.now() < limit && !this.giveUp.signal.aborted) await this.pause(POLL_MS);
  }

  /** The port that a client is given for the relay's: a link of its own where that is to freeze. */
  private async wayToRelay(index: number): Promise<number> {
    const port = this.tapped?.port ?? this.relayPort;
    if (this.has('freeze-link', index) === undefined) return port;
    const link = this.links.get(index) ?? (await Link.to(port));
    this.links.set(index, link);
    return link.port;
  }

  /** Second clients come when the first ones listen. */
  private async startTwins(): Promise<void> {
    const { sandbox } = this.o;
    const home = (at: number): string => this.emails[at] ?? '';
    // Outside of the sandbox, as on another machine: no markers there.
    for (const { at } of this.faultsOf('twin')) await this.startClient(at, join(sandbox, '..', `twin-of-${home(at)}`));
    for (const { at } of this.faultsOf('twin-at-home')) await this.startClient(at, join(sandbox, home(at)));
    if (this.faultsOf('twin').length + this.faultsOf('twin-at-home').length > 0) await this.pause(PREPARE_MS);
  }

  /** Somebody looks whether the port listens, and stays a while. */
  private async probe(port: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    await this.pause(PROBE_MS);
    socket.destroy();
  }

  // ---- programs

  private async compute(): Promise<LabResult> {
    const { emails } = this;
    this.players = emails.map((_, me) => this.seat(me));
    const errors = new Map<number, string>();
    const playing = this.players.map(async (player, me) => {
      try {
        if (!this.isAbsent(me)) await this.playOne(player, me);
      } catch (error) {
        errors.set(me, error instanceof Error ? error.message : String(error));
      }
    });
    void this.strikeByTime();
    void this.tapped?.strikeByTime(
      async (ms) => this.pause(ms),
      () => this.giveUp.signal.aborted,
    );
    const all = Promise.all(playing).then(() => true);
    const isOver = await Promise.race([all, this.watch().then(() => false)]);
    const missing = emails.some((_, me) => this.isAbsent(me));
    const completed = isOver && errors.size === 0 && !missing;
    // A program that is done goes away; one that waits stays connected until the evidence is taken.
    if (completed) await this.closePlayers();
    // Without it the last counters would be older than the last bytes.
    if (isOver) await this.pause(SETTLE_MS);
    for (const player of this.players) player.freeze();
    await this.children.freeze();
    this.giveUp.abort();
    await this.closePlayers();
    await all;
    this.o.say(completed ? 'all programs are done' : 'the run has stopped');
    const programs = this.players.map((player, me) => {
      const end = player.end(errors.get(me));
      return this.isAbsent(me) ? { ...end, phase: 'absent' } : end;
    });
    return { run: this.layout.run, completed, programs, streams: this.o.setup.program === null ? this.streams.end(emails) : [] };
  }

  private seat(me: number): Player {
    const seat: Seat = {
      me,
      emails: this.emails,
      port: (peer) => this.layout.ports.get(portKey(me, peer)) ?? 0,
      signal: this.giveUp.signal,
      streams: this.streams,
    };
    const { setup, sandbox } = this.o;
    const { rounds, bytes, seed, program, workload, volumes } = setup;
    if (program === null) return new WorkloadPlayer(seat, workload, { rounds, bytes, seed, volumes: volumesOf(volumes, this.emails) });
    return new OwnProgram(seat, { command: program, sandbox, run: this.layout.run, seed, children: this.children });
  }

  private isAbsent(me: number): boolean {
    return this.has('no-app', me) !== undefined;
  }

  private async playOne(player: Player, me: number): Promise<void> {
    const client = this.has('late-client', me);
    // A program of a late client comes when that is as ready as the others were.
    const probed = this.faultsOf('probe').some(({ at }) => at === me);
    const lateMs = Math.max((this.has('late-app', me)?.seconds ?? 0) * 1000, probed ? PROBE_MS / 4 : 0);
    await this.pause(Math.max(lateMs, client === undefined ? 0 : client.seconds * 1000 + PREPARE_MS));
    await player.run(async (round) => this.strike(me, round));
  }

  private async closePlayers(): Promise<void> {
    await Promise.all(this.players.map(async (player) => player.close()));
  }

  /** Faults that strike at a round: once, when the first program of those they concern gets there. */
  private async strike(me: number, round: number): Promise<void> {
    this.tapped?.strike(round);
    for (const fault of this.faults) {
      const isMine = fault.at === me || (fault.at < 0 && me === 0);
      if (!isMine || this.struck.has(fault) || !('round' in fault.moment) || round < fault.moment.round) continue;
      this.struck.add(fault);
      await this.strikeOne(fault);
    }
  }

  /** Faults that strike so long after programs have started, whatever these do then. */
  private async strikeByTime(): Promise<void> {
    await Promise.all(
      this.faults.map(async (fault) => {
        if (!('afterMs' in fault.moment)) return;
        await this.pause(fault.moment.afterMs);
        if (!this.giveUp.signal.aborted) await this.strikeOne(fault);
      }),
    );
  }

  private async strikeOne(fault: Fault): Promise<void> {
    const client = this.clients.get(fault.at);
    if (fault.name === 'hang-app') this.players[fault.at]?.hang();
    if (fault.name === 'deaf-app') this.players[fault.at]?.stopReading();
    if (fault.name === 'cut') client?.tell('cut');
    if (fault.name === 'freeze-link') this.links.get(fault.at)?.freeze();
    if (fault.name === 'kill-client' || fault.name === 'restart-client') await client?.kill();
    if (fault.name === 'restart-client') await this.startClient(fault.at);
    if (fault.name !== 'relay-restart') return;
    await this.relay?.kill();
    await this.startRelay(this.relayPort);
  }

  /** Resolves when nobody moved a byte for the time that the user gave. */
  private async watch(): Promise<void> {
    const total = (): number => this.players.reduce((sum, player) => sum + player.moved(), 0);
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

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.o.signal }).catch(() => undefined);
  }

  async end(): Promise<void> {
    this.giveUp.abort();
    await this.closePlayers();
    await this.children.kill();
    for (const stranger of this.strangers) stranger.close();
    for (const link of this.links.values()) link.close();
  }
}

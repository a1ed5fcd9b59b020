/**
 * Tells what happened on a small sandbox and writes the files that the real programs would have left behind.
 *
 *     story({ parties: ['aggregator', 'client1'] }).start().open('client1', 'aggregator').accept().data(8, 1500).end(20)
 *
 * Verbs move one clock; every line stands at its time in the file of whoever prints it, with heartbeats around it: a
 * summary line each 3 s, sync passes, the relay's health requests. Verbs without parties speak of the session of the
 * last `open` or `on`.
 */
import {
  aclText,
  logPath,
  markerText,
  portOf,
  RELAY_LOG,
  runDirectory,
  stateText,
  telemetryPath,
  type Files,
  type StepState,
} from './story-files.ts';
import {
  BASE_MS,
  decodedData,
  healthz,
  OLD_RUN,
  relayDev,
  RUN,
  rustFile,
  rustStdout,
  summary,
  uuid,
  type Figures,
  type Level,
  type RelayLevel,
  type RelayValue,
} from './story-lines.ts';

export type Era = 'E1b' | 'E3' | 'E4' | 'E5a' | 'E5b' | 'E6';

export interface StoryOptions {
  /** Names in the order of the flow; a name without `@` becomes `name@sandbox.local`. */
  readonly parties?: readonly string[];
  readonly layout?: 'directed' | 'shared-dir';
  readonly era?: Era;
  /** Parties of another era. */
  readonly eras?: Readonly<Record<string, Era>>;
  /** SYFTBOX_HOTLINK_DEBUG=1 at every client. */
  readonly debug?: boolean;
  /** false: no relay log was collected. */
  readonly relay?: boolean;
  /** Also the mirror on stdout, client-daemon.log. */
  readonly stdout?: boolean;
  readonly zoneMinutes?: number;
  /** Milliseconds that a party's clock is ahead. */
  readonly skew?: Readonly<Record<string, number>>;
}

interface Stamped {
  readonly t: number;
  readonly order: number;
  readonly level: Level;
  readonly text: string;
  readonly extra: string;
}

interface Movement extends Figures {
  readonly t: number;
}

interface SessionEnd {
  readonly sid: string;
  readonly owner: string;
  readonly channel: string;
  status: 'pending' | 'accepted' | 'rejected';
  seq: number;
  webrtc: 'none' | 'connecting' | 'connected';
}

interface Manager {
  readonly since: number;
  readonly movements: Movement[];
  readonly outbound: Map<string, SessionEnd>;
  readonly inbound: Map<string, SessionEnd>;
  readonly counts: { at: number; inbound: number; accepted: number; waiting: number; up: number }[];
  fallbacks: number;
  offers: number;
  violations: number;
}

interface Party {
  readonly name: string;
  readonly email: string;
  readonly index: number;
  readonly era: Era;
  readonly skew: number;
  lines: Stamped[];
  managers: Manager[];
  connection: string;
  readonly apps: Map<string, boolean>;
  diedAt: number | null;
  frozenAt: number | null;
  logEndsAt: number | null;
  hotlinkOn: boolean;
  patch: Readonly<Record<string, unknown>>;
}

interface Session {
  readonly id: string;
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  readonly path: string;
  accepted: boolean;
  fellBack: boolean;
  p2p: boolean;
  readonly adoptedSeq: Map<string, number>;
  seq: number;
}

export interface OpenOptions {
  /** false: the relay forwards the open to nobody. */
  readonly heard?: boolean;
  /** Others who may read the path and get the open too. */
  readonly alsoTo?: readonly string[];
  /** Path instead of the era's own. */
  readonly path?: string;
}

export function story(options: StoryOptions = {}): Story {
  return new Story(options);
}

export class Story {
  readonly notes: string[] = [];
  /** Milliseconds since the base. */
  now = 0;
  private order = 0;
  private ids = 0;
  /** Milliseconds that the next message takes from the sender's line to the reader's. */
  private travelMs = 1;
  private active = 0;
  private readonly options: StoryOptions;
  private readonly zone: number;
  private parties = new Map<string, Party>();
  private sessions: Session[] = [];
  private current: Session | undefined;
  private relayLines: { t: number; order: number; text: string }[] = [];
  private readonly extraFiles = new Map<string, string | null>();
  private readonly removals: RegExp[] = [];
  private readonly absentMarkers = new Set<string>();
  private readonly noTelemetry = new Set<string>();
  private readonly noLogs = new Set<string>();
  private readonly folders = new Set<string>();

  constructor(options: StoryOptions) {
    this.options = options;
    this.zone = options.zoneMinutes ?? 600;
    const names = options.parties ?? ['aggregator', 'client1', 'client2'];
    names.forEach((name, index) => {
      this.parties.set(name, {
        name,
        email: name.includes('@') ? name : `${name}@sandbox.local`,
        index,
        era: options.eras?.[name] ?? options.era ?? 'E6',
        skew: options.skew?.[name] ?? 0,
        lines: [],
        managers: [],
        connection: '',
        apps: new Map(),
        diedAt: null,
        frozenAt: null,
        logEndsAt: null,
        hotlinkOn: true,
        patch: {},
      });
    });
  }

  // ---- time

  /** Lets seconds pass. */
  wait(seconds: number): this {
    this.now += seconds * 1000;
    return this;
  }

  /** The next open, accept or frame takes so many milliseconds on its way instead of one. */
  slowly(ms: number): this {
    this.travelMs = ms;
    return this;
  }

  private travel(): void {
    this.now += this.travelMs;
    this.travelMs = 1;
  }

  /** The evidence ends so many seconds later. */
  end(seconds = 3): this {
    return this.wait(seconds);
  }

  /** Goes to a moment, seconds after the base. */
  at(seconds: number): this {
    this.now = Math.round(seconds * 1000);
    return this;
  }

  // ---- processes

  /** Relay and clients (all, or those named) come up, and three seconds later the programs connect. */
  start(...names: string[]): this {
    if (this.relayLines.length === 0) this.startRelay();
    const who = names.length === 0 ? [...this.parties.keys()] : names;
    for (const name of who) this.startClient(name);
    this.now += 3000;
    for (const name of who) this.proxies(name);
    for (const name of who) this.connect(name);
    return this;
  }

  /** The same without programs. */
  startClients(...names: string[]): this {
    if (this.relayLines.length === 0) this.startRelay();
    const who = names.length === 0 ? [...this.parties.keys()] : names;
    for (const name of who) this.startClient(name);
    this.now += 3000;
    for (const name of who) this.proxies(name);
    return this;
  }

  /** The relay's first lines. */
  startRelay(): this {
    this.active = 0;
    this.relay('INF', 'server/main.go:53', 'server config', { dotenvLoaded: { bare: 'false' }, 'config.http.address': '127.0.0.1:44657' });
    this.relay('INF', 'server/server.go:115', 'message handlers start', { workers: 2 });
    this.relay('INF', 'ws/ws_hub.go:43', 'wshub started');
    this.now += 500;
    return this;
  }

  private startClient(name: string): void {
    const p = this.party(name);
    const home = `/home/dev/biovault/sandbox/${p.email}`;
    this.line(name, `daemon start version=0.1.0 config=${home}/.syftbox/config.json log=${home}/.syftbox/logs/syftbox.log`);
    this.line(name, 'control plane starting', 'INFO', 'requested_addr=127.0.0.1:39547 token=0c9e242c8e2940139ca4e4cac104ff3c');
    p.diedAt = null;
    this.manager(name);
    this.now += 20;
  }

  /** A WebSocket connection and with it a manager. */
  private manager(name: string): void {
    const p = this.party(name);
    p.connection = uuid(`connection ${++this.ids}`).slice(0, 8);
    this.relay('DBG', 'ws/ws_hub.go:52', 'wshub registered', { connId: p.connection, user: p.email, active: ++this.active });
    const hello = uuid(`hello ${this.ids}`).slice(0, 6);
    this.relay('DBG', 'ws/ws_client.go:137', 'wsclient writer', { connId: p.connection, msgId: hello, msgType: { bare: 'SYSTEM' } });
    if (!p.hotlinkOn) {
      this.line(name, `ws message decoded type=Other { id: "${hello}", typ: 0 }`);
      return;
    }
    this.line(
      name,
      p.era === 'E1b'
        ? 'hotlink config: socket_only=true quic_enabled=true quic_only=false tcp_proxy=true'
        : 'hotlink enabled: webrtc p2p + ws fallback + tcp proxy',
    );
    p.managers.push({
      since: this.now,
      movements: [],
      outbound: new Map(),
      inbound: new Map(),
      counts: [],
      fallbacks: 0,
      offers: 0,
      violations: 0,
    });
    this.line(name, `ws message decoded type=Other { id: "${hello}", typ: 0 }`);
  }

  /** Three seconds after the start the runner has written markers and ACLs: the client uploads the one and listens for the other. */
  private proxies(name: string): void {
    const p = this.party(name);
    const relative = `${runDirectory(p.email, RUN).split('/datasites/')[1] ?? ''}/_mpc`;
    for (const file of ['syft.pub.yaml', ...this.peersOf(name).map((peer) => `${this.channel(name, peer)}/syft.pub.yaml`)]) {
      this.line(name, `priority send attempting path=${relative}/${file} size=205 is_acl=true`);
      this.relay('INF', 'server/server.go:298', 'ws file write ACL loaded synchronously', {
        'wsmsg.id': uuid(`acl ${name} ${file}`),
        'wsmsg.type': { bare: 'FILE_WRITE' },
        'wsmsg.connId': p.connection,
        'wsmsg.from': p.email,
        'wsmsg.path': `${relative}/${file}`,
        'wsmsg.size': 205,
        path: `${relative}/`,
      });
      this.line(name, `priority send SUCCESS path=${relative}/${file} is_acl=true`);
    }
    if (this.options.debug !== true || !p.hotlinkOn) return;
    for (const peer of this.peersOf(name)) {
      if (this.absentMarkers.has(`${name} ${peer}`)) continue;
      this.line(name, `hotlink tcp proxy: starting for /home/dev/biovault/sandbox/${this.markerFile(name, peer)}`);
    }
  }

  /** Hotlink is off at this party: it starts, syncs and decodes, nothing else. */
  hotlinkOff(name: string): this {
    this.party(name).hotlinkOn = false;
    return this;
  }

  /** The party's program connects to its proxies (or to the one for `peer`). */
  connect(name: string, ...peers: string[]): this {
    const p = this.party(name);
    if (!p.hotlinkOn) return this;
    for (const peer of peers.length === 0 ? this.peersOf(name) : peers) {
      if (this.absentMarkers.has(`${name} ${peer}`)) continue;
      p.apps.set(peer, true);
      if (this.options.debug === true) {
        this.line(
          name,
          `hotlink tcp proxy: accepted on 127.0.0.1:${this.port(name, peer)} for ${this.canonical(name, peer)}${p.era === 'E1b' ? '' : ` (outbound=${this.outbound(name, peer)})`}`,
        );
        this.line(name, this.mapping(name, peer));
      }
    }
    return this;
  }

  /** The mapping line of a program's first connection; its flags name the era (field guide 8.4). */
  private mapping(name: string, peer: string): string {
    const channel = this.canonical(name, peer);
    const own = this.path(name, this.channel(name, peer));
    const straight = channelIn(channel);
    const isSmaller = this.email(name) < this.email(peer);
    if (this.era(name) === 'E1b') return `hotlink tcp proxy: writer mapped canonical=${channel} local=${own} active=true keys=[${channel}]`;
    const keys = `hotlink tcp proxy: writer mapped keys channel=${channel} local=Some("${own}") owner_from=Some("${this.path(name, straight)}") owner_to=Some("${this.path(peer, straight)}")`;
    if (this.era(name) === 'E3') return `${keys} active=true`;
    if (this.era(name) === 'E4')
      return `${keys} active(channel/local/from/to)=${isSmaller ? 'true/false/false/true' : 'true/true/true/false'}`;
    const swapped = this.era(name) === 'E5a' ? this.channel(name, peer) : this.channel(peer, name);
    const flags =
      this.era(name) === 'E5a'
        ? isSmaller
          ? 'true/false/false/true/false'
          : 'true/true/true/false/true'
        : isSmaller
          ? 'true/false/false/true/true'
          : 'true/true/true/false/false';
    return `${keys} peer_inbound=Some("${this.path(peer, swapped)}") active(ch/loc/from/to/peer)=${flags}`;
  }

  /** The program closes its connections. */
  leave(name: string, ...peers: string[]): this {
    const p = this.party(name);
    for (const peer of peers.length === 0 ? [...p.apps.keys()] : peers) {
      p.apps.set(peer, false);
      if (this.options.debug === true) this.line(name, `hotlink tcp proxy: closed channel=${this.canonical(name, peer)}`);
    }
    return this;
  }

  /** The process is killed: its log ends, the relay drops the connection. */
  kill(name: string): this {
    const p = this.party(name);
    p.diedAt = this.now;
    this.dropped(p);
    return this;
  }

  /** The copy of this log ends here although the process lives. */
  logCut(name: string): this {
    this.party(name).logEndsAt = this.now;
    return this;
  }

  /** The party's packets vanish from now on; the process lives. */
  freeze(name: string): this {
    this.party(name).frozenAt = this.now;
    return this;
  }

  /** The process starts again: its log is truncated, counters and sessions are new. */
  restart(name: string): this {
    const p = this.party(name);
    p.lines = [];
    p.managers = [];
    for (const peer of p.apps.keys()) p.apps.set(peer, false);
    this.startClient(name);
    return this;
  }

  /** The WebSocket breaks and comes back: a second manager in the same process. `refused`: how often connecting fails first. */
  cut(name: string, refused = 0): this {
    const p = this.party(name);
    this.dropped(p);
    this.line(name, 'ws disconnected; reconnecting');
    for (let i = 0; i < refused; i++) {
      this.line(name, 'ws connect error: Io(Os { code: 111, kind: ConnectionRefused, message: "Connection refused" })', 'ERROR');
      this.now += 250;
    }
    this.now += 2;
    this.manager(name);
    for (const peer of this.peersOf(name)) this.bindFailed(name, peer);
    return this;
  }

  /** The relay starts again with a truncated log; every client reconnects. */
  restartRelay(): this {
    this.relayLines = [];
    const names = [...this.parties.keys()];
    for (const name of names) this.line(name, 'ws disconnected; reconnecting');
    for (const name of names)
      this.line(name, 'ws connect error: Io(Os { code: 111, kind: ConnectionRefused, message: "Connection refused" })', 'ERROR');
    this.now += 1500;
    this.startRelay();
    for (const name of names) {
      this.manager(name);
      for (const peer of this.peersOf(name)) this.bindFailed(name, peer);
    }
    return this;
  }

  /** A second daemon of the same identity, on another machine, connects. */
  twin(name: string): this {
    const p = this.party(name);
    this.relay('DBG', 'ws/ws_hub.go:52', 'wshub registered', { connId: twinConnection(name), user: p.email, active: ++this.active });
    return this;
  }

  private dropped(p: Party): void {
    this.relay('DBG', 'ws/ws_client.go:81', 'wsclient reader shutdown', { connId: p.connection });
    this.relay('DBG', 'ws/ws_client.go:118', 'wsclient writer shutdown', { connId: p.connection });
    this.relay('DBG', 'ws/ws_client.go:75', 'wsclient closed', { connId: p.connection });
    this.relay('DBG', 'ws/ws_hub.go:66', 'wshub removed', { connId: p.connection, user: p.email, active: --this.active });
  }

  /** The proxy of this pair finds its port taken. */
  bindFailed(name: string, peer: string): this {
    return this.line(
      name,
      `hotlink tcp proxy: bind failed 127.0.0.1:${this.port(name, peer)}: Os { code: 98, kind: AddrInUse, message: "Address already in use" }`,
      'ERROR',
    );
  }

  // ---- sessions

  /** The latest session from one party to another. */
  on(from: string, to: string): this {
    this.current = this.sessions.findLast((s) => s.from === from && s.to === to);
    if (this.current === undefined) throw new Error(`the story has no session from ${from} to ${to}`);
    return this;
  }

  /** Session id (full) of the latest session between two parties, for raw lines. */
  idOf(from: string, to: string): string {
    return this.on(from, to).session().id;
  }

  /** A party opens a session; the relay forwards it and the other decodes it. */
  open(from: string, to: string, how: OpenOptions = {}): this {
    const path = how.path ?? this.outbound(from, to);
    const id = uuid(`session ${++this.ids} ${from} ${to}`);
    const s: Session = {
      id,
      sid: id.slice(0, 8),
      from,
      to,
      path,
      accepted: false,
      fellBack: false,
      p2p: false,
      adoptedSeq: new Map(),
      seq: 0,
    };
    this.sessions.push(s);
    this.current = s;
    this.line(
      from,
      this.era(from) === 'E1b' ? `hotlink send start: path=${path} bytes=8` : `hotlink session new: session=${s.sid} path=${path}`,
    );
    if (this.options.debug === true || this.era(from) === 'E1b')
      this.line(from, `hotlink send open: session=${id} path=${path} encoding=msgpack`);
    this.last(from).outbound.set(s.sid, {
      sid: s.sid,
      owner: path.split('/')[0] ?? '',
      channel: channelIn(path),
      status: 'pending',
      seq: 0,
      webrtc: 'none',
    });
    const message = this.taken('HOTLINK_OPEN', from);
    const hearers = how.heard === false ? [] : [to, ...(how.alsoTo ?? [])];
    this.travel();
    for (const reader of hearers) {
      this.written('HOTLINK_OPEN', message, reader);
      this.line(reader, this.decodedOpen(s, reader));
    }
    this.now += 1;
    return this;
  }

  private decodedOpen(s: Session, reader: string): string {
    if (this.era(reader) === 'E3' || this.era(reader) === 'E1b')
      return `ws message decoded type=HotlinkOpen(HotlinkOpen { session_id: "${s.id}", path: "${s.path}" })`;
    const from = this.party(s.from).email;
    // E6 looks the outbound path up in a table keyed by the canonical one, so only the smaller email names its target.
    const named = this.era(s.from) === 'E6' && s.path === this.canonical(s.from, s.to) ? `Some("${this.party(s.to).email}")` : 'None';
    return `ws message decoded type=HotlinkOpen(HotlinkOpen { session_id: "${s.id}", path: "${s.path}", from: Some("${from}"), to: ${named} })`;
  }

  /** The receiver (or another who heard the open) accepts, and the opener gets it. `late`: after its time had run out. */
  accept(by?: string, late = false): this {
    const s = this.session();
    const acceptor = by ?? s.to;
    this.accepting(acceptor);
    const message = this.taken('HOTLINK_ACCEPT', acceptor);
    this.travel();
    this.written('HOTLINK_ACCEPT', message, s.from);
    this.line(s.from, `ws message decoded type=HotlinkAccept(HotlinkAccept { session_id: "${s.id}" })`);
    this.line(s.from, `hotlink accept received: session=${this.era(s.from) === 'E1b' ? s.id : s.sid}`);
    if (!late && this.era(s.from) !== 'E1b') this.line(s.from, `hotlink session accepted: session=${s.sid}`);
    s.accepted = true;
    this.entry(s.from, s.sid).status = 'accepted';
    this.now += 1;
    return this;
  }

  /** The receiver says that it accepts; whether anybody hears of it is another verb. */
  accepting(by?: string): this {
    const s = this.session();
    const acceptor = by ?? s.to;
    this.line(
      acceptor,
      this.era(acceptor) === 'E1b'
        ? `hotlink send accept: session=${s.id} encoding=msgpack`
        : `hotlink sending accept for tcp proxy: session=${s.sid} path=${s.path}`,
    );
    this.last(acceptor).inbound.set(s.sid, {
      sid: s.sid,
      owner: s.path.split('/')[0] ?? '',
      channel: channelIn(s.path),
      status: 'accepted',
      seq: 0,
      webrtc: 'none',
    });
    return this;
  }

  /** The opener's wait for the accept ends (after `afterMs`, else the era's full wait) and it sends anyway. */
  timeout(afterMs?: number): this {
    const s = this.session();
    const isSix = this.era(s.from) === 'E6';
    this.now += afterMs ?? (isSix ? 1500 : 5000);
    return this.line(s.from, `hotlink accept timeout (${isSix ? '1s' : '5s'}), sending anyway: session=${s.sid} path=${s.path}`);
  }

  /** The relay (or a peer) refuses: the party decodes a reject. */
  reject(party: string, reason: string): this {
    const s = this.session();
    this.line(party, `ws message decoded type=HotlinkReject(HotlinkReject { session_id: "${s.id}", reason: "${reason}" })`);
    if (party === s.from) this.entry(s.from, s.sid).status = 'rejected';
    this.now += 1;
    return this;
  }

  /** The relay refuses the open of this session for want of the opener's write right. */
  denied(): this {
    const s = this.session();
    const from = this.party(s.from).email;
    this.relay('WRN', 'server/server.go:417', 'hotlink open permission denied', {
      'hotlink.id': uuid(`open ${s.id}`),
      'hotlink.session': s.id,
      'hotlink.from': from,
      'hotlink.path': s.path,
      error: { bare: `access denied for user '${from}' on path '${s.path}': no write access` },
    });
    return this.reject(s.from, 'permission denied').timeout(1);
  }

  /** The relay refuses it because the named target may not read. */
  targetDenied(): this {
    const s = this.session();
    const to = this.party(s.to).email;
    this.relay('WRN', 'server/server.go:430', 'hotlink open target not permitted', {
      'hotlink.id': uuid(`open ${s.id}`),
      'hotlink.session': s.id,
      'hotlink.from': this.party(s.from).email,
      'hotlink.path': s.path,
      to,
      error: { bare: `access denied for user '${to}' on path '${s.path}': no read access` },
    });
    return this.reject(s.from, 'permission denied').timeout(1);
  }

  // ---- frames

  /** Frames of these sizes over the WebSocket, written at the other side. */
  data(...sizes: number[]): this {
    for (const bytes of sizes) {
      this.arrive(bytes);
      const s = this.session();
      this.move(s.to, { rx: 1, rxBytes: bytes });
    }
    return this;
  }

  /** Frames that are decoded at the other side and not written there. */
  arrive(...sizes: number[]): this {
    const s = this.session();
    for (const bytes of sizes) {
      const seq = this.sends(s, bytes);
      const message = this.taken('HOTLINK_DATA', s.from);
      this.travel();
      this.written('HOTLINK_DATA', message, s.to);
      this.line(s.to, decodedData(s.id, seq, s.path, bytes));
      this.now += 5;
    }
    return this;
  }

  /** Frames that the relay writes to a receiver that does not decode them any more. */
  unread(...sizes: number[]): this {
    const s = this.session();
    for (const bytes of sizes) {
      this.sends(s, bytes);
      this.written('HOTLINK_DATA', this.taken('HOTLINK_DATA', s.from), s.to);
      this.now += 5;
    }
    return this;
  }

  /** Frames that the sender counts and the relay takes and writes to nobody. */
  lose(...sizes: number[]): this {
    const s = this.session();
    for (const bytes of sizes) {
      this.sends(s, bytes);
      this.taken('HOTLINK_DATA', s.from);
      this.now += 5;
    }
    return this;
  }

  /** A frame that the sender counts and that never gets as far as the relay's handler: it is dropped before a line is printed. */
  skipped(bytes: number): this {
    this.sends(this.session(), bytes);
    this.now += 5;
    return this;
  }

  /** Two frames of which the second is decoded first; both are written. */
  shuffled(first: number, second: number): this {
    const s = this.session();
    const seq = this.sends(s, first);
    this.sends(s, second);
    for (const [n, bytes] of [
      [seq + 1, second],
      [seq, first],
    ] as const) {
      const message = this.taken('HOTLINK_DATA', s.from);
      this.written('HOTLINK_DATA', message, s.to);
      this.line(s.to, decodedData(s.id, n, s.path, bytes));
      this.move(s.to, { rx: 1, rxBytes: bytes });
      this.now += 2;
    }
    return this;
  }

  /** A frame that the relay writes to the receiver and to its twin. */
  copied(bytes: number): this {
    const s = this.session();
    const seq = this.sends(s, bytes);
    const message = this.taken('HOTLINK_DATA', s.from);
    this.written('HOTLINK_DATA', message, s.to);
    this.relay('DBG', 'ws/ws_client.go:137', 'wsclient writer', {
      connId: twinConnection(s.to),
      msgId: message,
      msgType: { bare: 'HOTLINK_DATA' },
    });
    this.line(s.to, decodedData(s.id, seq, s.path, bytes));
    this.move(s.to, { rx: 1, rxBytes: bytes });
    this.now += 5;
    return this;
  }

  /** Frames that the relay writes to the receiver and to another party that had accepted too; the other finds no writer, silently. */
  fanOut(other: string, ...sizes: number[]): this {
    const s = this.session();
    for (const bytes of sizes) {
      const seq = this.sends(s, bytes);
      const message = this.taken('HOTLINK_DATA', s.from);
      for (const reader of [s.to, other]) {
        this.written('HOTLINK_DATA', message, reader);
        this.line(reader, decodedData(s.id, seq, s.path, bytes));
      }
      this.move(s.to, { rx: 1, rxBytes: bytes });
      this.now += 5;
    }
    return this;
  }

  /** The relay's queue for what this client sends is full: a message is dropped. */
  queueFull(name: string): this {
    return this.relay('WRN', 'ws/ws_client.go:106', 'wsclient reader buffer full', { connId: this.party(name).connection });
  }

  /** The relay cannot decode a message of this client, and drops it. */
  undecodable(name: string): this {
    const error = 'malformed message';
    return this.relay('WRN', 'ws/ws_client.go:98', 'wsclient reader decode', { error, connId: this.party(name).connection });
  }

  /** Frames that travel over the open data channel: no line anywhere. */
  p2p(...sizes: number[]): this {
    const s = this.session();
    for (const bytes of sizes) {
      s.seq += 1;
      this.entry(s.from, s.sid).seq = s.seq;
      this.move(s.from, { tx: 1, txBytes: bytes, txP2p: 1 });
      this.move(s.to, { rx: 1, rxBytes: bytes });
      this.now += 5;
    }
    return this;
  }

  /** A frame with a number of its own choice is decoded at the receiver, on top of what was sent. */
  decode(seq: number, bytes: number, at?: string): this {
    const s = this.session();
    this.line(at ?? s.to, decodedData(s.id, seq, s.path, bytes));
    this.now += 3;
    return this;
  }

  private sends(s: Session, bytes: number): number {
    if (!s.fellBack) this.fallback();
    s.seq += 1;
    this.entry(s.from, s.sid).seq = s.seq;
    this.move(s.from, { tx: 1, txBytes: bytes });
    if (this.options.debug === true) {
      this.line(
        s.from,
        `hotlink tcp proxy: recv bytes=${bytes} channel=${this.canonical(s.from, s.to)}${this.era(s.from) === 'E1b' ? '' : ` outbound=${this.outbound(s.from, s.to)}`}`,
      );
      this.line(s.from, `hotlink send data: session=${s.id} seq=${s.seq} bytes=${bytes} encoding=msgpack`);
    }
    return s.seq;
  }

  /** The opener gives up waiting for peer to peer; before E6 at once, in E6 after the grace time. */
  fallback(graceMs?: number): this {
    const s = this.session();
    s.fellBack = true;
    this.now += graceMs ?? (this.era(s.from) === 'E6' && s.accepted ? 1520 : 1);
    this.last(s.from).fallbacks += 1;
    return this.line(
      s.from,
      `hotlink ${this.era(s.from) === 'E1b' ? 'quic' : 'p2p'} not ready, using ws fallback: session=${s.id} path=${s.path}`,
    );
  }

  /** Over an open data channel from the start: no fallback line will come. */
  noFallback(): this {
    this.session().fellBack = true;
    return this;
  }

  /** Opens, accepts and sends, or sends on the session that is there. */
  talk(from: string, to: string, ...sizes: number[]): this {
    const known = this.sessions.findLast((s) => s.from === from && s.to === to);
    if (known === undefined) this.open(from, to).accept();
    else this.current = known;
    return this.data(...sizes);
  }

  /** `n` times: each of the pairs sends one block, one after the other. */
  rounds(n: number, pairs: readonly (readonly [string, string])[], bytes = 64): this {
    for (let i = 0; i < n; i++) for (const [from, to] of pairs) this.talk(from, to, bytes).wait(0.05);
    return this;
  }

  /** The acceptor of the session sends on it instead of opening its own; the relay drops that (F-3). */
  adopt(...sizes: number[]): this {
    const s = this.session();
    const sender = s.to;
    if (this.options.debug === true) this.line(sender, `hotlink reusing inbound session: session=${s.sid} path=${s.path}`);
    const first = !s.adoptedSeq.has(sender);
    if (first) {
      this.last(sender).outbound.set(s.sid, {
        sid: s.sid,
        owner: s.path.split('/')[0] ?? '',
        channel: channelIn(s.path),
        status: 'accepted',
        seq: 0,
        webrtc: 'none',
      });
      this.line(sender, `hotlink p2p not ready, using ws fallback: session=${s.id} path=${s.path}`);
      this.last(sender).fallbacks += 1;
    }
    for (const bytes of sizes) {
      const seq = (s.adoptedSeq.get(sender) ?? 0) + 1;
      s.adoptedSeq.set(sender, seq);
      this.entry(sender, s.sid).seq = seq;
      this.move(sender, { tx: 1, txBytes: bytes });
      if (this.options.debug === true) this.line(sender, `hotlink send data: session=${s.id} seq=${seq} bytes=${bytes} encoding=msgpack`);
      this.taken('HOTLINK_DATA', sender);
      this.relay('WRN', 'server/server.go:506', 'hotlink data rejected (not sender)', { session: s.id, from: this.party(sender).email });
      this.now += 3;
    }
    return this;
  }

  /** A frame arrives, finds no writer for five seconds and is dropped; half a minute later the loop is free again. */
  noWriter(bytes: number, loopFree = true): this {
    this.arrive(bytes);
    const s = this.session();
    if (this.options.debug === true) this.line(s.to, `hotlink tcp writer not ready, waiting for path=${s.path}`);
    this.now += 5030;
    this.line(s.to, `hotlink tcp write skipped: no writer for path=${s.path} after retries`, 'ERROR');
    if (!loopFree) return this;
    this.now += 30_510;
    return this.line(s.to, 'hotlink ipc write failed: ipc accept timeout after 30s', 'ERROR');
  }

  /** A second client in the receiver's folder decodes the latest frame into the same log, and has no program to write it to. */
  decodedByTwin(bytes: number): this {
    const s = this.session();
    this.line(s.to, decodedData(s.id, s.seq, s.path, bytes));
    this.now += 5030;
    return this.line(s.to, `hotlink tcp write skipped: no writer for path=${s.path} after retries`, 'ERROR');
  }

  // ---- peer to peer

  /** The acceptor offers; `raced`: the relay handles the offer before the accept and drops it (F-29). */
  offer(raced = false): this {
    const s = this.session();
    this.line(s.to, `hotlink webrtc offer starting: session=${s.id}`);
    this.line(s.to, `hotlink webrtc offer sent: session=${s.id}`);
    this.last(s.to).offers += 1;
    const message = this.taken('HOTLINK_SIGNAL', s.to);
    if (raced) {
      this.relay('WRN', 'server/server.go:623', 'hotlink signal rejected (not participant)', {
        session: s.id,
        from: this.party(s.to).email,
      });
      return this.candidate();
    }
    this.written('HOTLINK_SIGNAL', message, s.from);
    this.line(s.from, `hotlink webrtc sdp_offer received: session=${s.id}`);
    this.line(s.from, `hotlink webrtc sdp_offer: no outbound session, creating answerer: session=${s.id}`);
    this.line(s.from, `hotlink webrtc answer sent: session=${s.id}`);
    this.now += 2;
    return this;
  }

  /** A candidate of the acceptor reaches the opener some 40 ms after the offer. */
  candidate(): this {
    const s = this.session();
    this.now += 40;
    this.written('HOTLINK_SIGNAL', this.taken('HOTLINK_SIGNAL', s.to), s.from);
    return this.line(
      s.from,
      `ws message decoded type=HotlinkSignal(HotlinkSignal { session_id: "${s.id}", kind: "ice_candidate", addrs: [], token: "{\\"candidate\\":\\"candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\\"}", error: "" })`,
    );
  }

  /** P2p-only mode refuses a frame with the one text that it has, whatever the reason; its number is used up, no counter moves. */
  p2pRefusal(): this {
    const s = this.session();
    s.fellBack = true;
    s.seq += 1;
    this.entry(s.from, s.sid).seq = s.seq;
    if (this.era(s.from) !== 'E6') return this.line(s.from, `hotlink p2p_only: dropping packet seq=${s.seq} (webrtc not ready after wait)`);
    const text = `hotlink p2p_only send failed: webrtc not ready after wait session=${s.sid} path=${s.path} seq=${s.seq}`;
    this.line(s.from, text, 'ERROR');
    return this.line(s.from, `hotlink tcp proxy: send failed (continuing): ${text}`, 'ERROR');
  }

  /** The data channel of the session opens at both sides. */
  channelOpen(): this {
    const s = this.session();
    s.p2p = true;
    this.now += 5;
    this.line(s.to, `hotlink webrtc data channel open (offerer): session=${s.id}`);
    this.line(s.from, `hotlink webrtc data channel open (answerer): session=${s.id}`);
    this.entry(s.from, s.sid).webrtc = 'connected';
    const inbound = this.last(s.to).inbound.get(s.sid);
    if (inbound !== undefined) inbound.webrtc = 'connected';
    return this.noFallback();
  }

  /** The acceptor cannot build a peer connection: TURN without credentials (F-14). */
  turnMissing(): this {
    const s = this.session();
    this.line(s.to, `hotlink webrtc offer starting: session=${s.id}`);
    return this.line(s.to, 'hotlink webrtc session create failed: turn server credentials required', 'ERROR');
  }

  /** Strict mode refuses a frame; its number is used up, no counter moves (trap 13). */
  strictRefusal(): this {
    const s = this.session();
    s.fellBack = true;
    s.seq += 1;
    this.entry(s.from, s.sid).seq = s.seq;
    this.last(s.from).violations += 1;
    const text = `hotlink strict: websocket fallback attempted (not ready) session=${s.sid} path=${s.path} seq=${s.seq}`;
    this.line(s.from, text, 'ERROR');
    return this.line(s.from, `hotlink tcp proxy: send failed (continuing): ${text}`, 'ERROR');
  }

  // ---- raw lines and files

  /** A line of a client at this time. */
  line(name: string, text: string, level: Level = 'INFO', extra = ''): this {
    this.party(name).lines.push({ t: this.now, order: this.order++, level, text, extra });
    return this;
  }

  /** A line of the relay at this time. */
  relay(level: RelayLevel, place: string, message: string, attributes: Readonly<Record<string, RelayValue>> = {}): this {
    this.relayLines.push({
      t: this.now,
      order: this.order++,
      text: relayDev(BASE_MS + this.now, this.zone, level, place, message, attributes),
    });
    return this;
  }

  /** A file as it is, or (null) not at all. */
  file(path: string, text: string | null): this {
    this.extraFiles.set(path, text);
    return this;
  }

  /** The party's marker for a pair: as given, or (null) none. */
  marker(name: string, peer: string, text: string | null): this {
    if (text === null) this.absentMarkers.add(`${name} ${peer}`);
    else this.file(this.markerFile(name, peer), text);
    return this;
  }

  /** The same markers of an older run in the party's tree. */
  staleMarkers(name: string): this {
    for (const peer of this.peersOf(name)) {
      this.file(this.markerFile(name, peer).replace(RUN, OLD_RUN), this.markerJson(name, peer));
    }
    return this;
  }

  /** The ACL of the party's channel to a peer; null: none. */
  acl(name: string, peer: string, text: string | null): this {
    return this.file(`${runDirectory(this.party(name).email, RUN)}/_mpc/${this.channel(name, peer)}/syft.pub.yaml`, text);
  }

  progress(name: string, steps: Readonly<Record<string, StepState>>, run = RUN): this {
    const { email } = this.party(name);
    return this.file(`${runDirectory(email, run)}/_progress/state.json`, stateText(email, run, steps));
  }

  /** Fields of the telemetry file that are to differ from what the story makes. */
  patch(name: string, fields: Readonly<Record<string, unknown>>): this {
    const p = this.party(name);
    p.patch = { ...p.patch, ...fields };
    return this;
  }

  /** No telemetry of these parties (all when none is named). */
  withoutTelemetry(...names: string[]): this {
    for (const name of names.length === 0 ? this.parties.keys() : names) this.noTelemetry.add(name);
    return this;
  }

  /** No logs of these parties (all when none is named). */
  withoutLogs(...names: string[]): this {
    for (const name of names.length === 0 ? this.parties.keys() : names) this.noLogs.add(name);
    return this;
  }

  /** The whole folder of a party was not collected. */
  withoutFolder(name: string): this {
    this.folders.add(this.party(name).email);
    return this;
  }

  /** Lines that match are left out of every file. */
  without(pattern: RegExp): this {
    this.removals.push(pattern);
    return this;
  }

  /** What the user says of the run. */
  told(note: string): this {
    this.notes.push(note);
    return this;
  }

  // ---- names

  email(name: string): string {
    return this.party(name).email;
  }

  /** Directory of a party's channel to a peer. */
  channel(from: string, to: string): string {
    const [a, b] = [this.party(from).index, this.party(to).index];
    return this.options.layout === 'shared-dir' ? `${Math.min(a, b)}_to_${Math.max(a, b)}` : `${a}_to_${b}`;
  }

  path(owner: string, channel: string, run = RUN): string {
    return `${this.party(owner).email}/shared/flows/syqure-flow/${run}/_mpc/${channel}/stream.tcp.request`;
  }

  /** Path on which a party opens towards a peer, by its era (field guide 8.4). */
  outbound(from: string, to: string): string {
    const old = ['E1b', 'E3', 'E4'].includes(this.era(from));
    return old ? this.canonical(from, to) : this.path(from, this.channel(from, to));
  }

  canonical(x: string, y: string): string {
    const [a, b] = [this.party(x).index, this.party(y).index];
    const owner = this.party(x).email < this.party(y).email ? x : y;
    return this.path(owner, `${Math.min(a, b)}_to_${Math.max(a, b)}`);
  }

  port(name: string, peer: string): number {
    return portOf(this.party(name).index, this.party(peer).index, this.parties.size);
  }

  /** Own time for raw lines of evidence that carry a stamp of their own. */
  epochMs(): number {
    return BASE_MS + this.now;
  }

  private party(name: string): Party {
    const p = this.parties.get(name);
    if (p === undefined) throw new Error(`the story has no party ${name}`);
    return p;
  }

  private era(name: string): Era {
    return this.party(name).era;
  }

  private session(): Session {
    if (this.current === undefined) throw new Error('the story has no session yet');
    return this.current;
  }

  private last(name: string): Manager {
    const m = this.party(name).managers.at(-1);
    if (m === undefined) throw new Error(`${name} has not started`);
    return m;
  }

  private entry(name: string, sid: string): SessionEnd {
    for (const m of this.party(name).managers.toReversed()) {
      const hit = m.outbound.get(sid);
      if (hit !== undefined) return hit;
    }
    throw new Error(`${name} has no session ${sid}`);
  }

  private peersOf(name: string): string[] {
    return [...this.parties.keys()].filter((n) => n !== name);
  }

  private move(name: string, by: Partial<Figures>): void {
    const m = this.last(name);
    const before = m.movements.at(-1) ?? { tx: 0, txBytes: 0, txP2p: 0, rx: 0, rxBytes: 0 };
    m.movements.push({
      t: this.now,
      tx: before.tx + (by.tx ?? 0),
      txBytes: before.txBytes + (by.txBytes ?? 0),
      txP2p: before.txP2p + (by.txP2p ?? 0),
      rx: before.rx + (by.rx ?? 0),
      rxBytes: before.rxBytes + (by.rxBytes ?? 0),
    });
  }

  private taken(type: string, name: string): string {
    const p = this.party(name);
    const id = uuid(`message ${++this.ids}`);
    this.relay('DBG', 'server/server.go:200', 'server received websocket message', {
      msgType: { bare: type },
      msgId: id,
      connId: p.connection,
      from: p.email,
    });
    return id;
  }

  private written(type: string, id: string, name: string): void {
    this.relay('DBG', 'ws/ws_client.go:137', 'wsclient writer', {
      connId: this.party(name).connection,
      msgId: id,
      msgType: { bare: type },
    });
  }

  private markerFile(name: string, peer: string): string {
    return `${runDirectory(this.party(name).email, RUN)}/_mpc/${this.channel(name, peer)}/stream.tcp`;
  }

  markerJson(name: string, peer: string): string {
    const [a, b] = this.party(name).index < this.party(peer).index ? [name, peer] : [peer, name];
    return markerText(
      this.email(name),
      this.email(peer),
      { [this.email(name)]: this.port(name, peer), [this.email(peer)]: this.port(peer, name) },
      this.port(a, b),
    );
  }

  // ---- the sandbox

  /** Every file of the sandbox at the end of the story. */
  files(): Files {
    const files = new Map<string, string>();
    for (const [name, p] of this.parties) {
      this.smallFiles(name, p, files);
      if (!this.noLogs.has(name)) this.clientLog(p, files);
    }
    if (this.options.relay !== false) files.set(RELAY_LOG, this.relayText());
    for (const [path, text] of this.extraFiles) {
      if (text === null) files.delete(path);
      else files.set(path, text);
    }
    for (const path of files.keys()) if (this.folders.has(path.split('/')[0] ?? '')) files.delete(path);
    for (const pattern of this.removals) {
      for (const [path, text] of files)
        files.set(
          path,
          text
            .split('\n')
            .filter((line) => !pattern.test(line))
            .join('\n'),
        );
    }
    return files;
  }

  private smallFiles(name: string, p: Party, files: Map<string, string>): void {
    const mpc = `${runDirectory(p.email, RUN)}/_mpc`;
    const all = [...this.parties.values()].map((x) => x.email);
    files.set(`${mpc}/syft.pub.yaml`, aclText({ read: all, write: [], admin: [p.email] }));
    for (const peer of this.peersOf(name)) {
      const pair = [p.email, this.email(peer)];
      if (!this.absentMarkers.has(`${name} ${peer}`)) files.set(this.markerFile(name, peer), this.markerJson(name, peer));
      files.set(`${mpc}/${this.channel(name, peer)}/syft.pub.yaml`, aclText({ read: pair, write: pair, admin: [p.email] }));
    }
    if (p.hotlinkOn && p.managers.length > 0 && !this.noTelemetry.has(name)) files.set(telemetryPath(p.email), this.telemetry(name, p));
  }

  private lifeEnd(p: Party): number {
    return Math.min(this.now, p.diedAt ?? Infinity);
  }

  private clientLog(p: Party, files: Map<string, string>): void {
    if (p.lines.length === 0) return;
    const end = Math.min(this.lifeEnd(p), p.logEndsAt ?? Infinity);
    const lines = [...p.lines, ...this.heartbeats(p)].filter((l) => l.t <= end).toSorted((a, b) => a.t - b.t || a.order - b.order);
    const stamp = (l: Stamped): number => BASE_MS + l.t + p.skew;
    files.set(logPath(p.email), lines.map((l) => `${rustFile(stamp(l), l.level, l.text, l.extra)}\n`).join(''));
    if (this.options.stdout === true)
      files.set(`${p.email}/client-daemon.log`, lines.map((l) => `${rustStdout(stamp(l), l.level, l.text, l.extra)}\n`).join(''));
  }

  /** Summary lines of every manager, and sync passes (thinned to two a second) while the path to the relay is open. */
  private heartbeats(p: Party): Stamped[] {
    const out: Stamped[] = [];
    const end = this.lifeEnd(p);
    const start = p.lines[0]?.t ?? 0;
    let order = 1_000_000;
    const add = (t: number, text: string): void => void out.push({ t, order: order++, level: 'INFO', text, extra: '' });
    if (p.era !== 'E1b') {
      for (const m of p.managers) {
        add(m.since, this.summaryAt(m, m.since));
        for (let t = m.since; t <= end; t += 3001) add(t, this.summaryAt(m, t));
      }
    }
    for (let t = start + 70; t <= Math.min(end, p.frozenAt ?? Infinity); t += 500)
      add(t, 'scan_remote: server returned 4 files, ignored=0, filtered=0, kept=4');
    return out;
  }

  private summaryAt(m: Manager, t: number): string {
    const now = m.movements.findLast((x) => x.t <= t) ?? { tx: 0, txBytes: 0, txP2p: 0, rx: 0, rxBytes: 0 };
    const out = [...m.outbound.values()];
    const accepted = out.filter((s) => s.status === 'accepted').length;
    const moved = t > m.since;
    const up = [...out, ...m.inbound.values()].filter((s) => s.webrtc === 'connected').length;
    const state = !moved || up === 0 ? 'p2p:off' : `p2p:UP(${up})`;
    return summary(now, state, moved ? m.inbound.size : 0, moved ? accepted : 0, moved ? out.length - accepted : 0);
  }

  private telemetry(name: string, p: Party): string {
    const m = p.managers.at(-1);
    if (m === undefined) return '';
    const end = this.lifeEnd(p);
    const updated = m.since + Math.floor((end - m.since) / 3001) * 3001;
    const f = m.movements.findLast((x) => x.t <= updated) ?? { tx: 0, txBytes: 0, txP2p: 0, rx: 0, rxBytes: 0 };
    const out = [...m.outbound.values()];
    const inbound = [...m.inbound.values()];
    const connected = [...out, ...inbound].filter((s) => s.webrtc === 'connected').length;
    const live = {
      inbound: inbound.length,
      outbound_accepted: out.filter((s) => s.status === 'accepted').length,
      outbound_pending: out.filter((s) => s.status !== 'accepted').length,
      proxies: this.peersOf(name)
        .filter((peer) => !this.absentMarkers.has(`${name} ${peer}`) && !this.unusable(name, peer))
        .map((peer) => ({ connected: p.apps.get(peer) ?? false, from: p.email, port: this.port(name, peer), to: this.email(peer) })),
      sessions_in: inbound.map((s) => ({ channel: s.channel, peer: s.owner, sid: s.sid, webrtc: s.webrtc })),
      sessions_out: out.map((s) => ({ channel: s.channel, peer: s.owner, seq: s.seq, sid: s.sid, status: s.status, webrtc: s.webrtc })),
      tcp_proxies: this.peersOf(name).length,
      webrtc_connected: connected,
    };
    const counters = {
      rx_avg_write_ms: 0.5,
      rx_bytes: f.rxBytes,
      rx_max_write_ms: 1,
      rx_packets: f.rx,
      started_ms: BASE_MS + m.since + p.skew,
      tx_avg_send_ms: 0.5,
      tx_bytes: f.txBytes,
      tx_max_send_ms: 0,
      tx_packets: f.tx,
      tx_ws_packets: f.tx - f.txP2p,
      updated_ms: BASE_MS + updated + p.skew,
      ws_fallbacks: m.fallbacks,
    };
    const body =
      p.era === 'E1b'
        ? { mode: 'hotlink_quic_pref', quic_answers_err: 0, quic_answers_ok: 0, quic_offers: 0, tx_quic_packets: 0, ...counters }
        : {
            live,
            mode: m.violations > 0 ? 'hotlink_p2p_strict' : 'hotlink_p2p',
            p2p_answers_err: 0,
            p2p_answers_ok: connected,
            p2p_offers: m.offers,
            tx_p2p_packets: f.txP2p,
            webrtc_connected: connected,
            ...counters,
          };
    const six = p.era === 'E6' ? { bench_strict: m.violations > 0, strict_violations: m.violations } : {};
    const all: Record<string, unknown> = { ...body, ...six, ...p.patch };
    return JSON.stringify(
      Object.fromEntries(
        Object.entries(all)
          .filter(([, v]) => v !== undefined)
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
  }

  /** The client passes over a marker that the story wrote and that holds no JSON object with this party's port. */
  private unusable(name: string, peer: string): boolean {
    const text = this.extraFiles.get(this.markerFile(name, peer));
    return text !== undefined && text !== null && !text.includes('"from"');
  }

  private relayText(): string {
    const lines = [...this.relayLines];
    const start = lines[0]?.t ?? 0;
    let order = 1_000_000;
    for (const p of this.parties.values()) {
      const from = p.lines[0]?.t;
      if (from === undefined) continue;
      const until = Math.min(this.lifeEnd(p), p.frozenAt ?? Infinity);
      for (let t = Math.max(start, from); t <= until; t += 5000)
        lines.push({ t, order: order++, text: healthz(BASE_MS + t, this.zone, p.email) });
    }
    return lines
      .toSorted((a, b) => a.t - b.t || a.order - b.order)
      .map((l) => `${l.text}\n`)
      .join('');
  }
}

function twinConnection(name: string): string {
  return uuid(`twin ${name}`).slice(0, 8);
}

function channelIn(path: string): string {
  return /\/(\d+_to_\d+)\//.exec(path)?.[1] ?? '';
}

/** Secrets of every known shape, and every kind of file that ingest reads with a text in it wherever its format has room. */
import { encodeMessage } from '../../src/protocol/message-codec.ts';
import { linesOf } from '../ingest/fixtures.ts';
import { CLIENT1, CLIENT_LOG, CLIENT_OUTPUT, FLOW, RELAY_LOG, relayLine, rustLine, SESSION, stdoutLine } from '../ingest/sandbox.ts';
import { IS_FULL, type Chance } from './mutate.ts';
import { captureLine, webSocketFrame } from './wire.ts';

/** Secrets of one run, so that each is looked for in what comes out. */
export class Secrets {
  readonly all: string[] = [];
  private readonly chance: Chance;

  constructor(chance: Chance) {
    this.chance = chance;
  }

  /** A secret of these characters, remembered. */
  readonly of = (characters: string, length: number): string => {
    let text = '';
    while (text.length < length) text += characters[this.chance.below(characters.length)] ?? '';
    this.all.push(text);
    return text;
  };

  readonly word = (): string => this.of('ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789', 16 + this.chance.below(24));
  readonly base64 = (): string => this.of('ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789+/_-', 24 + this.chance.below(40));
}

/** A shape: text that holds a new secret as programs print it. */
export type Shape = (s: Secrets) => string;

export const SHAPES: Readonly<Record<string, Shape>> = {
  'json web token': (s) => `eyJhbGciOiJIUzI1NiJ9.eyJ${s.of('ABCabc0123456789_-', 40)}.${s.of('ABCabc0123456789_-', 43)}`,
  bearer: (s) => `Authorization: Bearer ${s.base64()}`,
  'bearer alone': (s) => `sent bearer ${s.base64()} to the server`,
  basic: (s) => `authorization=Basic ${s.base64()}==`,
  'other scheme': (s) => `Authorization: Token ${s.base64()}`,
  'signed request': (s) => `Authorization: AWS4-HMAC-SHA256 Credential=${s.word()}/20260209/auto/s3, Signature=${s.word()}`,
  'client token': (s) => `client_token=${s.word()}`,
  'token with colon': (s) => `token: ${s.word()}`,
  'quoted token': (s) => `token="${s.word()}"`,
  'token in json': (s) => `{"access_token":"${s.word()}","n":1}`,
  'token in rust': (s) => `client_token: Some("${s.word()}")`,
  'token in a query': (s) => `GET /api/v1/ws?user=a&token=${s.word()}&x=1`,
  'turn line': (s) => `hotlink TURN pass from server: ${s.word()}`,
  'turn link': (s) => `turn:${s.word()}:${s.word()}@turn.example.org:3478`,
  'turn variable': (s) => `TURN_USER=${s.word()} TURN_PASS=${s.word()}`,
  'ice server': (s) => `{"urls":"turn:x","credential":"${s.word()}"}`,
  'store keys': (s) => `access_key: ${s.word()} secret_key: ${s.word()}`,
  'store variables': (s) => `MINIO_ROOT_USER=${s.word()} MINIO_ROOT_PASSWORD=${s.word()}`,
  'cloud key': (s) => `using AKIA${s.of('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 16)} for the bucket`,
  'cloud variable': (s) => `AWS_SECRET_ACCESS_KEY=${s.base64()}`,
  'signed link': (s) => `http://127.0.0.1:9000/b/o?X-Amz-Credential=${s.word()}&X-Amz-Signature=${s.word()}&X-Amz-Expires=3600`,
  'link with password': (s) => `http://${s.word()}:${s.word()}@127.0.0.1:8080/x`,
  'link without user': (s) => `redis://:${s.word()}@127.0.0.1/0`,
  cookie: (s) => `Cookie: sid=${s.word()}; csrf=${s.word()}`,
  'set cookie': (s) => `Set-Cookie: session=${s.word()}; Path=/`,
  'api key': (s) => `X-Api-Key: ${s.word()}`,
  password: (s) => `password=${s.word()}`,
  'password with blanks': (s) => `password="${s.word()} ${s.word()}"`,
  'websocket key': (s) => `Sec-Websocket-Key: ${s.base64()}==`,
  'github token': (s) => `ghp_${s.of('ABCabc0123456789', 36)}`,
};

/** What one kind of file looks like with a text in it, everywhere where its format has room. */
export interface Kind {
  /** Source kind that ingest gives it; a kind that no reader knows yet is said loudly and checked all the same. */
  readonly kind: string;
  readonly files: (say: () => string) => Readonly<Record<string, string>>;
}

/** As the desktop writes before each line (field guide 2.3). */
const DESKTOP = '[2026-02-09T13:14:15+10:00][INFO] ';
const DATASITE = `${CLIENT1}/datasites/${CLIENT1}`;
const json = (value: unknown): string => `${JSON.stringify(value)}\n`;
/** As attributes of a slog line are printed. */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

export const KINDS: Readonly<Record<string, Kind>> = {
  'client log': {
    kind: 'client-log',
    files: (say) => ({
      [CLIENT_LOG]: [
        ...linesOf('rust-file')
          .slice(0, 4)
          .map((line) => `${line}\n`),
        rustLine(`hotlink ws connect error: ${say()}`),
        rustLine(`hotlink webrtc error: session=${SESSION} error=${say()}`),
        rustLine(`hotlink of tomorrow: ${say()}`),
        rustLine(`something else: ${say()}`),
        `${say()}\n`,
        rustLine(`hotlink tcp proxy: bind retry 127.0.0.1:10003: ${say()}`),
      ].join(''),
    }),
  },
  'client log, cut': {
    kind: 'client-log',
    files: (say) => ({ [CLIENT_LOG]: rustLine('daemon start') + rustLine(`hotlink of tomorrow ${'x'.repeat(150)} ${say()}`).slice(0, -3) }),
  },
  'client output': {
    kind: 'client-log',
    files: (say) => ({
      [CLIENT_OUTPUT]: [
        ...linesOf('rust-stdout')
          .slice(0, 4)
          .map((line) => `${line}\n`),
        stdoutLine(`hotlink ws connect error: ${say()}`),
        stdoutLine(`hotlink of tomorrow: ${say()}`),
        stdoutLine('sync error: request failed'),
        `\nCaused by:\n    0: ${say()}\n`,
        `${say()}\n`,
      ].join(''),
    }),
  },
  'desktop log': {
    kind: 'client-log',
    files: (say) => ({
      [`${CLIENT1}/logs/desktop.log`]: [
        ...linesOf('rust-stdout')
          .slice(0, 4)
          .map((line) => `${DESKTOP}[STDOUT] ${line}\n`),
        `${DESKTOP}[STDOUT] ${stdoutLine(`hotlink ws connect error: ${say()}`)}`,
        `${DESKTOP}[STDOUT] ${stdoutLine(`hotlink of tomorrow: ${say()}`)}`,
        `${DESKTOP}[STDERR] ${say()}\n`,
        `${DESKTOP}${say()}\n`,
        `{"time":"2026-02-09T03:14:15Z","msg":${JSON.stringify(say())}}\n`,
        `${say()}\n`,
      ].join(''),
    }),
  },
  'go client log': {
    kind: 'client-log',
    files: (say) => ({
      [CLIENT_LOG]: [
        ...linesOf('go-file')
          .slice(0, 6)
          .map((line) => `${line}\n`),
        `line=412 time=2026-02-09T13:14:15+10:00 level=WARN msg="hotlink accept send failed" session=${SESSION} error=${quoted(say())}\n`,
        `line=413 time=2026-02-09T13:14:15+10:00 level=WARN msg="hotlink of tomorrow" error=${quoted(say())}\n`,
        `line=414 time=2026-02-09T13:14:15+10:00 level=WARN msg=${quoted(say())}\n`,
        `${say()}\n`,
      ].join(''),
    }),
  },
  'relay log': {
    kind: 'relay-log',
    files: (say) => ({
      [RELAY_LOG]: [
        ...linesOf('relay-dev')
          .slice(0, 6)
          .map((line) => `${line}\n`),
        relayLine('wsclient reader', { error: quoted(say()), connId: "'8f14e45f'" }),
        relayLine('hotlink of tomorrow', { error: quoted(say()) }),
        relayLine('Incoming request', {
          'http.request.path': "'/api/v1/events'",
          'http.request.query': quoted(say()),
          'http.request.header.Authorization': quoted(say()),
        }),
        relayLine(`unheard of: ${say()}`),
        `${say()}\n`,
      ].join(''),
    }),
  },
  'relay log, json': {
    kind: 'relay-log',
    files: (say) => ({
      [RELAY_LOG]: [
        ...linesOf('relay-json')
          .slice(0, 4)
          .map((line) => `${line}\n`),
        json({ time: '2026-02-09T03:14:15Z', level: 'WARN', msg: 'wsclient reader', connId: '8f14e45f', error: say() }),
        json({ time: '2026-02-09T03:14:15Z', level: 'WARN', msg: 'hotlink of tomorrow', error: say(), [say()]: 1 }),
        json({ time: '2026-02-09T03:14:15Z', level: 'WARN', msg: 1, headers: { Authorization: [say()] } }),
        `{"time":"2026-02-09T03:14:15Z","broken":${JSON.stringify(say())}\n`,
      ].join(''),
    }),
  },
  "relay log in docker's": {
    kind: 'relay-log',
    files: (say) => ({
      'docker-logs-relay.log': [
        ...linesOf('relay-dev').slice(0, 6),
        relayLine('wsclient reader', { error: quoted(say()), connId: "'8f14e45f'" }).trimEnd(),
        relayLine('hotlink of tomorrow', { error: quoted(say()) }).trimEnd(),
        say(),
      ]
        .map((line) => `relay-1  | 2026-02-09T03:14:15.123456789Z ${line}\n`)
        .join(''),
    }),
  },
  telemetry: {
    kind: 'telemetry',
    files: (say) => ({
      [`${DATASITE}/.syftbox/hotlink_telemetry.json`]: json({
        mode: say(),
        tx_bytes: 1,
        rx_bytes: 2,
        updated_ms: 1_770_606_855_000,
        [say()]: 1,
        live: {
          inbound: 1,
          sessions_in: [{ sid: say(), peer: say(), channel: say(), status: say(), seq: 1, webrtc: say() }],
          proxies: [{ port: 10_003, from: say(), to: say(), connected: true }],
        },
      }),
    }),
  },
  'telemetry, broken': {
    kind: 'telemetry',
    files: (say) => ({ [`${DATASITE}/.syftbox/hotlink_telemetry.json`]: `{"mode":${JSON.stringify(say())},"tx_bytes":` }),
  },
  marker: {
    kind: 'marker',
    files: (say) => ({
      [`${DATASITE}/${FLOW}/_mpc/1_to_2/stream.tcp`]: json({ from: say(), to: say(), port: 9003, ports: { [say()]: 10_003 } }),
      [`${DATASITE}/${FLOW}/_mpc/1_to_0/stream.tcp`]: say(),
    }),
  },
  'accept marker': { kind: 'accept-marker', files: (say) => ({ [`${DATASITE}/${FLOW}/_mpc/1_to_2/stream.accept`]: `${say()}\n` }) },
  'socket marker': { kind: 'ipc-marker', files: (say) => ({ [`${DATASITE}/${FLOW}/_mpc/1_to_2/stream.sock`]: `/tmp/${say()}\n` }) },
  acl: {
    kind: 'acl',
    files: (say) => ({
      [`${DATASITE}/${FLOW}/_mpc/syft.pub.yaml`]: `rules:\n- pattern: '${say().replaceAll("'", '')}'\n  access:\n    read:\n    - '${say().replaceAll("'", '')}'\n`,
      [`${DATASITE}/${FLOW}/syft.pub.yaml`]: `rules: [{pattern: ${JSON.stringify(say())}, access: {read: [${JSON.stringify(say())}]}}]\n`,
      [`${DATASITE}/shared/syft.pub.yaml`]: `${say()}\n- {`,
    }),
  },
  progress: {
    kind: 'progress',
    files: (say) => ({
      [`${DATASITE}/${FLOW}/_progress/state.json`]: json({
        status: 'failed',
        steps: { a: { status: 'failed', error: say() }, [say()]: { status: say() } },
      }),
      [`${DATASITE}/${FLOW}/_progress/progress.json`]: [
        json({ event: say(), step: say(), status: say(), message: say(), timestamp: '2026-02-09T03:14:15Z' }),
        json({ note: say() }),
        `${say()}\n`,
      ].join(''),
    }),
  },
  phase: { kind: 'phase', files: (say) => ({ [`${DATASITE}/${FLOW}/result.json.phase`]: `start:before_mpc\n${say()}\n` }) },
  'access log': {
    kind: 'access-log',
    files: (say) => ({
      'relay/server/logs/access.log': [
        ...Array.from({ length: 4 }, () =>
          json({
            timestamp: '2026-02-09 03:14:15.926 UTC',
            path: say(),
            access_type: say(),
            user: say(),
            ip: '127.0.0.1',
            user_agent: say(),
            allowed: true,
          }),
        ),
        json({ timestamp: '2026-02-09 03:14:15.926 UTC', path: say() }),
        `${say()}\n`,
      ].join(''),
    }),
  },
  stack: {
    kind: 'stack',
    files: (say) => ({
      'relay/state.json': json({ root: say(), server: { port: 8080 }, clients: [{ email: say(), pid: 1, port: 7938 }], token: say() }),
    }),
  },
  config: {
    kind: 'config',
    files: (say) => ({
      [`${CLIENT1}/.syftbox/config.json`]: json({ email: CLIENT1, client_token: say() }),
      'relay/server/config.yaml': `blob:\n  access_key: ${say()}\n  secret_key: ${say()}\nauth: ${say()}\n`,
    }),
  },
  'a file nobody knows': { kind: 'unknown', files: (say) => ({ 'notes.txt': `${say()}\n` }) },
  'runner text': {
    kind: 'runner',
    files: (say) => ({
      'runner.log': `+ export ${say()}\n[secure_aggregate] ${say()}\nCPa->CPb: CONNECT_FAIL 127.0.0.1:14001 ${say()}\nhotlink: exit status 1: ${say()}\n${say()}\n`,
    }),
  },
  'container description': {
    kind: 'container',
    files: (say) => ({
      'containers.json': json([
        {
          Id: 'a'.repeat(64),
          Name: '/syqure-29510000-pid0',
          State: { Status: 'exited', ExitCode: 1, Error: say() },
          Config: { Env: [say(), 'PATH=/bin'], Cmd: [say()], Labels: { [say()]: say() }, Image: say() },
          Mounts: [{ Source: say(), Destination: '/x' }],
          NetworkSettings: { Ports: {}, Networks: { [say()]: {} } },
        },
      ]),
    }),
  },
  'containers, a line each': {
    kind: 'container',
    files: (say) => ({
      'docker-ps.jsonl': [
        json({
          ID: 'b'.repeat(12),
          Names: 'syqure-29510000-pid1',
          Image: say(),
          Status: 'Exited (1)',
          Mounts: say(),
          Networks: say(),
          Labels: say(),
        }),
        json({ ID: 'c'.repeat(12), Names: say(), State: 'running', Status: say(), Ports: say(), Command: say() }),
        `${say()}\n`,
      ].join(''),
      'docker-stats.jsonl': json({ Name: say(), CPUPerc: '1.00%', MemUsage: say(), Note: say() }),
    }),
  },
  'what is taken beside the files': {
    kind: 'collected',
    files: (say) => ({
      '_collected/manifest.json': json({ what: 'collection', sandbox: say(), problems: [say()], leftOut: [{ path: say(), why: say() }] }),
      '_collected/journal.jsonl': json({ t: 1, what: say(), path: say() }) + `${say()}\n`,
      '_collected/system.json': json({ platform: 'linux', disk: null, note: say() }),
      '_collected/processes.txt': `    PID    PPID USER     STAT     ELAPSED     TIME %CPU   RSS COMMAND\n      7       1 root     Ss          01:02 00:00:00  0.0  1816 syftbox ${say()}\n`,
      '_collected/sockets.txt': `State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\nESTAB 0 0 127.0.0.1:1 127.0.0.1:2 ${say()}\n`,
    }),
  },
  capture: {
    kind: 'capture',
    files: (say) => ({
      'capture.jsonl': [
        captureLine(
          1_770_606_855.1,
          1,
          'to_relay',
          `GET /api/v1/events?user=${encodeURIComponent(CLIENT1)} HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Note: ${say()}\r\nCookie: ${say()}\r\n\r\n`,
        ),
        captureLine(
          1_770_606_855.2,
          1,
          'to_client',
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Note: ${say()}\r\n\r\n`,
        ),
        captureLine(
          1_770_606_855.3,
          1,
          'to_client',
          webSocketFrame(2, encodeMessage({ type: 'HOTLINK_REJECT', id: 'm1', session: SESSION, reason: say() }, 'msgpack')),
        ),
      ].join(''),
    }),
  },
};

/** Shapes for one sandbox: each of them is a party or two, and pairs of parties are many. */
const SHAPES_AT_A_TIME = 4;

export function chosen(chance: Chance): readonly Shape[] {
  const all = Object.values(SHAPES);
  return IS_FULL ? all : Array.from({ length: SHAPES_AT_A_TIME }, () => chance.pick(all));
}

/** As much of a secret as must not come out. */
const TELLING = 10;

/** The first piece of a secret that stands in the text, with what stands around it. */
export function leakIn(text: string, secrets: readonly string[]): string | undefined {
  for (const secret of secrets) {
    for (let from = 0; from + TELLING <= secret.length; from += 4) {
      const at = text.indexOf(secret.slice(from, from + TELLING));
      if (at >= 0) return text.slice(Math.max(0, at - 120), at + 60);
    }
  }
  return undefined;
}

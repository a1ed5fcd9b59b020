/**
 * Secrets of every known shape planted into every kind of file that ingest reads: none may come out anywhere.
 *
 * A new kind of file is one entry of KINDS, a new shape of secret one entry of SHAPES. The secrets are new in each run; a
 * failure says the seed (`HLD_FUZZ_SEED` repeats it).
 */
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { excerptReader, saveExcerpts } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { mask } from '../../src/ingest/mask.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { renderJson } from '../../src/report/json.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { diagnose } from '../../src/rules/diagnose.ts';
import { sql } from '../../src/store/sql.ts';
import { Store } from '../../src/store/store.ts';
import { encodeMessage } from '../../src/protocol/message-codec.ts';
import { runBin } from '../helpers/bin.ts';
import { filesLike, sampleCases } from '../helpers/cases.ts';
import { captureLine, webSocketFrame } from '../helpers/wire.ts';
import { forCases, IS_FULL, type Chance } from '../helpers/mutate.ts';
import { linesOf } from '../ingest/fixtures.ts';
import {
  CLIENT1,
  CLIENT_LOG,
  CLIENT_OUTPUT,
  FLOW,
  makeSandbox,
  RELAY_LOG,
  relayLine,
  removeSandboxes,
  rustLine,
  SESSION,
  stdoutLine,
} from '../ingest/sandbox.ts';

/** Secrets of one run, so that each is looked for in what comes out. */
class Secrets {
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
type Shape = (s: Secrets) => string;

const SHAPES: Readonly<Record<string, Shape>> = {
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
interface Kind {
  /** Source kind that ingest gives it; a kind that no reader knows yet is said loudly and checked all the same. */
  readonly kind: string;
  readonly files: (say: () => string) => Readonly<Record<string, string>>;
}

const DATASITE = `${CLIENT1}/datasites/${CLIENT1}`;
const json = (value: unknown): string => `${JSON.stringify(value)}\n`;
/** As attributes of a slog line are printed. */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

const KINDS: Readonly<Record<string, Kind>> = {
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

function chosen(chance: Chance): readonly Shape[] {
  const all = Object.values(SHAPES);
  return IS_FULL ? all : Array.from({ length: SHAPES_AT_A_TIME }, () => chance.pick(all));
}

/** Judges a sandbox as `analyze --db FILE --format json --format text --verbose` does. */
async function analyzed(
  root: string,
  database: string,
): Promise<{ json: string; text: string; sources: Diagnosis['accounting']['sources'] }> {
  const store = await Store.create(database);
  try {
    await loadInput(root, store, {});
    await saveExcerpts(root, store);
    const d = await diagnose(store.query, excerptReader(root, store), {});
    return {
      json: renderJson(d),
      text: renderTerminal(d, { width: 132, color: true, ascii: false, verbose: true }),
      sources: d.accounting.sources,
    };
  } finally {
    store.close();
  }
}

/** All texts of the tables, one a line. */
async function everyText(file: string): Promise<string> {
  const store = await Store.openSaved(file);
  try {
    const columns = await store.query(
      sql`SELECT table_name AS name, column_name AS part FROM information_schema.columns WHERE data_type = 'VARCHAR' AND table_schema = 'main' ORDER BY 1, 2`,
    );
    expect(columns.length).toBeGreaterThan(60);
    const texts: string[] = [];
    for (const { name, part } of columns) {
      const { rows } = await store.runUserSql(`SELECT DISTINCT "${part}" FROM "${name}" WHERE "${part}" IS NOT NULL`);
      for (const [value] of rows) texts.push(`${name}.${part}: ${value}`);
    }
    return texts.join('\n');
  } finally {
    store.close();
  }
}

/** As much of a secret as must not come out. */
const TELLING = 10;

/** The first piece of a secret that stands in the text, with what stands around it. */
function leakIn(text: string, secrets: readonly string[]): string | undefined {
  for (const secret of secrets) {
    for (let from = 0; from + TELLING <= secret.length; from += 4) {
      const at = text.indexOf(secret.slice(from, from + TELLING));
      if (at >= 0) return text.slice(Math.max(0, at - 120), at + 60);
    }
  }
  return undefined;
}

const scratch = mkdtempSync(join(tmpdir(), 'hld-secrets-'));
afterAll(() => {
  removeSandboxes();
  rmSync(scratch, { recursive: true });
});

describe.each(Object.entries(KINDS))('secrets in %s', (name, { kind, files }) => {
  it('come out nowhere', { timeout: 60_000 }, async () => {
    await forCases(1, async (chance) => {
      const secrets = new Secrets(chance);
      const all: Record<string, string> = {};
      const paths: string[] = [];
      for (const [index, shape] of chosen(chance).entries()) {
        for (const [path, text] of Object.entries(files(() => shape(secrets)))) {
          all[`${index}/${path}`] = text;
          paths.push(`${index}/${path}`);
        }
      }
      const root = makeSandbox(all);
      const database = join(scratch, `${name.replaceAll(/\W/g, '-')}.duckdb`);
      const { json: document, text, sources } = await analyzed(root, database);
      const raw = [database, `${database}.wal`].filter((file) => existsSync(file)).map((file) => readFileSync(file, 'latin1'));
      // Opening a database may write to it.
      const copy = join(scratch, 'copy.duckdb');
      copyFileSync(database, copy);
      const texts = await everyText(copy);
      rmSync(copy);
      const places = { json: document, text, tables: texts, database: raw.join('\n') };
      for (const [place, out] of Object.entries(places))
        expect({ place, leak: leakIn(out, secrets.all) }).toEqual({ place, leak: undefined });
      const kinds = sources.filter(({ source }) => paths.includes(source)).map((source) => source.kind);
      expect({ kind, isRead: kinds.includes(kind) }).toEqual({ kind, isRead: true });
    });
  });
});

describe('the command', () => {
  it('prints and writes no secret, whatever it is asked for', { timeout: 60_000 }, async () => {
    await forCases(1, async (chance) => {
      const secrets = new Secrets(chance);
      const shapes = Object.values(SHAPES);
      const say = (): string => chance.pick(shapes)(secrets);
      const root = makeSandbox(Object.assign({}, ...Object.values(KINDS).map(({ files }) => files(say))));
      const [database, report] = [join(scratch, 'command.duckdb'), join(scratch, 'report.txt')];
      const runs = [
        runBin(['analyze', root, '--verbose', '--format', 'json', '--format', `text=${report}`, '--db', database]),
        runBin(['query', database, 'SELECT * FROM source_rejection', '--format', 'csv']),
      ];
      const out = runs.map(({ stdout, stderr }) => stdout + stderr);
      expect({ codes: runs.map(({ code }) => code) }).toEqual({ codes: [0, 0] });
      const files = [report, database].map((file) => readFileSync(file, 'latin1'));
      expect(leakIn([...out, ...files].join('\n'), secrets.all)).toBeUndefined();
    });
  });
});

describe('a secret in a name', () => {
  it('of a folder or a file is masked, and the file is quoted all the same', { timeout: 60_000 }, async () => {
    await forCases(1, async (chance) => {
      const secrets = new Secrets(chance);
      const [sample] = sampleCases().filter((c) => c.name === 'late-application');
      const root = join(makeSandbox({}), `run token=${secrets.word()}`);
      cpSync(sample?.sandbox ?? '', join(root, `upload token=${secrets.word()}`), { recursive: true });
      const { code, stdout, stderr } = runBin(['analyze', root, '--format', 'json', '--format', 'text']);
      expect({ code, leak: leakIn(stdout + stderr, secrets.all) }).toEqual({ code: 0, leak: undefined });
      const diagnosis = JSON.parse(stdout.slice(0, stdout.indexOf('\n}\n') + 2)) as {
        causes: { evidence: { source?: string; text: string }[] }[];
      };
      const quotes = diagnosis.causes
        .flatMap((cause) => cause.evidence)
        .filter(({ source }) => source?.startsWith('upload token=***/') === true);
      expect(quotes.some((quote) => quote.text.includes('hotlink'))).toBe(true);
    });
  });

  it('is masked in errors and in notes', { timeout: 60_000 }, async () => {
    await forCases(1, (chance) => {
      const secrets = new Secrets(chance);
      const gone = runBin(['analyze', `/nowhere/token=${secrets.word()}/x`]);
      expect(gone.code).toBe(2);
      const noted = runBin(['analyze', 'samples/healthy/sandbox', '--note', `password=${secrets.word()} and it stood still`]);
      expect(leakIn(gone.stderr + noted.stdout + noted.stderr, secrets.all)).toBeUndefined();
    });
  });
});

describe('masking', () => {
  it('changes nothing that the samples say of sessions, paths, people and programs', () => {
    const changed: string[] = [];
    for (const { sandbox } of sampleCases()) {
      for (const file of filesLike(sandbox, /\.(log|json|phase|tcp)$/)) {
        if (basename(file) === 'config.json') continue;
        for (const line of readFileSync(file, 'utf8').split('\n')) {
          const text = line.slice(0, 8192);
          if (mask(text) !== text) changed.push(mask(text));
        }
      }
    }
    // What is masked there are handshakes and the control plane's token, nothing else.
    expect(changed.filter((text) => !/token|Sec-Websocket-Key|ice-ufrag|ufrag|TURN/i.test(text))).toEqual([]);
  });

  it.each([
    'hotlink session new: session=0f1e2d3c-0000-4000-8000-000000000001 path=a@x/shared/flows/f/29510000-abcdefabcdef/_mpc/1_to_2/stream.tcp.request',
    'watcher path=a@x/syft.pub.yaml etag=217734f5fef2c11adcf49fa5b948b8e3 key=a%40x%2F.syftbox%2Fhotlink_telemetry.json',
    'syft://client1@sandbox.local/app_data/x?user=client2@sandbox.local',
    'http://127.0.0.1:8080/api/v1/events?user=client1@sandbox.local',
    'return user: none', 'token: ""', 'token=', 'token: None', 'token: null', 'TURN pass from server: [set]', 'password: [set]',
    'turn:turn.example.org:3478', 'peer key mismatch: seq=3', 'keyboard: de', 'secretary=bob', 'tokens=3 keys=4',
  ])('leaves alone: %s', (text) => {
    expect(mask(text)).toBe(text);
  }); // prettier-ignore

  it('takes time in proportion to the text', () => {
    for (const word of [
      'a.',
      'authorization-',
      'token',
      '\\',
      'token=\\"\\',
      '://',
      '://a:',
      'turn:',
      'eyJ-',
      'password ',
      "token='",
      'cookie:',
      '"',
      ' ',
      'x@',
    ]) {
      const text = word.repeat(Math.ceil(4_000_000 / word.length));
      const started = performance.now();
      mask(`${text} token=x`);
      expect({ word, isFast: performance.now() - started < 1500 }).toEqual({ word, isFast: true });
    }
  });

  it('is the same when it is done twice', async () => {
    await forCases(50, (chance) => {
      const secrets = new Secrets(chance);
      const text = Array.from({ length: 5 }, () => chance.pick(Object.values(SHAPES))(secrets)).join(chance.pick([' ', ', ', '\n', ' | ']));
      expect(mask(mask(text))).toBe(mask(text));
    });
  });
});

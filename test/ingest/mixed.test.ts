import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlainDialect } from '../../src/ingest/dialect.ts';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { JSON_HEAD_BYTES } from '../../src/ingest/scan-record.ts';
import { Store } from '../../src/store/store.ts';
import { judgeFolder } from '../helpers/cases.ts';
import { excerptOf } from './fixtures.ts';
import {
  ask,
  CLIENT1,
  CLIENT2,
  CLIENT_LOG,
  CLIENT_OUTPUT,
  makeSandbox,
  RELAY_LOG,
  relayLine,
  removeSandboxes,
  requestLine,
  rustLine,
  SESSION,
  stdoutLine,
  STREAM,
} from './sandbox.ts';
import { DIALECTS, scanLog, type ReadLog, type ScanOptions } from './scan.ts';

afterAll(removeSandboxes);

const DESKTOP = '[2026-02-09T13:14:15+10:00][INFO] [STDOUT] ';
const DOCKER = '2026-02-09T03:14:15.123456789Z ';
const GITHUB = '2026-02-09T03:14:15.1234567Z ';
const PREFIXES = [
  DESKTOP,
  '[2026-02-09T13:14:15+10:00][ERROR] [STDERR] ',
  '[2026-02-09T13:14:15+10:00] [stdout] ',
  '[stderr] ',
  GITHUB,
  `\uFEFF${GITHUB}`,
  `test\tRun a scenario\t${GITHUB}`,
  `test\tRun a scenario\t\uFEFF${GITHUB}`,
  DOCKER,
  '2026-02-09T03:14:15.123456789Z stdout F ',
  '2026-02-09T03:14:15.123456+00:00 ',
  'syftbox-client-1  | ',
  '\u001b[36msyftbox_client_1 | \u001b[0m',
];

/** Each line of a log behind a prefix; what follows the last newline stays without a newline. */
function wrap(log: string | Buffer, prefix: (index: number) => string): Buffer {
  const lines = (typeof log === 'string' ? Buffer.from(log) : log).toString('latin1').split('\n');
  const wrapped = lines.map((line, index) =>
    index === lines.length - 1 && line === '' ? '' : Buffer.from(prefix(index)).toString('latin1') + line,
  );
  return Buffer.from(wrapped.join('\n'), 'latin1');
}

/** What must not depend on prefixes: everything but places and sizes, and the name of the reason of lines that are no record. */
function essence({ counts, rows, families, rejections }: ReadLog): unknown {
  const { bytes: _, ...lines } = counts;
  const others = Object.entries(rejections).filter(([reason]) => reason === 'unknown-hotlink-message' || reason === 'bad-payload');
  return {
    lines,
    rows: rows.map(({ offset: _offset, length: _length, ...row }) => row),
    families: Object.fromEntries(Object.entries(families).map(([name, [n, , ...times]]) => [name, [n, ...times]])),
    rejections: Object.fromEntries(others),
  };
}

const JSON_LINES = `{"time":"2026-02-09T03:14:15.926535897Z","level":"WARN","msg":"hotlink data rejected (not sender)","session":"0f1e2d3c-0000-4000-8000-000000000001","from":"client2@sandbox.local"}
{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"hotlink data relay","session":"0f1e2d3c","from":"a@x","path":"a@x/p","seq":3,"bytes":12021,"recipients":2,"to":["b@x@8f14e45f"]}
{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"Incoming request","http":{"request":{"path":"/healthz","query":"user=a%40x"},"response":{"status":200}}}
`;

function logOf(dialect: PlainDialect): Buffer {
  return dialect === 'relay-json' ? Buffer.from(JSON_LINES) : excerptOf(dialect);
}

/** A log file as the same client's standard output (field guide 3.2). */
function asOutput(log: Buffer): Buffer {
  const unescaped: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  const lines = log.toString('latin1').split('\n');
  const output = lines.map((line) =>
    line.replace(/^time=(\S+) level=(\S+) msg="((?:[^"\\]|\\.)*)"/, (_, time: string, level: string, message: string) => {
      return `${time} ${level} ${message.replace(/\\(.)/g, (_all, c: string) => unescaped[c] ?? c)}`;
    }),
  );
  return Buffer.from(output.join('\n'), 'latin1');
}

function recordedOutput(): Buffer {
  return asOutput(readFileSync(`samples/stall-e3-debug/sandbox/${CLIENT1}/.syftbox/logs/syftbox.log`));
}

describe.each(DIALECTS)('lines of %s behind prefixes', (dialect) => {
  const log = logOf(dialect);
  const plain = scanLog(dialect, log);

  it.each(PREFIXES)('are what they are without %j', (prefix) => {
    const wrapped = wrap(log, () => prefix);
    const read = scanLog('mixed', wrapped);
    expect(essence(read)).toEqual(essence(plain));
    const lines = wrapped.toString('latin1').split('\n');
    for (const row of read.rows) {
      expect(wrapped.toString('latin1', row.offset, row.offset + row.length)).toBe(lines[row.line - 1]);
    }
  });

  it('are so without any, with CRLF, without a last newline, and behind any stack of prefixes, however the bytes come', () => {
    expect(essence(scanLog('mixed', log))).toEqual(essence(plain));
    const crlf = Buffer.from(log.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
    expect(
      essence(
        scanLog(
          'mixed',
          wrap(crlf, () => DESKTOP),
        ),
      ),
    ).toEqual(essence(scanLog(dialect, crlf)));
    const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
    const stacks = fc.array(fc.array(fc.constantFrom(...PREFIXES.filter((p) => !p.includes('\t'))), { maxLength: 5 }), {
      minLength: 1,
      maxLength: 7,
    });
    const text = log.toString('latin1');
    fc.assert(
      fc.property(stacks, places, places, fc.double({ min: 0, max: 1, noNaN: true }), (prefixes, cuts, restarts, end) => {
        const cut = Buffer.from(text.slice(0, Math.ceil(end * text.length)), 'latin1');
        const wrapped = wrap(cut, (index) => prefixes[index % prefixes.length]?.join('') ?? '');
        const at = (place: number): number => Math.floor(place * wrapped.length);
        const options: ScanOptions = { cuts: cuts.map(at), restarts: restarts.map(at) };
        const read = scanLog('mixed', wrapped, options);
        expect(read).toEqual(scanLog('mixed', wrapped));
        expect(essence(read)).toEqual(essence(scanLog(dialect, cut)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a recorded output behind prefixes', () => {
  it('gives the same events, summaries and account', async () => {
    const log = recordedOutput();
    const question = `SELECT line_no, ts_us, kind, sid8, path, key_path, reason, seq, bytes, n, (SELECT count(*) FROM summary) AS summaries FROM event ORDER BY line_no`;
    const rows = await ask(makeSandbox({ [CLIENT_OUTPUT]: log }), question);
    expect(rows.length).toBeGreaterThan(20);
    expect(rows[0]?.['summaries']).toBeGreaterThan(3);
    for (const [path, prefix] of [
      [`${CLIENT1}/logs/desktop.log`, DESKTOP],
      [`${CLIENT1}/ci.txt`, `test\tRun\t${GITHUB}`],
      [`${CLIENT1}/daemon.out`, `client-1  | ${DOCKER}`],
    ] as const) {
      expect(await ask(makeSandbox({ [path]: wrap(log, () => prefix) }), question)).toEqual(rows);
    }
  });
});

describe('a long line behind prefixes', () => {
  it('has its payload counted and its fields read', () => {
    const list = Array.from({ length: 300_000 }, (_, i) => i % 256).join(', ');
    const line = stdoutLine(
      `ws message decoded type=HotlinkData(HotlinkData { session_id: "0f1e2d3c", seq: 7, path: "${STREAM}", etag: "e", payload: Some([${list}]) })`,
    );
    const log = Buffer.from(stdoutLine('daemon start') + line + stdoutLine('hotlink send task started'));
    const read = scanLog(
      'mixed',
      wrap(log, () => DESKTOP),
      { cuts: [100_000, 700_000], restarts: [900_000] },
    );
    expect(essence(read)).toEqual(essence(scanLog('rust-stdout', log)));
    expect(read.rows.map((row) => row.fields['bytes'])).toContain(300_000);
  });

  it('of JSON is read up to a mebibyte, with and without a prefix', () => {
    const json = (bytes: number): string =>
      `{"time":"2026-02-09T03:14:15Z","level":"WARN","msg":"hotlink data rejected (not sender)","session":"0f1e2d3c","more":"${'x'.repeat(bytes)}","from":"c@x"}\n`;
    for (const bytes of [8192, 100_000, JSON_HEAD_BYTES - 300]) {
      const log = Buffer.from(json(bytes) + json(1));
      for (const read of [
        scanLog('relay-json', log, { cuts: [5000, 50_000] }),
        scanLog(
          'mixed',
          wrap(log, () => DOCKER),
          { cuts: [5000, 50_000] },
        ),
      ])
        expect(read.rows.map(({ fields }) => [fields['session'], fields['user']])).toEqual([
          ['0f1e2d3c', 'c@x'],
          ['0f1e2d3c', 'c@x'],
        ]);
    }
    for (const read of [
      scanLog('relay-json', Buffer.from(json(JSON_HEAD_BYTES) + json(1))),
      scanLog(
        'mixed',
        wrap(json(JSON_HEAD_BYTES) + json(1), () => DOCKER),
      ),
    ])
      expect([read.rejections, read.rows.length]).toEqual([{ 'not-json': [1, 1] }, 1]);
  });
});

describe('lines that nobody knows', () => {
  it('are counted: blank, unknown, unknown and about hotlink, the desktop program’s own', () => {
    const log = `${DESKTOP}\n${DESKTOP}whatever\n${DESKTOP}hotlink of tomorrow\n[2026-02-09T13:14:15+10:00][INFO] app ready\n[2026-02-09T03:14:15.926Z][SYFTBOX-SDK][INFO] started\n\nplain\n`;
    const read = scanLog('mixed', Buffer.from(log));
    expect(read.rejections).toEqual({ 'blank-line': [2, 1], 'unknown-message': [2, 2], 'unknown-hotlink-message': [1, 3] });
    expect(read.counts).toMatchObject({ lines: 7, ignored: 2, rejected: 5, unmatchedHotlink: 1 });
  });

  it('belong to the record above when they are an error chain, also between prefixes', () => {
    const chain = ['2026-02-09T03:14:15.926Z ERROR sync error: a', '', 'Caused by:', '    channel closed', 'other'].map(
      (l) => `${DESKTOP}${l}\n`,
    );
    expect(scanLog('mixed', Buffer.from(chain.join(''))).counts).toMatchObject({ continuation: 3, rejected: 1 });
  });
});

const SOURCES = 'SELECT path, kind, dialect, party, zone_minutes, zone_source FROM source ORDER BY path';
const accepted = `hotlink session accepted: session=${SESSION}`;
const started = `daemon start version=0.1.0 config=/s/${CLIENT1}/.syftbox/config.json log=/s`;

describe('a file of several dialects', () => {
  it("is a client's or the relay's log where it is wholly so, else output of a runner", async () => {
    const client = stdoutLine(started) + stdoutLine(accepted).repeat(3);
    const relay = relayLine('wshub started') + relayLine('wshub registered', { connId: "'8f14e45f'", user: `'${CLIENT1}'`, active: '1' });
    const root = makeSandbox({
      'a.log': wrap(client, () => DOCKER),
      'b.log': wrap(relay, () => DOCKER),
      'c.log': Buffer.concat([wrap(client, () => GITHUB), wrap(relay, () => GITHUB)]),
      'd.log': `${GITHUB}##[group]Run\n`.repeat(20) + wrap(client, () => GITHUB).toString(),
      [`${CLIENT2}/logs/desktop.log`]: '[2026-02-09T13:14:15+10:00][INFO] app ready\n',
      [`${CLIENT2}/.biovault/multiparty_step_logs/s/1.log`]: '2026-02-09T03:14:15.123456Z step_x\n',
      'e.txt': 'nothing of the kind\n',
    });
    const rows = (await ask(root, SOURCES)).map((row) => [row['path'], row['kind'], row['dialect'], row['party']]);
    expect(rows).toEqual(
      [
        ['a.log', 'client-log', 'mixed', CLIENT1],
        ['b.log', 'relay-log', 'mixed', null],
        ['c.log', 'runner', 'mixed', CLIENT1],
        [`${CLIENT2}/.biovault/multiparty_step_logs/s/1.log`, 'runner', 'mixed', CLIENT2],
        [`${CLIENT2}/logs/desktop.log`, 'client-log', 'mixed', CLIENT2],
        ['d.log', 'runner', 'mixed', CLIENT1],
        ['e.txt', 'unknown', 'text', null],
      ].toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
    );
    const both = makeSandbox({ 'c.log': Buffer.concat([wrap(client, () => GITHUB), wrap(relay, () => GITHUB)]) });
    const whose = await ask(both, 'SELECT kind, party FROM event ORDER BY line_no');
    expect(whose.map((row) => row['party'])).toEqual([CLIENT1, CLIENT1, CLIENT1, CLIENT1, null, null]);
  });

  it('given alone is tried as text whatever it seems; nothing known stays unknown', async () => {
    const root = makeSandbox({
      'note.txt': `a word before\n${'and after\n'.repeat(500)}${stdoutLine(accepted)}`,
      'none.txt': 'nothing\n',
      'data.csv': 'a,b\n',
    });
    expect((await ask(join(root, 'note.txt'), 'SELECT kind FROM event')).map((row) => row['kind'])).toEqual(['session-accepted']);
    for (const name of ['none.txt', 'data.csv'])
      expect(await ask(join(root, name), 'SELECT kind, lines, rejected FROM source')).toEqual([{ kind: 'unknown', lines: 1, rejected: 1 }]);
  });
});

describe("a relay's local time behind prefixes", () => {
  const utc = (second: number): string => new Date(Date.parse('2026-02-09T12:00:00.250Z') + second * 1000).toISOString();
  const local = (second: number, minutes: number): string =>
    new Date(Date.parse(utc(second)) + minutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const docker = (second: number): string => utc(second).replace('Z', '123456Z ');
  const lines = (minutes: number): string[] => Array.from({ length: 60 }, (_, i) => relayLine('wshub started', {}, local(i * 7, minutes)));
  const QUESTION = 'SELECT zone_minutes, zone_source, (SELECT min(ts_us) FROM event) AS first_us FROM source';

  it.each([-300, 0, 330, 600])('is %i minutes by the UTC times of docker', async (minutes) => {
    const root = makeSandbox({
      'relay.log': lines(minutes)
        .map((line, i) => docker(i * 7) + line)
        .join(''),
    });
    expect(await ask(root, QUESTION)).toEqual([
      { zone_minutes: minutes, zone_source: 'prefix', first_us: Date.parse('2026-02-09T12:00:00Z') * 1000 },
    ]);
  });

  it('is that of its own requests first, and of the user before all', async () => {
    const request = docker(0) + requestLine(utc(0), local(0, 330));
    const root = makeSandbox({
      'relay.log':
        lines(330)
          .map((line, i) => docker(i * 7) + line)
          .join('') + request,
    });
    expect(await ask(root, QUESTION)).toMatchObject([{ zone_minutes: 330, zone_source: 'requests' }]);
    expect(await ask(root, QUESTION, { relayZoneMinutes: 60 })).toMatchObject([{ zone_minutes: 60, zone_source: 'told' }]);
  });

  it('is not taken from a log that was shown later', async () => {
    const root = makeSandbox({
      'relay.log': lines(330)
        .map((line) => `2026-02-09T18:47:11.1234567Z ${line}`)
        .join(''),
    });
    expect(await ask(root, QUESTION)).toMatchObject([{ zone_minutes: null, zone_source: null }]);
  });

  it('that only later lines tell moves the lines of the relay and no others', async () => {
    const filler = `${GITHUB}words\n`.repeat(4000);
    const client = wrap(stdoutLine(accepted, '2026-02-09T12:00:01.000Z'), () => '');
    const root = makeSandbox({
      'console.log':
        filler +
        lines(330)
          .map((line, i) => docker(i * 7) + line)
          .join('') +
        client.toString(),
    });
    const rows = await ask(root, 'SELECT kind, min(ts_us) // 1000000 AS second FROM event GROUP BY kind ORDER BY second');
    expect(rows.map((row) => Number(row['second']) - Date.parse('2026-02-09T12:00:00Z') / 1000)).toEqual([0, 1]);
  });
});

describe('copies of one output', () => {
  const count =
    'SELECT s.path, m.path AS mirror, s.records, (SELECT count(*) FROM event AS e WHERE e.source_id = s.source_id) AS events FROM source AS s LEFT JOIN source AS m ON m.source_id = s.mirror_of ORDER BY s.path';
  const desktopLog = `${CLIENT1}/logs/desktop.log`;
  const at = (second: number): string => `2026-02-09T03:14:${String(second).padStart(2, '0')}.000Z`;
  const beat = (second: number): string => stdoutLine('sync actions: uploads=0', at(second));
  const file =
    rustLine(started, at(1)) +
    rustLine(accepted, at(2)) +
    rustLine('sync actions: uploads=0', at(2)) +
    rustLine('sync actions: uploads=0', at(9));
  const output = stdoutLine(started, at(1)) + stdoutLine(accepted, at(2)) + beat(2) + beat(9);

  it('count once: of equals the log of the client is judged', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: file, [CLIENT_OUTPUT]: output, [desktopLog]: wrap(output, () => DESKTOP) });
    expect((await ask(root, count)).map((row) => [row['mirror'], row['records'], row['events']])).toEqual([
      [null, 2, 2],
      [CLIENT_LOG, 2, 0],
      [CLIENT_LOG, 2, 0],
    ]);
  });

  it('of which the host kept more and goes on as long: that one is judged', async () => {
    const more = stdoutLine(started, at(0)) + stdoutLine(accepted, at(0)) + output;
    const root = makeSandbox({ [CLIENT_LOG]: file, [CLIENT_OUTPUT]: output, [desktopLog]: wrap(more, () => DESKTOP) });
    expect((await ask(root, count)).map((row) => [row['mirror'], row['events']])).toEqual([
      [desktopLog, 0],
      [desktopLog, 0],
      [null, 4],
    ]);
  });

  it('of which the host has several parties: it is never the better one', async () => {
    const other =
      stdoutLine(`daemon start version=0.1.0 config=/s/${CLIENT2}/.syftbox/config.json log=/s`, at(3)) +
      stdoutLine(accepted, at(8)).repeat(4);
    const root = makeSandbox({ [CLIENT_LOG]: file, [desktopLog]: wrap(output + other + beat(9), () => DESKTOP) });
    expect((await ask(root, count)).map((row) => [row['mirror'], row['events']])).toEqual([
      [null, 2],
      [CLIENT_LOG, 0],
    ]);
  });

  it('of the relay count once too', async () => {
    const relay = relayLine('wshub started') + requestLine('2026-02-09T03:14:15.000Z', '2026-02-09 03:14:15');
    const root = makeSandbox({
      [RELAY_LOG]: relay,
      'docker.log': wrap(relay, () => DOCKER),
      'ci-console.txt': `words\n${wrap(relay, () => GITHUB).toString()}`,
    });
    const rows = await ask(root, count);
    expect(rows.reduce((sum, row) => sum + Number(row['events']), 0)).toBe(1);
    expect(rows.find((row) => row['path'] === RELAY_LOG)).toMatchObject({ mirror: null, events: 1 });
  });
});

describe('evidence of a nested line', () => {
  it('is a part of the line as it stands', async () => {
    const log = wrap(recordedOutput(), () => `${GITHUB}${DESKTOP}`);
    const root = makeSandbox({ [`${CLIENT1}/logs/desktop.log`]: log });
    const lines = log.toString('utf8').split('\n');
    const store = await Store.create();
    try {
      await loadInput(root, store);
      const reader = excerptReader(root, store);
      for (let line = 1; line < lines.length; line += 7) {
        const text = (await reader.line(1, line)) ?? '?';
        expect(lines[line - 1]).toContain(text.endsWith('…') ? text.slice(0, -1) : text);
      }
    } finally {
      store.close();
    }
  });
});

describe('the diagnosis of a sample', () => {
  const DROPPED = /sync actions:|scan_remote: server returned|sync reconcile start:|files, ignored=/;
  const files = (name: string): Record<string, Buffer> => {
    const root = join('samples', name, 'sandbox');
    const found = readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: false });
    return Object.fromEntries(
      found
        .map((path) => path.replaceAll('\\', '/'))
        .filter((path) => !path.endsWith('/') && /\.\w+$/.test(path) && existsSync(join(root, path)))
        .flatMap((path) => {
          try {
            return [[path, readFileSync(join(root, path))] as const];
          } catch {
            return [];
          }
        }),
    );
  };
  /** Keys that say where a line stands, and how it looks there. */
  const PLACES = new Set(['source', 'line', 'text', 'context', 'log', 'accounting']);
  const judged = async (tree: Record<string, Buffer>): Promise<unknown> => {
    const d = await judgeFolder(makeSandbox(tree));
    return JSON.parse(JSON.stringify(d, (key, value: unknown) => (PLACES.has(key) ? undefined : value)));
  };

  it.each(['stall-e3-debug', 'late-application', 'healthy'])(
    "%s stays the same with the desktop's copy of a log, and with it alone",
    async (name) => {
      const tree = files(name);
      const before = await judged(tree);
      const log = asOutput(tree[CLIENT_LOG] ?? Buffer.alloc(0))
        .toString('latin1')
        .split('\n')
        .filter((line) => !DROPPED.test(line));
      expect(log.length).toBeGreaterThan(20);
      const copy = { [`${CLIENT1}/logs/desktop.log`]: wrap(Buffer.from(log.join('\n'), 'latin1'), () => DESKTOP) };
      expect(await judged({ ...tree, ...copy })).toEqual(before);
      const { [CLIENT_LOG]: _log, ...rest } = tree;
      expect(await judged({ ...rest, ...copy })).toEqual(before);
    },
    30_000,
  );

  it('makes no claim of lines of several parties in one file, and says so; with their own logs it stays the same', async () => {
    const tree = files('healthy');
    const before = await judged(tree);
    const own = [CLIENT1, CLIENT2].map((party) => `${party}/.syftbox/logs/syftbox.log`);
    const lines = own.flatMap((path) =>
      (tree[path] ?? Buffer.alloc(0))
        .toString('latin1')
        .split('\n')
        .filter((line) => line !== ''),
    );
    expect(lines.length).toBeGreaterThan(100);
    const byTime = lines.toSorted((x, y) => (x.slice(5, 29) < y.slice(5, 29) ? -1 : x.slice(5, 29) > y.slice(5, 29) ? 1 : 0));
    const desktop = `${CLIENT1}/logs/desktop.log`;
    const copy = { [desktop]: wrap(asOutput(Buffer.from(`${byTime.join('\n')}\n`, 'latin1')), () => DESKTOP) };
    expect(await judged({ ...tree, ...copy })).toEqual(before);
    const rest = Object.fromEntries(Object.entries(tree).filter(([path]) => !own.includes(path)));
    const alone = await judgeFolder(makeSandbox({ ...rest, ...copy }));
    const without = await judgeFolder(makeSandbox(rest));
    expect(alone.causes.map(({ rule, subject }) => [rule, subject])).toEqual(without.causes.map(({ rule, subject }) => [rule, subject]));
    expect(alone.missingEvidence[0]).toMatchObject({
      what: `whose lines those in ${desktop} are`,
      why: expect.stringContaining(`${CLIENT1}, ${CLIENT2}`),
    });
  }, 30_000);

  it("stays the same with the relay's log as docker kept it, beside the relay's own and alone", async () => {
    const tree = files('stall-e3-debug');
    const before = await judged(tree);
    const { [RELAY_LOG]: log = Buffer.alloc(0), ...rest } = tree;
    expect(log.length).toBeGreaterThan(1000);
    const stamp = (line: string): string => /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(line)?.slice(1).join('T') ?? '2026-11-22T13:25:10';
    const lines = log.toString('latin1').split('\n');
    const docker = wrap(log, (index) => `relay-1  | ${stamp(lines[index]?.replaceAll(/\u001b\[\d*m/g, '') ?? '')}.123456789Z `);
    expect(await judged({ ...tree, 'docker.txt': docker })).toEqual(before);
    expect(await judged({ ...rest, 'docker.txt': docker })).toEqual(before);
  }, 30_000);
});

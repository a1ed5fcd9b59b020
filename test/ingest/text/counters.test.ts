import { readFileSync, existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CountersHandler } from '../../../src/ingest/text/counters.ts';

const COLUMNS = [
  'source',
  'line',
  'pointer',
  'origin',
  'party',
  'ordinal',
  't',
  'txpk',
  'tx',
  'txMax',
  'rxpk',
  'rx',
  'rxMax',
  'wb',
  'wsTx',
  'webrtc',
  'stall',
  'run',
  'started',
];

type Sample = Record<string, unknown>;

/** Rows of each line as objects without what is null. */
function read(text: string): Sample[] {
  const handler = new CountersHandler();
  return text.split('\n').flatMap((line, i) => {
    const answer = handler.read({ sourceId: 1, path: 'notes.md', lineNo: i + 1, tsUs: null, text: line, party: null });
    if (!Array.isArray(answer)) return [];
    return answer.map((r) =>
      Object.fromEntries<unknown>(
        r.values.map((v: unknown, at: number) => [COLUMNS[at] ?? '', v]).filter(([, v]: unknown[]) => v !== null),
      ),
    );
  });
}

const UNBOUNDED = Number.MAX_SAFE_INTEGER;

describe('pasted counters', () => {
  it('are read with bullets, quotes and every key', () => {
    expect(read('  - `client1`: `tx=3145848 rx=1572924 txpk=221 rxpk=112 wb=3`')).toEqual([
      {
        source: 1,
        line: 1,
        origin: 'pasted',
        party: 'client1',
        ordinal: 1,
        txpk: 221,
        tx: 3145848,
        txMax: 3145848,
        rxpk: 112,
        rx: 1572924,
        rxMax: 1572924,
        wb: 3,
      },
    ]);
  });
  it.each([
    ['client1: tx=3145848 rx=1572924', { party: 'client1', tx: 3145848, rx: 1572924 }],
    ['- `aggregator tx=0 rx=1572924`', { party: 'aggregator', tx: 0, rx: 1572924 }],
    ['- `aggregator`: `tx=0`, `rx=1572924`, `webrtc_connected=0`, `ws_fallbacks=3`', { tx: 0, rx: 1572924, webrtc: 0, wb: 3 }],
    ['* **client2** rx=1572916, tx=1572924', { party: 'client2', tx: 1572924, rx: 1572916 }],
    ['client2@sandbox.local: ws_fallbacks=1 rx_bytes=5 tx_bytes=7', { party: 'client2@sandbox.local', tx: 7, rx: 5, wb: 1 }],
    ['> client1: tx=0B rx=0B', { tx: 0, txMax: 0, rx: 0, rxMax: 0 }],
    ['client1: tx=3,145,848 rx=1_572_924', { tx: 3145848, txMax: 3145848, rx: 1572924 }],
    ['client2: tx ~1.5MB / rx 0B', { tx: 1450000, txMax: 1625292, rx: 0, rxMax: 0 }],
    ['client2: tx=1.5MB rx=2KB', { tx: 1520436, txMax: 1625292, rx: 1536, rxMax: 2560 }],
    ['client1: tx≈3,145,848, rx≈15MB+', { tx: 3114390, txMax: 3177306, rx: 15000000, rxMax: UNBOUNDED }],
    ['- `client1`: `tx≈3,145,848`, `rx` grows very large (`~15MB+`)', { tx: 3114390, rx: 15000000, rxMax: UNBOUNDED }],
    ['- `client2 rx=0` while other counters were non-zero', { party: 'client2', rx: 0 }],
  ])('%s', (line, expected) => {
    expect(read(line)).toMatchObject([expected]);
  });
  it.each([
    'hotlink counters remained `tx=0B rx=0B`',
    'post-fix telemetry: tx=3 rx=4',
    'tx=0 rx=1572924',
    'client1 said that tx=0 is odd',
    'webrtc_connected=0 tx=4',
    'the large `client1.rx` growth is not explained',
    'client2: port=9001 rate=3',
  ])('is no sample: %s', (line) => {
    expect(read(line)).toEqual([]);
  });
  it('of several parties between bars, and in a row of a table', () => {
    expect(read('aggregator: tx=0 rx=1 | client1: tx=5 rx=6')).toMatchObject([
      { party: 'aggregator', rx: 1 },
      { party: 'client1', tx: 5 },
    ]);
    expect(read('| client1 | tx=5 | rx=6 |')).toMatchObject([{ party: 'client1', tx: 5, rx: 6 }]);
  });
  it('go on after what was saved', () => {
    const first = new CountersHandler();
    const line = (lineNo: number, text: string) => ({ sourceId: 1, path: '', lineNo, tsUs: null, text, party: null });
    first.read(line(1, '## Run 29509799-05d14e57483d'));
    const second = new CountersHandler();
    second.restore(JSON.parse(JSON.stringify(first.save())));
    expect(second.read(line(2, 'client1: tx=1 rx=1'))).toMatchObject([{ values: expect.arrayContaining(['29509799-05d14e57483d']) }]);
  });
  it('several parties on one line, and figures below a name', () => {
    expect(read('aggregator: tx=0 rx=1; client1: tx=5 rx=6').map((s) => [s['party'], s['tx'], s['ordinal']])).toEqual([
      ['aggregator', 0, 1],
      ['client1', 5, 1],
    ]);
    expect(read('client1:\n  tx: 5\n  - rx: 6\n\nother words\ntx: 9')).toMatchObject([
      { party: 'client1', tx: 5, line: 2 },
      { party: 'client1', rx: 6, line: 3 },
    ]);
  });
  it('belong to the run that the text above names, up to the next heading of its rank', () => {
    const text = [
      '## Latest',
      'stall on run `29509775-c103b98bec7f`',
      '- client1: tx=1 rx=1',
      '### later',
      '- client1: tx=2 rx=2',
      '## Run `29509799-05d14e57483d`',
      '- client1: tx=3 rx=3',
      '### Telemetry',
      '- client1: tx=4 rx=4',
      '## Other',
      '- client1: tx=5 rx=5',
    ].join('\n');
    expect(read(text).map((s) => [s['tx'], s['run']])).toEqual([
      [1, '29509775-c103b98bec7f'],
      [2, '29509775-c103b98bec7f'],
      [3, '29509799-05d14e57483d'],
      [4, '29509799-05d14e57483d'],
      [5, undefined],
    ]);
  });
  it('under a list of runs belong to each of them', () => {
    const text = 'Runs tested:\n- `29509931-c5aa34320fd4`\n- `29509937-88056541e2ea`\n\nAll plateaued:\n- client1: tx=4 rx=5';
    expect(read(text).map((s) => s['run'])).toEqual(['29509931-c5aa34320fd4', '29509937-88056541e2ea']);
  });
  it('of the notes of the investigation', () => {
    const notes = '/work/shared/docs/investigation-notes.md';
    if (!existsSync(notes)) return;
    const all = read(readFileSync(notes, 'utf8'));
    const of = (run: string): unknown[] => all.filter((s) => s['run'] === run).map((s) => [s['party'], s['tx'], s['rx']]);
    expect(of('29509799-05d14e57483d')).toEqual([
      ['aggregator', 0, 1572924],
      ['client1', 3145848, 1572924],
      ['client2', 1572924, 1572916],
    ]);
    expect(of('29509970-8e9bf03c1ac4')).toEqual([
      ['aggregator', 0, 1572924],
      ['client1', 18875088, 17302164],
      ['client2', 17302164, 9558076],
    ]);
  });
});

describe('status lines', () => {
  const LABEL = '  📡 Hotlink (↑tx ↓rx data p2p-status): ';
  it('give a row per party with counters', () => {
    const line = `${LABEL}aggregator: idle p2p:off stall:40s | client1: ↑221 ↓112 4.5MB p2p:UP(2) ws_fb:3 ws_tx:221 stall:35s | client2: no-telemetry-yet`;
    expect(read(line)).toMatchObject([
      { origin: 'status', party: 'aggregator', txpk: 0, rxpk: 0, tx: 0, txMax: 0, rx: 0, rxMax: 0, webrtc: 0, stall: 40 },
      { party: 'client1', txpk: 221, rxpk: 112, tx: 221, wb: 3, wsTx: 221, webrtc: 2, stall: 35 },
    ]);
  });
  it('one way only: the sum is that way', () => {
    expect(read(`${LABEL}client1: ↑3 ↓0 24B p2p:off ws_fb:1 ws_tx:3 stall:0s`)).toMatchObject([{ tx: 24, txMax: 24, rx: 0, rxMax: 0 }]);
  });
  it('without any file yet, and the notes before them, are noise', () => {
    const handler = new CountersHandler();
    const answer = (text: string): unknown => handler.read({ sourceId: 1, path: '', lineNo: 1, tsUs: null, text, party: null });
    expect(answer(`${LABEL}client1: no-telemetry-yet`)).toBe('noise');
    expect(answer('  ℹ️  Hotlink stats are per-party packet counters from .syftbox/hotlink_telemetry.json.')).toBe('noise');
    expect(answer('  📡 MPC dir activity (files/age): client1:4f/3s')).toBeUndefined();
  });
});

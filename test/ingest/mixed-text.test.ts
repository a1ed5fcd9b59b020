/** What the reader of mixed files does with handlers of text, shown with two that do nothing else. */
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { KindNumbers } from '../../src/ingest/compile.ts';
import { Dictionary } from '../../src/ingest/dictionary.ts';
import type { TableRow } from '../../src/ingest/files/file-rows.ts';
import { LineScanner, type ScanTarget } from '../../src/ingest/scan-line.ts';
import { tableOf } from '../../src/ingest/tables.ts';
import type { TextHandler } from '../../src/ingest/text/handler.ts';
import { EventChunk } from '../../src/store/append.ts';
import { ask, CLIENT1, makeSandbox, removeSandboxes, SESSION, stdoutLine } from './sandbox.ts';

afterAll(removeSandboxes);

function row(sourceId: number, lineNo: number, tsUs: number | null, party: string | null, kind: string, n: number): TableRow {
  return { table: 'runner_event', values: [sourceId, lineNo, tsUs, party, null, null, null, kind, null, null, null, n, null] };
}

/** `step N` is a row, `quiet` is noise. */
const steps = (): TextHandler => ({
  read: ({ sourceId, lineNo, tsUs, party, text }) => {
    const m = /^step (\d+)/.exec(text);
    if (m !== null) return [row(sourceId, lineNo, tsUs, party, 'step', Number(m[1]))];
    return text === 'quiet' ? 'noise' : undefined;
  },
});

/** A table: a header, and rows below it with their distance from the header. */
const tables = (): TextHandler => {
  let below = -1;
  return {
    read: ({ sourceId, lineNo, tsUs, party, text }) => {
      if (text === 'HEAD') {
        below = 0;
        return 'continuation';
      }
      if (below < 0 || !text.startsWith('- ')) {
        below = -1;
        return undefined;
      }
      return [row(sourceId, lineNo, tsUs, party, 'row', ++below)];
    },
    save: () => below,
    restore: (state) => {
      below = Number(state);
    },
  };
};

vi.mock('../../src/ingest/text/handlers.ts', () => ({ textHandlers: () => [steps(), tables()] }));

interface Read {
  readonly rows: readonly TableRow[];
  readonly counts: unknown;
}

function read(bytes: Buffer, cuts: readonly number[] = [], restarts: readonly number[] = []): Read {
  const dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
  const chunk = new EventChunk(() => {});
  const target: ScanTarget = {
    chunk,
    dictionaries,
    table: tableOf('mixed', new KindNumbers()),
    place: { sourceId: 7, path: 'console.log', party: CLIENT1 },
  };
  const rows: TableRow[] = [];
  let scanner = new LineScanner('mixed', target);
  let from = 0;
  for (const stop of [...new Set([...cuts, ...restarts, bytes.length])].toSorted((a, b) => a - b)) {
    scanner.push(bytes.subarray(from, stop));
    from = stop;
    if (!restarts.includes(stop)) continue;
    const checkpoint = scanner.checkpoint();
    rows.push(...scanner.rows);
    scanner = new LineScanner('mixed', target, checkpoint);
    from = checkpoint.offset;
    scanner.push(bytes.subarray(from, stop));
    from = stop;
  }
  scanner.end();
  rows.push(...scanner.rows);
  return { rows, counts: scanner.account.counts };
}

describe('text that a handler knows', () => {
  const LOG = Buffer.from(
    `2026-02-09T03:14:15.1234567Z step 1\r
\u001b[32mstep 2\u001b[0m
${stdoutLine(`hotlink session accepted: session=${SESSION}`)}quiet
[2026-02-09T13:14:15+10:00][INFO] HEAD
- a
- b
other
- c
step 3
`,
  );

  it('gives rows with the number of the line, the time of the innermost prefix and the party', () => {
    const { rows, counts } = read(LOG);
    expect(rows.map(({ values }) => [values[0], values[1], values[2], values[3], values[7], values[11]])).toEqual([
      [7, 1, Date.parse('2026-02-09T03:14:15Z') * 1000 + 123_456, CLIENT1, 'step', 1],
      [7, 2, null, CLIENT1, 'step', 2],
      [7, 6, null, CLIENT1, 'row', 1],
      [7, 7, null, CLIENT1, 'row', 2],
      [7, 10, null, CLIENT1, 'step', 3],
    ]);
    expect(counts).toMatchObject({ lines: 10, records: 6, ignored: 1, continuation: 1, rejected: 2, cut: false });
  });

  it('is the same however the bytes come and wherever reading begins again', () => {
    const whole = read(LOG);
    const place = fc.nat({ max: LOG.length });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 4 }), fc.array(place, { maxLength: 4 }), (cuts, restarts) => {
        expect(read(LOG, cuts, restarts)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('in a line of megabytes gives its row once, also when reading begins again inside it', () => {
    const long = Buffer.from(`HEAD\n- a\n- ${'x'.repeat(3_000_000)}\n- c\n`);
    const whole = read(long);
    expect(whole.rows.map(({ values }) => [values[1], values[11]])).toEqual([
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(read(long, [1_200_000], [1_500_000, 2_500_000])).toEqual(whole);
  });

  it('at the end without a newline counts, unless a number may have been cut', () => {
    expect(read(Buffer.from('step 1 done')).counts).toMatchObject({ records: 1, cut: true });
    expect(read(Buffer.from('step 1')).counts).toMatchObject({ records: 0, rejected: 1, cut: true });
  });
});

describe('a file with such text', () => {
  it('is known by it, and its rows reach the store beside the events of nested lines', async () => {
    const log = `words\n${stdoutLine(`hotlink session accepted: session=${SESSION}`)}step 4\n`;
    const root = makeSandbox({ [`${CLIENT1}/notes.txt`]: log, 'data.csv': 'step 5\n' });
    expect(await ask(root, 'SELECT kind, party, n, line_no FROM runner_event')).toEqual([
      { kind: 'step', party: CLIENT1, n: 4, line_no: 3 },
    ]);
    expect(await ask(root, 'SELECT kind FROM event')).toEqual([{ kind: 'session-accepted' }]);
    expect(await ask(root, 'SELECT path, kind, records, rejected FROM source ORDER BY path')).toEqual([
      { path: `${CLIENT1}/notes.txt`, kind: 'client-log', records: 2, rejected: 1 },
      { path: 'data.csv', kind: 'unknown', records: 0, rejected: 1 },
    ]);
  });

  it('that is a copy of a log keeps its own rows', async () => {
    const output = `${stdoutLine(`hotlink session accepted: session=${SESSION}`)}step 4\n`;
    const root = makeSandbox({ [`${CLIENT1}/client-daemon.log`]: output.split('\n')[0] ?? '', [`${CLIENT1}/logs/desktop.log`]: output });
    expect(await ask(root, 'SELECT count(*) AS n FROM event')).toEqual([{ n: 1 }]);
    expect(await ask(root, 'SELECT n FROM runner_event')).toEqual([{ n: 4 }]);
  });

  it('can be given alone', async () => {
    const root = makeSandbox({ 'x.dat.txt': `${'words\n'.repeat(1000)}step 4\n` });
    expect(await ask(join(root, 'x.dat.txt'), 'SELECT kind, records FROM source')).toEqual([{ kind: 'runner', records: 1 }]);
  });
});

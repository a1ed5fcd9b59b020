import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../../src/rules/facts/events.ts';
import type { Flush } from '../../../src/rules/facts/load.ts';
import { addIntervals, sortManagers } from '../../../src/rules/facts/managers.ts';
import { caseOf } from '../../helpers/judge.ts';
import { story } from '../../helpers/story.ts';

const SOURCE = { source: 'c/syftbox.log', sourceId: 1 };

function flush(line: number, tx: number, rx: number): Flush {
  return {
    ...SOURCE,
    party: 'c',
    line,
    t: line * 1000,
    ownT: line * 1000,
    txPackets: tx,
    tx: { min: tx * 10, max: tx * 10 },
    txP2p: 0,
    txWs: tx,
    rxPackets: rx,
    rx: { min: rx * 10, max: rx * 10 },
    p2pUp: 0,
    sessIn: 0,
    outAccepted: 0,
    outWaiting: 0,
  };
}

function enabled(line: number): LogEvent {
  return {
    ...SOURCE,
    id: line,
    line,
    party: 'c',
    t: line * 1000,
    ownT: line * 1000,
    kind: 'hotlink-enabled',
    sid: null,
    session: null,
    path: null,
    owner: null,
    run: null,
    channel: null,
    keyPath: null,
    conn: null,
    msgId: null,
    msgType: null,
    user: null,
    to: null,
    reason: null,
    addr: null,
    seq: null,
    bytes: null,
    n: null,
  };
}

const lines = (flushes: readonly Flush[]): number[] => flushes.map((f) => f.line);

describe('sortManagers', () => {
  it('keeps one manager together, the two zero lines of its start included', () => {
    const [only, ...others] = sortManagers('c', [enabled(1)], [flush(2, 0, 0), flush(3, 0, 0), flush(4, 2, 1), flush(5, 2, 1)]);
    expect(others).toEqual([]);
    expect(lines(only?.flushes ?? [])).toEqual([2, 3, 4, 5]);
    expect(only?.lastMoved?.line).toBe(4);
  });

  it('takes the series of a dead manager and of its successor apart', () => {
    const [old, young] = sortManagers(
      'c',
      [enabled(1), enabled(4)],
      [flush(2, 0, 0), flush(3, 7, 5), flush(5, 0, 0), flush(6, 0, 0), flush(7, 7, 5), flush(8, 1, 0), flush(9, 7, 5), flush(10, 1, 0)],
    );
    expect(lines(old?.flushes ?? [])).toEqual([2, 3, 7, 9]);
    expect(lines(young?.flushes ?? [])).toEqual([5, 6, 8, 10]);
    expect([old?.lastMoved?.line, young?.lastMoved?.line]).toEqual([3, 8]);
  });

  it('holds one more manager for every reconnect', () => {
    const managers = sortManagers(
      'c',
      [enabled(1), enabled(4), enabled(7)],
      [flush(2, 9, 9), flush(5, 0, 0), flush(6, 4, 4), flush(8, 0, 0), flush(9, 9, 9), flush(10, 4, 4), flush(11, 0, 0)],
    );
    expect(managers.map((m) => lines(m.flushes))).toEqual([
      [2, 9],
      [5, 6, 10],
      [8, 11],
    ]);
    expect(managers.map((m) => m.index)).toEqual([0, 1, 2]);
  });

  it('gives no line to a manager of a process that ended before, whatever it counted', () => {
    const [old, young] = sortManagers(
      'c',
      [enabled(1), enabled(5)],
      [flush(2, 0, 0), flush(3, 0, 0), flush(6, 0, 0), flush(7, 0, 0), flush(8, 2, 1)],
      [{ ...enabled(4), kind: 'daemon-start' }],
    );
    expect(lines(old?.flushes ?? [])).toEqual([2, 3]);
    expect(lines(young?.flushes ?? [])).toEqual([6, 7, 8]);
  });

  it('makes a manager for a log that begins later, and one for a process that printed no figures', () => {
    expect(sortManagers('c', [], [flush(1, 3, 3)])).toMatchObject([{ enabled: null, flushes: [{ line: 1 }] }]);
    expect(sortManagers('c', [enabled(1)], [])).toMatchObject([{ enabled: { line: 1 }, first: null, last: null, lastMoved: null }]);
    expect(sortManagers('c', [], [])).toEqual([]);
  });

  it('counts a party over all its managers after a cut', async () => {
    const c = await caseOf(story().start().talk('client1', 'aggregator', 100, 100).wait(4).cut('client1').end(12));
    const p = c.party('client1@sandbox.local');
    expect(p?.managers).toHaveLength(2);
    expect(p?.managers.map((m) => m.last?.txPackets)).toEqual([2, 0]);
    expect(p?.sent.bytes).toEqual({ min: 200, max: 200 });
  });
});

describe('addIntervals', () => {
  it('adds both ends', () => {
    expect(
      addIntervals([
        { min: 1, max: 2 },
        { min: 10, max: 10 },
      ]),
    ).toEqual({ min: 11, max: 12 });
    expect(addIntervals([])).toEqual({ min: 0, max: 0 });
  });
});

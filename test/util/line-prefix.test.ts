import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapeAt, takePrefixes } from '../../src/util/line-prefix.ts';

const RUST = '2026-02-09T03:14:15.926Z INFO hotlink send task started';

describe('prefixes of a line', () => {
  it.each([
    ['[2026-02-09T13:14:15+10:00][INFO] [STDOUT] ', '2026-02-09T13:14:15+10:00'],
    ['[2026-02-09T13:14:15+10:00][ERROR] [STDERR] ', '2026-02-09T13:14:15+10:00'],
    ['[2026-02-09T03:14:15.926Z][SYFTBOX-SDK][INFO] ', '2026-02-09T03:14:15.926Z'],
    ['[2026-02-09T13:14:15+10:00] [stdout] ', '2026-02-09T13:14:15+10:00'],
    ['[2026-02-09T13:14:15+10:00][runner] ', '2026-02-09T13:14:15+10:00'],
    ['2026-02-09T03:14:15.1234567Z ', '2026-02-09T03:14:15.1234567Z'],
    ['\uFEFF2026-02-09T03:14:15.1234567Z ##[error]', '2026-02-09T03:14:15.1234567Z'],
    ['test\tRun a scenario\t2026-02-09T03:14:15.1234567Z ', '2026-02-09T03:14:15.1234567Z'],
    ['test\tRun a scenario\t\uFEFF2026-02-09T03:14:15.1234567Z ', '2026-02-09T03:14:15.1234567Z'],
    ['2026-02-09T03:14:15.123456789Z ', '2026-02-09T03:14:15.123456789Z'],
    ['2026-02-09T03:14:15.123456789Z stdout F ', '2026-02-09T03:14:15.123456789Z'],
    ['2026-02-09T03:14:15.123456+00:00 ', '2026-02-09T03:14:15.123456+00:00'],
    ['syftbox-client-1  | ', undefined],
    ['syftbox_client_1 | ', undefined],
    ['relay | ', undefined],
    ['\u001b[36msyftbox-client-1  | \u001b[0m', undefined],
    ['syftbox-client-1  | 2026-02-09T03:14:15.123456789Z ', '2026-02-09T03:14:15.123456789Z'],
  ])('%j goes before a log line, and its time is known', (prefix, time) => {
    expect(takePrefixes(prefix + RUST)).toMatchObject({ at: prefix.length, shape: 'rust-stdout', time });
    const bytes = Buffer.from(prefix + RUST).toString('latin1');
    expect(takePrefixes(bytes)).toMatchObject({ at: Buffer.byteLength(prefix), shape: 'rust-stdout', time });
  });

  it.each([
    ['[2026-02-09T13:14:15+10:00] starting syqure command: x', 'starting syqure command: x'],
    ['[2026-02-09T13:14:15+10:00][runner] runner_start party_id=0', 'runner_start party_id=0'],
    ['[env] A=b', '[env] A=b'],
    ['[stderr] boom', 'boom'],
    ['2026-02-09T03:14:15.123456Z step_started', 'step_started'],
    ['2026-02-09T03:14:15.123Z step_started', 'step_started'],
    ['2026-02-09T03:14:15.1234567Z ##[group]Run npm test', 'Run npm test'],
    ['2026-02-09T03:14:15.1234567Z ', ''],
    ['+ docker compose up', '+ docker compose up'],
    ['hotlink | ↑tx 1 1B', 'hotlink | ↑tx 1 1B'],
    ['  📡 Hotlink (↑tx ↓rx data p2p-status): a: ↑1', '  📡 Hotlink (↑tx ↓rx data p2p-status): a: ↑1'],
    ['a\tb\tc', 'a\tb\tc'],
    ['', ''],
  ])('of other text go too: %j', (line, rest) => {
    const { at, shape } = takePrefixes(line);
    expect([line.slice(at), shape]).toEqual([rest, undefined]);
  });

  it("tells Desktop's own lines from those that it passed on", () => {
    expect(takePrefixes('[2026-02-09T13:14:15+10:00][INFO] app ready')).toMatchObject({ isDesktop: true, isDesktopsOwn: true });
    expect(takePrefixes('[2026-02-09T13:14:15+10:00][INFO] [STDOUT] x')).toMatchObject({ isDesktop: true, isDesktopsOwn: false });
    expect(takePrefixes('2026-02-09T03:14:15.123456Z x')).toMatchObject({ isDesktop: false, isDesktopsOwn: false });
  });

  it('takes three fractional digits and a level for a line of a client', () => {
    expect(shapeAt(RUST, 0)).toBe('rust-stdout');
    expect(shapeAt('2026-02-09T03:14:15.1234567Z INFO x', 0)).toBeUndefined();
    expect(shapeAt('2026-02-09T13:14:15.926+10:00 INF x', 0)).toBe('go-stdout');
  });

  it('of any text end, and are a beginning of it', () => {
    const piece = fc.constantFrom(
      '[2026-02-09T13:14:15+10:00]',
      '[INFO]',
      '[STDOUT] ',
      ' ',
      '\u001b[0m',
      'a-1 | ',
      '2026-02-09T03:14:15.926Z ',
      '\t',
      '##[x]',
      '\uFEFF',
      'INFO ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((p) => p.join('')),
        ),
        (text) => {
          const { at } = takePrefixes(text);
          expect(at >= 0 && at <= text.length).toBe(true);
          expect(takePrefixes(text.slice(at)).at).toBe(0);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('of a long line take no longer than the line', () => {
    for (const unit of ['[STDOUT] ', '\u001b[0m', 'a-1 | ', 'a', 'a\t', 'a-', '1 ', '[2026-02-09T13:14:15+10:00]']) {
      const started = performance.now();
      takePrefixes(unit.repeat(Math.ceil(8192 / unit.length)));
      expect(performance.now() - started).toBeLessThan(200);
    }
  });
});

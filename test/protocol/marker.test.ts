import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelIndices, parseMarker } from '../../src/protocol/marker.ts';

describe('the marker', () => {
  it('is read from any text without an exception, and is good only with everything that a client needs', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer({ min: -1, max: 70_000 }),
      fc.constant(null),
      fc.dictionary(fc.constantFrom('a@x', 'b@x'), fc.integer({ min: 0, max: 70_000 })),
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(fc.constantFrom('from', 'to', 'port', 'ports'), value).map((object) => JSON.stringify(object)),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('0_to_1', 'x', '1_to_'), (content, directory) => {
        const marker = parseMarker(content, directory, 'a@x');
        if (marker.problem !== null) return;
        expect(directory).toBe('0_to_1');
        expect([marker.from, marker.to]).not.toContain(null);
        expect(marker.localPort).toBeGreaterThan(0);
        expect(marker.localPort).toBeLessThan(65_536);
      }),
      { numRuns: 500 },
    );
  });

  it('takes the port of its own party', () => {
    const text = '{"from":"a@x","to":"b@x","port":9001,"ports":{"a@x":10001,"b@x":11001}}';
    expect(parseMarker(text, '0_to_1', 'a@x')).toEqual({
      fromIndex: 0,
      toIndex: 1,
      from: 'a@x',
      to: 'b@x',
      port: 9001,
      ports: { 'a@x': 10001, 'b@x': 11001 },
      localPort: 10001,
      problem: null,
    });
    expect(parseMarker(text, '0_to_1', 'c@x').problem).toBe('no-local-port');
  });

  it('lies in a directory named after two parties', () => {
    expect(channelIndices('0_to_12')).toEqual({ from: 0, to: 12 });
    for (const name of ['0-to-1', 'a_to_b', '0_to_1x', '', '_to_', '9999999999_to_1']) expect(channelIndices(name)).toBeUndefined();
  });
});

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runBin } from '../../helpers/bin.ts';

const sample = fileURLToPath(new URL('../../../samples/stall-e3-debug/sandbox', import.meta.url));

describe('trace', () => {
  test('prints the links of a direction and exits 0, broken or not', () => {
    const { code, stdout, stderr } = runBin(['trace', sample, 'aggregator', 'client1@sandbox.local']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/relay took and wrote: refused 1 frame.*breaks here/);
    expect(stdout).toContain('server.log:224');
  });

  test('--format json prints the links with their evidence, and no absolute path', () => {
    const { code, stdout } = runBin(['trace', sample, 'aggregator', 'client1', '--format', 'json', '--run', '29510841-3a82b861f31a']);
    expect(code).toBe(0);
    expect(stdout).not.toContain(sample);
    const report = JSON.parse(stdout) as { links: unknown[] };
    expect(report).toMatchObject({ schema: 'hotlink-doctor/trace@1', breaksAt: 'relay took and wrote', sessions: ['cfde99a0'] });
    expect(report.links).toHaveLength(15);
  });

  test('--ascii and --width hold', () => {
    const { stdout } = runBin(['trace', sample, 'client1', 'client2', '--ascii', '--width', '70']);
    expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
    const sentences = stdout.split('\n').filter((line) => line.trim().includes(' '));
    expect(Math.max(...sentences.map((line) => line.length))).toBeLessThanOrEqual(70);
  });

  test.each([
    { args: ['aggregator', 'client9'], says: 'its parties are aggregator, client1, client2' },
    { args: ['client1', 'client1'], says: 'it takes another party than FROM' },
    { args: ['client1', 'client2', '--run', 'nope'], says: 'HLD_RUN_NO_SUCH_RUN' },
    { args: ['client1', 'client2', '--format', 'xml'], says: 'it takes text, json' },
    { args: ['client1'], says: "missing required argument 'to'" },
  ])('$args exits 2 and says what would be right', ({ args, says }) => {
    const { code, stdout, stderr } = runBin(['trace', sample, ...args]);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });
});

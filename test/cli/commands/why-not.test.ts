import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { whyNotSchema } from '../../../src/model/why-not.ts';
import { runBin } from '../../helpers/bin.ts';

const sample = fileURLToPath(new URL('../../../samples/stall-e3-debug/sandbox', import.meta.url));

describe('why-not', () => {
  test('says verdict, needs and look-alikes, and exits 0', () => {
    const { code, stdout, stderr } = runBin(['why-not', 'self-route', sample, '--width', '80']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^self-route · /);
    for (const title of ['Verdict', 'Needs', 'What it cannot see', 'What looks like it and is not'])
      expect(stdout).toContain(`  ${title}\n`);
  });

  test('--format json is the published document, without an absolute path', () => {
    const { code, stdout } = runBin(['why-not', 'lost-writer', sample, '--format', 'json']);
    expect(code).toBe(0);
    expect(stdout).not.toContain(sample);
    const answer = whyNotSchema.parse(JSON.parse(stdout));
    expect(answer).toMatchObject({ schema: 'hotlink-doctor/why-not@1', rule: 'lost-writer' });
    expect(answer.ways.length).toBeGreaterThanOrEqual(2);
  });

  test('of a symptom names its cause', () => {
    expect(runBin(['why-not', 'stalled-counters', sample]).stdout).toContain('folded under sender-lock-drop');
  });

  test.each([
    { args: ['sender-lock-drp', sample], says: "did you mean 'sender-lock-drop'?" },
    { args: ['self-route', `${sample}/nowhere`], says: 'HLD_INPUT_NO_SUCH_PATH' },
    { args: ['self-route', sample, '--format', 'xml'], says: 'it takes text, json' },
    { args: ['self-route', sample, '--run', 'nope'], says: 'HLD_RUN_NO_SUCH_RUN' },
  ])('$args exits 2', ({ args, says }) => {
    const { code, stdout, stderr } = runBin(['why-not', ...args]);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });
});

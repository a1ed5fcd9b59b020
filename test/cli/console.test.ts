import { describe, expect, it } from 'vitest';
import { runBin } from '../helpers/bin.ts';

const CONSOLE = 'samples/console-unroutable/sandbox/console.txt';

describe('a saved console and nothing else', () => {
  it('names the cause with its line, accounts for every line and shows no secret', () => {
    const { code, stdout } = runBin(['analyze', CONSOLE]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/FAILED {3}29510048-3a82b861f31a/);
    expect(stdout).toMatch(/unroutable-container[\s\S]*Network is unreachable[\s\S]*console\.txt:9/);
    expect(stdout).toMatch(/18 lines in 1 file, 100 % accounted for/);
    const rows = runBin(['query', CONSOLE, 'SELECT subject, detail FROM runner_event']).stdout;
    expect(rows).toContain('BV_API_TOKEN');
    expect(stdout + rows).not.toContain('not-a-real-token');
  });
});

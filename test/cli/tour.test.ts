/** The tour shows what the commands print: each line of its blocks, in order. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runBin } from '../helpers/bin.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hld-tour-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const blocks = [...readFileSync('docs/tour.md', 'utf8').matchAll(/```console\n\$ hotlink-doctor (.*)\n([^]*?)```/g)].map((m) => ({
  command: m[1] ?? '',
  lines: (m[2] ?? '').split('\n').filter((line) => line.trim() !== '' && line !== '…'),
}));

describe('the tour', () => {
  it('has a command for each of its steps', () => {
    expect(blocks.map(({ command }) => command.split(' ')[0])).toEqual(['analyze', 'trace', 'explain', 'why-not', 'diff', 'bundle']);
  });

  it.each(blocks)('shows what $command prints', { timeout: 120_000 }, ({ command, lines }) => {
    const archive = join(scratch, 'case.tar.gz');
    const { code, stdout } = runBin(command.split(' ').map((word) => (word === 'case.tar.gz' ? archive : word)));
    expect(code).toBe(0);
    const printed = stdout
      .replaceAll(archive, 'case.tar.gz')
      .split('\n')
      .map((line) => line.trimEnd());
    let at = 0;
    for (const line of lines) {
      const found = printed.indexOf(line, at);
      expect({ line, isThere: found >= 0 }).toEqual({ line, isThere: true });
      at = found + 1;
    }
  });
});

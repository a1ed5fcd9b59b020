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

describe('the commands at the end of a report', () => {
  it('can be typed as they stand', { timeout: 120_000 }, () => {
    const sandbox = 'samples/late-application/sandbox';
    const next = runBin(['analyze', sandbox]).stdout.split('  Next: ')[1] ?? '';
    const commands = next.split('\n').flatMap((line) => /^\s*hotlink-doctor (.+?)(?: {3}|$)/.exec(line)?.[1] ?? []);
    expect(commands.map((command) => command.split(' ')[0])).toEqual(['explain', 'trace', 'live', 'analyze', 'bundle']);
    for (const command of commands) {
      // A run in the lab takes long: of it only the words are looked at.
      const words = command.startsWith('live ') ? [...command.split(' '), '--tries', '0'] : command.split(' ');
      const placed = words.map((word) => word.replace('SANDBOX', sandbox).replace(/(report\.html|case\.tar\.gz)$/, join(scratch, '$1')));
      const { code, stderr } = runBin(placed);
      const expected = command.startsWith('live ') ? { code: 2, stderr: "hotlink-doctor: --tries cannot be '0'" } : { code: 0, stderr: '' };
      expect({ command, code, stderr: stderr.slice(0, 37) }).toEqual({ command, ...expected });
    }
  });
});

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

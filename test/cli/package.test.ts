/** What `npm pack` makes runs by itself: in an empty folder, with its production dependencies and nothing of the repository. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hld-pack-'));
const home = join(scratch, 'empty');
const installed = join(home, 'node_modules/hotlink-doctor');
afterAll(() => rmSync(scratch, { recursive: true }));

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly private: boolean;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

function run(program: string, args: readonly string[], cwd: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { code: status, stdout, stderr };
}

function must(program: string, args: readonly string[], cwd: string): void {
  const { code, stderr } = run(program, args, cwd);
  if (code !== 0) throw new Error(`${program} failed: ${stderr}`);
}

function npx(...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  return run('npx', ['--no-install', 'hotlink-doctor', ...args], home);
}

beforeAll(() => {
  // What `prepare` builds is there already: the tests run on it.
  must('npm', ['pack', '--ignore-scripts', '--pack-destination', scratch], root);
  const archive = readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? '';
  mkdirSync(installed, { recursive: true });
  must('tar', ['xzf', join(scratch, archive), '-C', installed, '--strip-components=1'], scratch);
  // As an installation lays them out: the dependencies that the manifest names, and no other.
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(home, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name));
  }
  mkdirSync(join(home, 'node_modules/.bin'), { recursive: true });
  const bin = join(installed, manifest.bin['hotlink-doctor'] ?? '');
  symlinkSync(bin, join(home, 'node_modules/.bin/hotlink-doctor'));
}, 120_000);

describe('the package', () => {
  test('is not published by accident', () => {
    expect(manifest.private).toBe(true);
  });

  test('holds what runs and what is read, and no sources or tests', () => {
    const names = readdirSync(installed);
    expect(names).toEqual(expect.arrayContaining(['dist', 'docs', 'samples', 'package.json', 'README.md']));
    expect(statSync(join(installed, manifest.bin['hotlink-doctor'] ?? '')).mode & 0o100).toBe(0o100);
    for (const absent of ['src', 'test', 'tools', 'node_modules']) expect(names).not.toContain(absent);
  });

  test('runs with npx in an empty folder', { timeout: 120_000 }, () => {
    expect(npx('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const sample = join('node_modules/hotlink-doctor/samples/stall-e3-debug/sandbox');
    const { code, stdout } = npx('gate', sample, '--policy', 'investigation');
    expect(code).toBe(1);
    expect(stdout).toContain('sender-lock-drop');
    expect(npx('explain', 'sender-lock-drop').stdout).toContain('What it proves');
    expect(npx('explain', 'HLD_GATE_BAD_POLICY').stdout).toContain('## HLD_GATE_BAD_POLICY');
    for (const format of ['sarif', 'junit', 'markdown']) expect(npx('analyze', sample, '--format', format)).toMatchObject({ code: 0 });
    expect(npx('bundle', sample, '-o', 'case.tar.gz', '--redact')).toMatchObject({ code: 0 });
    expect(npx('diff', sample, 'case.tar.gz', '--format', 'json')).toMatchObject({ code: 0 });
    expect(npx('analyze', 'case.tar.gz', '--format', 'html=report.html').code).toBe(0);
    expect(JSON.parse(npx('schema', 'policy').stdout)).toHaveProperty('properties.limits');
  });
});

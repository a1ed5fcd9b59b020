import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPageAssets } from '../../src/cli/html-assets.ts';
import { diagnosisSchema } from '../../src/model/diagnosis.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { runBin } from '../helpers/bin.ts';

const sample = fileURLToPath(new URL('../../samples/stall-e3-debug/sandbox', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hld-html-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const at = (name: string): string => join(scratch, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');

describe('analyze --format html', () => {
  test('writes the page that the saved document gives again, byte for byte', () => {
    const ran = runBin(['analyze', sample, '--detail', '--format', `html=${at('a.html')}`, '--format', `json=${at('a.json')}`]);
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, '', '']);
    const page = read('a.html');
    expect(page).toMatch(/^<!doctype html>\n/);
    expect(page).toContain('<h3>Frames of each direction</h3>');
    expect(page).not.toContain(sample);
    const d = diagnosisSchema.parse(JSON.parse(read('a.json')));
    expect(d.detail?.streams.length).toBeGreaterThan(0);
    expect(renderHtml(d, loadPageAssets())).toBe(page);
  });

  test('report gives the same page again, and keeps all of the document', () => {
    runBin(['analyze', sample, '--detail', '--format', `html=${at('f.html')}`, '--format', `json=${at('f.json')}`]);
    expect(runBin(['report', at('f.json'), '--format', `html=${at('g.html')}`, '--format', `json=${at('g.json')}`]).code).toBe(0);
    expect(read('g.html')).toBe(read('f.html'));
    expect(read('g.json')).toBe(read('f.json'));
  });

  test('gate writes the page with its checks, and exits by them', () => {
    const { code } = runBin(['gate', sample, '--format', `html=${at('h.html')}`]);
    expect(code).toBe(1);
    expect(read('h.html')).toMatch(/<h2 id="gate-title">Gate<\/h2>/);
    expect(read('h.html')).toContain('sender-lock-drop');
  });

  test('leaves JSON as it is without a page beside it', () => {
    const alone = runBin(['analyze', sample, '--format', 'json']).stdout;
    const { code } = runBin(['analyze', sample, '--format', `json=${at('b.json')}`, '--format', `html=${at('b.html')}`]);
    expect(code).toBe(0);
    expect(read('b.json')).toBe(alone);
    expect(alone).not.toContain('"detail"');
  });

  test('gives of a saved database the page that it gives of the sandbox', () => {
    runBin(['analyze', sample, '--db', at('case.duckdb'), '--format', `html=${at('c.html')}`]);
    expect(runBin(['analyze', at('case.duckdb'), '--format', `html=${at('d.html')}`]).code).toBe(0);
    expect(read('d.html')).toBe(read('c.html'));
  });

  test.each([
    ['several inputs', [sample, sample]],
    ['--all-runs', [sample, '--all-runs']],
  ])('refuses %s: a page shows one run', (_, args) => {
    const { code, stderr } = runBin(['analyze', ...args, '--format', `html=${at('e.html')}`]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/a page shows one run of one input/);
  });
});

/**
 * Log text is hostile (design §10): whatever stands in the evidence, the report steers no terminal, its JSON is JSON, and
 * quotes in a path end no statement.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { visible } from '../../src/cli/output.ts';
import { diagnosisSchema } from '../../src/model/diagnosis.ts';
import { renderJson } from '../../src/report/json.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { runBin } from '../helpers/bin.ts';
import { filesLike, judgeFolder, sampleCases, type Case } from '../helpers/cases.ts';
import { forCases, size, type Chance } from '../helpers/mutate.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hld-hostile-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const HOSTILE = [
  '\u001b[2J\u001b[H',
  '\u001b]8;;http://evil.example/\u0007click\u001b]8;;\u0007',
  '\u001b]52;c;cm0gLXJmIH4=\u0007',
  '\u001b]0;title\u001b\\',
  '\u001bP+q544e\u001b\\',
  '\u009b31m\u0090\u009d',
  '\u202egnp.exe\u202c',
  '\u2066\u2067\u2068\u2069\u200e\u200f\u061c',
  '\u200b\u200c\u200d\u2060\ufeff\u00ad',
  '\r overwritten',
  '\b\b\b\u007f\u0000',
  '\\n\\u001b[31m\\r',
  '\u2028\u2029\u0085\v\f',
  '\u{e0041}\u{e007f}',
  '\ufff9a\ufffab\ufffb',
  `'; DROP TABLE source; --`,
  `" OR 1=1 --`,
  '$1 ? {{x}} %s',
  'w'.repeat(5000),
  '</script><img src=x onerror=alert(1)>',
  'e\u0301'.repeat(300),
  '👩‍👩‍👧‍👦',
];

/** Control, format and separator characters but the line feed. */
const STEERS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const OWN_COLOUR = /\u001b\[(?:\d+(?:;\d+)*)m/g;

/** The first character of a text that a terminal would act on, with what stands around it. */
function steering(text: string): string | undefined {
  const at = STEERS.exec(text)?.index;
  return at === undefined ? undefined : JSON.stringify(text.slice(Math.max(0, at - 40), at + 20));
}

/** Text for a log line: no newline and, for names of folders, no slash and no zero byte. */
function hostile(chance: Chance): string {
  return Array.from({ length: 1 + chance.below(3) }, () => chance.pick(HOSTILE)).join('');
}

function asName(text: string): string {
  return text
    .replaceAll(/[\s/@\u0000]/gu, '')
    .slice(0, 60)
    .toWellFormed();
}

/** A copy of a sandbox with hostile text in its lines, its values and its names. */
function poisoned(c: Case, chance: Chance): string {
  const root = join(mkdtempSync(join(scratch, 'case-')), 'sandbox');
  cpSync(c.sandbox, root, { recursive: true });
  const name = `${asName(hostile(chance))}client1@sandbox.local`;
  const flow = `syqure${asName(hostile(chance))}`;
  for (const file of filesLike(root, /./)) {
    const isJson = !file.endsWith('.log') && !file.endsWith('.yaml');
    const put = (text: string): string => (isJson ? JSON.stringify(text).slice(1, -1) : text);
    const lines = readFileSync(file, 'utf8')
      .replaceAll('client1@sandbox.local', put(name))
      .replaceAll('syqure-flow', put(flow))
      .split('\n');
    if (!isJson)
      for (let i = 0; i < lines.length; i++) {
        const line = lines[i] ?? '';
        if (chance.below(4) > 0 || line === '') continue;
        const at = line.indexOf(' ', 40 + chance.below(line.length));
        if (at > 0) lines[i] = `${line.slice(0, at)} ${hostile(chance)}${line.slice(at)}`;
      }
    writeFileSync(file, lines.join('\n'));
  }
  for (const folder of ['client1@sandbox.local', 'syqure-flow'])
    for (;;) {
      const found = filesLike(root, new RegExp(`(?:^|/)${folder}/`))[0];
      if (found === undefined) break;
      const old = `${found.slice(0, found.indexOf(`/${folder}/`) + 1)}${folder}`;
      renameSync(old, join(dirname(old), folder === 'syqure-flow' ? flow : name));
    }
  return root;
}

const SAMPLES = sampleCases();

describe('hostile text', () => {
  it('steers no terminal and breaks no document', { timeout: 600_000 }, async () => {
    await forCases(size(3, 300), async (chance) => {
      const c = chance.pick(SAMPLES);
      const root = poisoned(c, chance);
      const d = await judgeFolder(root);
      expect(diagnosisSchema.safeParse(d).error?.issues ?? []).toEqual([]);
      const json = renderJson(d);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(d)));
      expect(json.isWellFormed()).toBe(true);
      expect(steering(json)).toBeUndefined();
      for (const ascii of [false, true])
        for (const verbose of [false, true])
          for (const color of [false, true]) {
            const text = renderTerminal(d, { width: 80, color, ascii, verbose });
            expect(steering(color ? text.replace(OWN_COLOUR, '') : text)).toBeUndefined();
            expect(ascii && /[^\n\x20-\x7e]/.test(text.replace(OWN_COLOUR, ''))).toBe(false);
          }
      rmSync(dirname(root), { recursive: true });
    });
  });

  it('comes out of no command', { timeout: 60_000 }, async () => {
    await forCases(size(1, 40), (chance) => {
      const c = chance.pick(SAMPLES.filter(({ name }) => name !== 'healthy'));
      const root = poisoned(c, chance);
      const report = join(dirname(root), 'report.txt');
      const database = join(dirname(root), `it's "here"; --.duckdb`);
      const runs = [
        [
          'analyze',
          root,
          '--format',
          'text',
          '--format',
          `text=${report}`,
          '--db',
          database,
          '--note',
          chance.pick(HOSTILE).replaceAll('\u0000', ''),
        ],
        ['trace', root, 'aggregator', 'client2'],
        ['preflight', root],
        ['analyze', root, '--run', chance.pick(HOSTILE).replaceAll('\u0000', '')],
        ['analyze', join(root, chance.pick(HOSTILE).replaceAll('\u0000', '').slice(0, 200))],
        ['query', database, 'SELECT path FROM source'],
      ].map((args) => runBin(args));
      expect(existsSync(database)).toBe(true);
      for (const { code, stdout, stderr } of runs) {
        expect({ isBug: code === 4, stderr: code === 4 ? stderr.slice(0, 600) : '' }).toEqual({ isBug: false, stderr: '' });
        expect(steering(stdout)).toBeUndefined();
        expect(steering(stderr)).toBeUndefined();
      }
      const first = runs[0];
      expect(readFileSync(report, 'utf8').replaceAll(basename(report), '')).not.toBe('');
      expect(steering(readFileSync(report, 'utf8'))).toBeUndefined();
      expect(first?.code).toBe(0);
      rmSync(dirname(root), { recursive: true });
    });
  });

  it.each(HOSTILE)('is shown by our errors: %j', (text) => {
    expect(steering(visible(text).replaceAll('\t', ''))).toBeUndefined();
    expect(visible(visible(text))).toBe(visible(text));
  });
});

import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { diagnosisSchema, type Diagnosis } from '../../src/model/diagnosis.ts';
import { renderTerminal, type TerminalOptions } from '../../src/report/terminal.ts';
import { safeText, textWidth } from '../../src/report/text.ts';
import { CASES, degraded, emptyDiagnosis, healthy, stall, telemetryOnly } from './cases.ts';

const OPTIONS: TerminalOptions = { width: 100, color: false, ascii: false };
const WIDTHS = [60, 80, 100, 160];
// The renderer's own colours, and nothing else, may hold an escape.
// eslint-disable-next-line no-control-regex
const SGR = /\u001B\[[0-9;]+m/g;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Paths of all strings of a document that may hold any text. */
function textPaths(d: Diagnosis): (string | number)[][] {
  const walk = (value: Json, path: (string | number)[]): (string | number)[][] => {
    if (typeof value === 'string') return diagnosisSchema.safeParse(replaced(d, new Map([[path.join('\n'), 'x']]))).success ? [path] : [];
    if (Array.isArray(value)) return value.flatMap((item, i) => walk(item, [...path, i]));
    if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, item]) => walk(item, [...path, key]));
    return [];
  };
  return walk(d as unknown as Json, []);
}

function replaced(d: Diagnosis, texts: ReadonlyMap<string, string>): Diagnosis {
  const walk = (value: Json, path: string): Json => {
    if (typeof value === 'string') return texts.get(path) ?? value;
    const at = (key: string | number) => (path === '' ? String(key) : `${path}\n${key}`);
    if (Array.isArray(value)) return value.map((item, i) => walk(item, at(i)));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, at(key))]));
    return value;
  };
  return walk(d as unknown as Json, '') as unknown as Diagnosis;
}

/** Names of files: only a line that ends with one of them may be wider than the page. */
function places(d: Diagnosis, ascii: boolean): string[] {
  const found: string[] = [];
  const walk = (value: unknown, key: string): void => {
    if (typeof value === 'string' && (key === 'source' || key === 'log' || key === 'mirrorOf' || key === 'pointer')) found.push(value);
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value)) walk(item, Array.isArray(value) ? key : name);
  };
  walk(d, '');
  return found.map((source) =>
    safeText(source.slice(source.lastIndexOf('/') + 1), ascii)
      .replaceAll('\u00A0', ' ')
      .trim(),
  );
}

/** What is wrong with a printed report: unsafe characters, lines that are too wide. */
function problems(d: Diagnosis, options: TerminalOptions): string[] {
  const printed = renderTerminal(d, options);
  const text = options.color ? printed.replaceAll(SGR, '') : printed;
  const names = places(d, options.ascii);
  const unsafe = options.ascii ? /[^ -~]/ : /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
  return text.split('\n').filter((line) => {
    if (unsafe.test(line) || line !== line.trimEnd()) return true;
    return textWidth(line) > options.width && !(/^\S/.test(line) && names.some((name) => line.includes(name)));
  });
}

describe('the whole report', () => {
  test('of the published stall', async () => {
    await expect(renderTerminal(stall(), OPTIONS)).toMatchFileSnapshot('golden/stall-100.txt');
  });

  test.each(Object.entries(CASES))('%s keeps to every width, in both alphabets, with and without colour', (_name, make) => {
    for (const width of WIDTHS) {
      for (const ascii of [false, true]) {
        for (const verbose of [false, true]) {
          for (const color of [false, true]) expect(problems(make(), { width, ascii, verbose, color })).toEqual([]);
        }
      }
    }
  });

  test('colour adds nothing but colour', () => {
    for (const make of Object.values(CASES)) {
      expect(renderTerminal(make(), { ...OPTIONS, color: true }).replaceAll(SGR, '')).toBe(renderTerminal(make(), OPTIONS));
    }
  });

  test('is the same every time', () => {
    expect(renderTerminal(degraded(), OPTIONS)).toBe(renderTerminal(degraded(), OPTIONS));
  });
});

describe('the first line', () => {
  const first = (d: Diagnosis) =>
    renderTerminal(d, { ...OPTIONS, width: 132 })
      .split('\n')
      .slice(0, 2)
      .join(' ')
      .replaceAll(/ {5,}/g, ' ');

  test.each([
    [stall(), /^✗ FAILED .*3 parties \(E3\) · over WebSocket · 2026-11-22 13:25:40 – 13:26:26 UTC · stood still for the last 34 s/],
    [healthy(), /^✓ HEALTHY .*2 parties \(E6\) · peer to peer .* finished/],
    [degraded(), /^! DEGRADED .*4 parties \(E5b, E6\).*not finished, moving when the evidence ends/],
    [telemetryOnly(), /^\? INCONCLUSIVE .*3 parties · from 2026-02-08/],
    [emptyDiagnosis(), /^\? INCONCLUSIVE {3}no run is visible · 0 parties/],
  ])('tells verdict, run and movement', (d, expected) => {
    expect(first(d)).toMatch(expected);
  });
});

test('a healthy run is told without causes, timeline or refuted look-alikes', () => {
  const text = renderTerminal({ ...healthy(), timeline: stall().timeline, excluded: stall().excluded }, OPTIONS);
  expect(text).not.toMatch(/Cause|Timeline|It is not|waits/);
  expect(text).toMatch(/Checked and clear/);
});

test('no text of a log can become an escape, hide itself or break the layout', () => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.constantFrom(
      '\u001B[2J\u001B]0;title\u0007',
      '\u202Eright to left',
      '\r\nnew line',
      'a'.repeat(300),
      '漢'.repeat(90),
      'e\u0301'.repeat(90),
      '\u00A0'.repeat(100),
      'x/'.repeat(120),
      `time=2026-11-22T13:25:47.472Z level=INFO msg="${'\\"'.repeat(70)}"`,
      '🙂 ✓ ✗ ? ok X – →',
      '',
      ' ',
    ),
  );
  const all = [stall, degraded, telemetryOnly, healthy].map((make) => ({ d: make(), paths: textPaths(make()) }));
  const kinds = all.map((_, i) => i);
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.array(fc.tuple(fc.nat(), evil), { minLength: 1, maxLength: 60 }),
      fc.record({ width: fc.integer({ min: 60, max: 200 }), color: fc.boolean(), ascii: fc.boolean(), verbose: fc.boolean() }),
      (kind, changes, options) => {
        const { d, paths } = all[kind] ?? { d: emptyDiagnosis(), paths: [] };
        const texts = new Map(changes.map(([at, text]) => [(paths[at % paths.length] ?? []).join('\n'), text]));
        expect(problems(replaced(d, texts), options)).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

test('names of metrics and of reasons are made safe too', () => {
  const d = stall();
  const [cause] = d.causes;
  const [source] = d.accounting.sources;
  if (cause === undefined || source === undefined) throw new Error('the stall has a cause and sources');
  const evil = '\u001B[31m';
  const poisoned = {
    ...d,
    causes: [{ ...cause, metrics: { [evil]: evil } }],
    accounting: {
      ...d.accounting,
      total: { ...d.accounting.total, rejected: 1 },
      sources: [{ ...source, rejected: 1, reasons: { [evil]: 1 } }],
    },
  };
  expect(problems(poisoned, { ...OPTIONS, verbose: true })).toEqual([]);
});

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RuleMeta } from '../../src/rules/engine/rule.ts';
import { checkParts, type RulePart, writeParts } from '../../tools/check-parts.ts';
import { newRule } from '../../tools/new.ts';

const PAGE = 'docs/rules/lost-hat.md';
const FAILURES = Array.from({ length: 39 }, (_, i) => `- **F-${i + 1}** Something is seen.`).join('\n');
const BY_HAND = { '## How it judges': 'By looking.', '## Example': 'No hat.' };

const meta: RuleMeta = {
  id: 'lost-hat',
  title: 'A party lost its hat',
  severity: 'warning',
  failures: ['F-12', 'F-3'],
  needs: ['client-log|relay-log'],
  proves: 'The hat is gone.',
  notEvidence: { bald: 'A party that never had one.' },
  blindTo: 'Caps.',
  remedy: 'Look in the hall.',
  explains: [],
};

let root = '';

function part(changes: Partial<RuleMeta> = {}, file = 'lost-hat.ts', name = 'lostHat'): RulePart[] {
  return [{ file, name, meta: { ...meta, ...changes } }];
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(join(root, path), 'utf8');
  expect(text).toContain(from);
  put(path, text.replace(from, to));
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parts-'));
  put('src/rules/lost-hat.ts', `export const lostHat = defineRule({ judge: (c) => c.events.of('hat-lost') });\n`);
  put('src/ingest/templates/hats.ts', `export const HATS = [{ kind: 'hat-lost', text: 'hat lost' }];\n`);
  put('src/ingest/text/kinds.ts', `export const RUNNER_KINDS = {\n  'cap-said': 'a cap',\n  hat: "a hat's",\n};\n`);
  put('src/ingest/sniff.ts', `export type Kind = 'client-log';\n`);
  put('test/rules/lost-hat.test.ts', '');
  put('docs/failures.md', `${FAILURES}\n`);
  writeParts(root, part());
  for (const [heading, text] of Object.entries(BY_HAND)) edit(PAGE, heading, `${heading}\n\n${text}`);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the parts of a rule', () => {
  test('are all there', () => {
    expect(checkParts(root, part())).toEqual([]);
  });

  test('cannot do without page and test', () => {
    rmSync(join(root, PAGE));
    rmSync(join(root, 'test/rules/lost-hat.test.ts'));
    expect(checkParts(root, part())).toEqual([expect.stringContaining(`${PAGE}: missing`), 'test/rules/lost-hat.test.ts: missing']);
  });

  test('have one name', () => {
    cpSync(join(root, PAGE), join(root, 'docs/rules/lost-cap.md'));
    const faults = checkParts(root, part({}, 'hat.ts', 'hat'));
    expect(faults).toContain('src/rules/hat.ts: the file must be called as its rule, lost-hat.ts');
    expect(faults).toContain('src/rules/hat.ts: the export must be called lostHat');
    expect(faults).toContain('docs/rules/lost-cap.md: there is no such rule');
  });

  test('explain only what is a rule', () => {
    expect(checkParts(root, part({ explains: ['lost-cap'] }))).toEqual([`src/rules/lost-hat.ts: explains 'lost-cap', which is no rule`]);
  });

  test('ask for no kind of event that no template gives', () => {
    put(
      'src/rules/facts/hats.ts',
      `const SHOWN = ['hat-lost', 'hat-found'];\nevents.of(...SHOWN, f('x')); sql\`WHERE k.kind IN ('hat-lost', 'cap-lost')\`;\n`,
    );
    expect(checkParts(root, part())).toEqual(
      ['cap-lost', 'hat-found', 'x'].map((kind) => `src/rules/facts/hats.ts: no template gives events of kind '${kind}'`),
    );
  });

  test('ask for no kind of runner text that is not in the list', () => {
    put('src/rules/facts/caps.ts', `runnerLines(c, 'hat', 'cap-said', 'cap-sad');\n`);
    expect(checkParts(root, part())).toEqual([`src/rules/facts/caps.ts: no template gives events of kind 'cap-sad'`]);
  });

  test('are in the index', () => {
    edit('src/rules/index.ts', '  lostHat,\n', '');
    expect(checkParts(root, part())).toEqual([expect.stringContaining('src/rules/index.ts: stale')]);
  });
});

describe('a page', () => {
  test('has its headings in order', () => {
    edit(PAGE, '## What to do', '## What to try');
    expect(checkParts(root, part())).toEqual([expect.stringContaining('the headings must be, in this order: What it proves · How')]);
  });

  test('says what the rule file says, and is rewritten without loss', () => {
    const changed = part({ proves: 'The hat was taken.', severity: 'error' });
    expect(checkParts(root, changed)).toEqual([
      expect.stringContaining('title and front line differ'),
      expect.stringContaining('"What it proves" differs'),
      expect.stringContaining('docs/rules/README.md: stale'),
    ]);
    edit(PAGE, 'Evidence: constructed', 'Evidence: recorded');
    writeParts(root, changed);
    expect(checkParts(root, changed)).toEqual([]);
    const text = readFileSync(join(root, PAGE), 'utf8');
    for (const kept of ['Evidence: recorded', ...Object.values(BY_HAND), 'The hat was taken.']) expect(text).toContain(kept);
  });

  test('needs its sections by hand and its kind of evidence', () => {
    edit(PAGE, 'No hat.', '');
    edit(PAGE, 'Evidence: constructed', 'Evidence: hearsay');
    expect(checkParts(root, part())).toEqual([
      expect.stringContaining('the front line must end in'),
      expect.stringContaining('"Example" is empty'),
    ]);
  });
});

describe('the list of failures', () => {
  test('names the rules of each, or none yet', () => {
    const text = readFileSync(join(root, 'docs/failures.md'), 'utf8');
    expect(text).toContain('- **F-3** Something is seen. → `lost-hat`\n');
    expect(text).toContain('- **F-4** Something is seen. → not yet\n');
    expect(readFileSync(join(root, 'docs/rules/README.md'), 'utf8')).toContain('| F-31 | not yet |');
  });

  test('has no hole', () => {
    edit('docs/failures.md', '- **F-5** Something is seen. → not yet\n', '');
    expect(checkParts(root, part())).toEqual([expect.stringContaining('docs/failures.md: must have one line')]);
  });
});

describe('a new rule', () => {
  test('comes with a test that fails and with marks where something is to be written', () => {
    expect(newRule(root, 'torn-coat')).toEqual(['src/rules/torn-coat.ts', 'test/rules/torn-coat.test.ts']);
    expect(readFileSync(join(root, 'src/rules/torn-coat.ts'), 'utf8')).toContain('export const tornCoat = defineRule({');
    expect(readFileSync(join(root, 'test/rules/torn-coat.test.ts'), 'utf8')).toContain('expect.fail(');
    expect(checkParts(root, part({ proves: 'TODO' }))).toContain('src/rules/lost-hat.ts: meta still says TODO');
  });

  test.each(['lost-hat', 'no-hat', 'hat', 'Lost-Hat', '../lost-hat'])('is refused as %s', (id) => {
    expect(() => newRule(root, id)).toThrow(/is there already|is no id/);
  });
});

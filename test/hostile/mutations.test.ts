/**
 * Damaged evidence (design §10): any bytes in any file never crash, never hang, never lose a line from the accounting.
 *
 * The ordinary suite runs a small part with a new seed each time; `HLD_FUZZ=full npx vitest run test/hostile` runs ten thousand
 * files, a million lines and a thousand sandboxes. What was found once stands by name in regressions.test.ts.
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { diagnosisSchema } from '../../src/model/diagnosis.ts';
import { DoctorError } from '../../src/model/errors.ts';
import { renderJson } from '../../src/report/json.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { filesLike, judgeChanged, sampleCases } from '../helpers/cases.ts';
import { forCases, mutateFile, mutateLine, size, type Chance } from '../helpers/mutate.ts';
import { linesOf } from '../ingest/fixtures.ts';
import { makeSandbox, removeSandboxes, withLoaded } from '../ingest/sandbox.ts';
import { DIALECTS, referenceLog, scanLog } from '../ingest/scan.ts';
import { LARGEST_PART, partOf, seedFiles } from './seeds.ts';

const HOUR = 3_600_000;

/** Newlines, and one more for a piece without one: counted by nothing that the doctor uses. */
function physicalLines(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return bytes.length === 0 || bytes.at(-1) === 10 ? lines : lines + 1;
}

describe('damaged files', () => {
  afterAll(removeSandboxes);

  const FILES_PER_SANDBOX = 100;

  it('are read to their end, and every line of them is under one heading', { timeout: HOUR }, async () => {
    const seeds = seedFiles();
    await forCases(size(5, 100), async (chance) => {
      const files: Record<string, Buffer> = {};
      for (let no = 0; no < FILES_PER_SANDBOX; no++) {
        const { path, bytes } = chance.pick(seeds);
        const other = chance.pick(seeds).bytes;
        files[`${no}/${path}`] = mutateFile(partOf(bytes, chance), partOf(other, chance), chance);
      }
      const root = makeSandbox(files);
      await withLoaded(root, async (rows) => {
        const sources = await rows('SELECT path, kind, bytes, lines, records, continuation, ignored, rejected, cut FROM source');
        expect(new Set(sources.map(({ path }) => path))).toEqual(new Set(Object.keys(files)));
        expect(sources.length).toBe(Object.keys(files).length);
        for (const { path, kind, bytes, lines, records, continuation, ignored, rejected } of sources) {
          const file = files[String(path)] ?? Buffer.alloc(0);
          const sum = Number(records) + Number(continuation) + Number(ignored) + Number(rejected);
          expect({ path, kind, bytes, lines, sum }).toEqual({ path, kind, bytes: file.length, lines: physicalLines(file), sum: lines });
        }
      });
      removeSandboxes();
    });
  });
});

describe.each(DIALECTS)('damaged lines of %s', (dialect) => {
  const LINES_PER_LOG = 100;
  const lines = linesOf(dialect).map((line) => Buffer.from(line, 'latin1'));
  const log = (chance: Chance): Buffer => {
    const pieces: Buffer[] = [];
    for (let no = 0; no < LINES_PER_LOG; no++) pieces.push(mutateLine(chance.pick(lines), chance.pick(lines), chance), Buffer.from('\n'));
    return Buffer.concat(chance.below(2) === 0 ? pieces : pieces.slice(0, -1));
  };

  it('are read as the reference reads them', { timeout: HOUR }, async () => {
    await forCases(size(8, 1700), (chance) => {
      const bytes = log(chance);
      const read = scanLog(dialect, bytes);
      const { counts } = read;
      const sum = ['records', 'continuation', 'ignored', 'rejected'].reduce((all, name) => all + Number(counts[name]), 0);
      expect({ lines: counts['lines'], sum, bytes: counts['bytes'] }).toEqual({
        lines: physicalLines(bytes),
        sum: physicalLines(bytes),
        bytes: bytes.length,
      });
      expect(read).toEqual(referenceLog(dialect, bytes));
    });
  });
});

/** A damaged sandbox: some of its files with some damage each, or gone. */
function damage(root: string, chance: Chance): void {
  const files = filesLike(root, /./).toSorted();
  for (let times = 1 + chance.below(6); times > 0; times--) {
    const file = chance.pick(files);
    if (!readdirSync(join(file, '..')).includes(basename(file))) continue;
    if (chance.below(8) === 0) rmSync(file);
    else {
      const other = readFileSync(files.find((f) => f !== file && statSync(f, { throwIfNoEntry: false }) !== undefined) ?? file);
      writeFileSync(file, mutateFile(readFileSync(file), other.subarray(0, LARGEST_PART), chance));
    }
  }
}

describe('damaged sandboxes', () => {
  const cases = sampleCases();

  it(
    'give a valid diagnosis or a documented error, and never an all-clear that the whole evidence does not give',
    { timeout: HOUR },
    async () => {
      await forCases(size(10, 1000), async (chance) => {
        const c = chance.pick(cases);
        let d;
        try {
          d = await judgeChanged(c, (root) => damage(root, chance));
        } catch (error) {
          if (error instanceof DoctorError && error.kind !== 'internal') return;
          throw error;
        }
        const checked = diagnosisSchema.safeParse(d);
        expect({ sample: c.name, problems: checked.error?.issues ?? [] }).toEqual({ sample: c.name, problems: [] });
        const errored = d.verdicts.filter(({ verdict }) => verdict === 'errored');
        expect({ sample: c.name, errored }).toEqual({ sample: c.name, errored: [] });
        expect(renderJson(d)).toMatch(/\n$/);
        expect(renderTerminal(d, { width: 100, color: false, ascii: false })).not.toBe('');
        const isFalse = c.outcome === 'stalled' && (d.verdict === 'healthy' || d.verdict === 'degraded');
        expect({ sample: c.name, verdict: d.verdict, because: d.because, isFalse }).toMatchObject({ isFalse: false });
      });
    },
  );
});

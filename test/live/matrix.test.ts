/** What a matrix is made of, and what its runs prove of a rule. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowance, foundIn, gradeMatrix, judgeCell, runOf, type CellRun, type Found } from '../../src/live/matrix.ts';
import { matrixFaults, planMatrix, type PlanOptions } from '../../src/live/matrix-plan.ts';
import { COUNTS, OWN_FAULTS, surroundings, TRUTHS } from '../../src/live/matrix-truth.ts';
import { matrixMarkdown, matrixText } from '../../src/live/matrix-text.ts';
import { SCENARIOS } from '../../src/proxy/lab/scenarios.ts';
import { setupFrom } from '../../src/proxy/lab/setup.ts';
import { RULES } from '../../src/rules/index.ts';
import { recorded } from '../helpers/gate.ts';

const ALL: PlanOptions = {
  faults: [],
  behaviours: [],
  layouts: [2, 3, 4],
  transports: ['websocket', 'webrtc'],
  runs: 1,
  small: false,
};
const FAULTS = matrixFaults(SCENARIOS);
const RULE_IDS = new Set<string>(RULES.map(({ meta }) => meta.id));

function cellRun(more: Partial<CellRun>): CellRun {
  const place = { id: 'x', kind: 'diagonal', fault: 'dead-client', behaviour: 'E6', parties: 3, transport: 'webrtc' } as const;
  return { ...place, settings: 'order=connection', completed: false, verdict: 'failed', cause: null, found: [], ...more };
}

function error(rule: string, where = 'run', under?: string): Found {
  return { rule, where, severity: 'error', ...(under === undefined ? {} : { under }) };
}

const DEAD = [{ rule: 'dead-client', where: 'client2' }] as const;

describe('the plan', () => {
  const cells = planMatrix(SCENARIOS, ALL);

  it('has each cell once, and every one can be set up', () => {
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
    for (const { settings, parties, transport } of cells) {
      const setup = setupFrom(settings);
      expect([setup.parties.length, setup.transport], settings).toEqual([parties, transport]);
    }
  });

  it('has every fault in every version that it claims, and every cure', () => {
    for (const { name, eras, cure } of FAULTS) {
      const own = cells.filter(({ fault }) => fault === name);
      for (const era of eras) expect(own, name).toContainEqual(expect.objectContaining({ kind: 'diagonal', behaviour: era }));
      expect(own.some(({ kind }) => kind === 'cure')).toBe(cure !== null);
    }
  });

  it('takes what is asked for: a subset of the whole, the same ids', () => {
    const ids = new Set(cells.map(({ id }) => id));
    const names = FAULTS.map(({ name }) => name);
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), fc.subarray([2, 3, 4], { minLength: 1 }), (faults, layouts) => {
        const some = planMatrix(SCENARIOS, { ...ALL, faults, layouts, transports: ['websocket'] });
        for (const one of some) {
          expect(ids.has(one.id)).toBe(true);
          expect([faults.includes(one.fault), layouts.includes(one.parties), one.transport]).toEqual([true, true, 'websocket']);
        }
      }),
    );
    expect(planMatrix(SCENARIOS, { ...ALL, runs: 3 })).toHaveLength(cells.length * 3);
  });

  it('tries a version with switches of its own', () => {
    const some = planMatrix(SCENARIOS, { ...ALL, faults: ['idle-cut'], behaviours: ['E6', 'E6/reconnect=keep'] });
    expect(some.map(({ kind, behaviour }) => `${kind} ${behaviour}`)).toEqual(['diagonal E6', 'cure E6', 'sweep E6/reconnect=keep']);
  });
});

describe('the truth', () => {
  it('names scenarios and rules that are there, and gives a reason for each allowance', () => {
    const names = new Set(SCENARIOS.map(({ name }) => name));
    for (const [name, { finds = [], allows = {} }] of Object.entries(TRUTHS)) {
      expect(names.has(name), name).toBe(true);
      for (const rule of [...finds.map((one) => one.rule), ...Object.keys(allows)]) expect(RULE_IDS.has(rule), rule).toBe(true);
      for (const because of Object.values(allows)) expect(because).toMatch(/\w+ \w+/);
      // What must be found is not excused as well.
      for (const { rule } of finds) expect(Object.keys(allows)).not.toContain(rule);
    }
    for (const { finds } of OWN_FAULTS) for (const { rule } of finds) expect(RULE_IDS.has(rule), rule).toBe(true);
    for (const rule of [...Object.keys(COUNTS), ...Object.keys(surroundings('websocket', ''))]) expect(RULE_IDS.has(rule), rule).toBe(true);
  });

  it('excuses nothing of the lab where it is not so', () => {
    expect(surroundings('webrtc', 'era=E6 transport=webrtc order=connection')).toEqual({});
    expect(Object.keys(surroundings('webrtc', 'era=E5b transport=webrtc order=connection'))).toEqual(['websocket-fallback']);
    expect(allowance(cellRun({ completed: true }), 'stalled-counters')).toBeUndefined();
    expect(allowance(cellRun({ completed: false }), 'stalled-counters')).toBeDefined();
  });
});

describe('a cell', () => {
  const alarmsOf = (...found: readonly Found[]): readonly string[] => judgeCell(cellRun({ found }), DEAD).alarms.map(({ rule }) => rule);

  it('is missed where nothing says it, or says it of somebody else', () => {
    const missed = (...found: readonly Found[]): number => judgeCell(cellRun({ found }), DEAD).missed.length;
    expect(missed()).toBe(1);
    expect(missed(error('dead-client', 'client1'))).toBe(1);
    expect(missed(error('dead-client', 'client2'))).toBe(0);
    expect(missed(error('dead-client', 'client2>client1'))).toBe(0);
  });

  it('has a false alarm in what is neither wanted, allowed, a note, nor folded under what is right', () => {
    expect(alarmsOf(error('dead-client', 'client2'))).toEqual([]);
    expect(alarmsOf(error('sender-lock-drop'))).toEqual(['sender-lock-drop']);
    expect(alarmsOf({ rule: 'sender-lock-drop', where: 'run', severity: 'info' })).toEqual([]);
    expect(alarmsOf(error('unanswered-open', 'client1', 'dead-client'))).toEqual([]);
    expect(alarmsOf(error('unanswered-open', 'client1', 'frozen-link'))).toEqual(['unanswered-open']);
  });

  it('takes each finding of a real diagnosis once, with the rule that it is folded under', () => {
    const found = foundIn(recorded('stall-e3-debug'));
    expect(new Set(found.map(({ rule, where }) => `${rule} ${where}`)).size).toBe(found.length);
    expect(found).toContainEqual(expect.objectContaining({ rule: 'sender-lock-drop', severity: 'error' }));
    expect(found.flatMap(({ under }) => under ?? []).filter((under) => !RULE_IDS.has(under))).toEqual([]);
  });

  it('that could not be made says why, and grades nothing', () => {
    const [cell] = planMatrix(SCENARIOS, ALL);
    if (cell === undefined) throw new Error('no cell');
    const run = runOf(cell, { completed: false, diagnosis: null, problem: 'no port' });
    const result = gradeMatrix([run], FAULTS);
    expect(result).toMatchObject({ runs: 0, grades: [], falseAllClears: [], notMade: [{ problem: 'no port' }] });
    expect(matrixText(result)).toContain('no port');
  });
});

const RULE_NAMES = ['dead-client', 'frozen-link', 'sender-lock-drop', 'stalled-counters'];
const finding = fc.record({
  rule: fc.constantFrom(...RULE_NAMES),
  where: fc.constantFrom('client1', 'client2', 'client1>client2'),
  severity: fc.constantFrom('error' as const, 'warning' as const, 'info' as const),
});
const cells = fc
  .array(
    fc.record({
      fault: fc.constantFrom('dead-client', 'frozen-link', 'none'),
      completed: fc.boolean(),
      found: fc.uniqueArray(finding, { selector: ({ rule, where }) => `${rule} ${where}`, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((rows) => rows.map((row, index) => cellRun({ ...row, id: String(index), kind: row.fault === 'none' ? 'clean' : 'diagonal' })));

describe('grades', () => {
  it('count every wanted rule as found or missed, and bound shares from below', () => {
    fc.assert(
      fc.property(cells, (runs) => {
        const { grades, misses, alarms, meets } = gradeMatrix(runs, FAULTS);
        const wanted = runs.filter(({ fault }) => fault !== 'none').length;
        expect(grades.reduce((sum, { found }) => sum + found, 0) + misses.length).toBe(wanted);
        for (const { recall, precision, recallAtLeast, precisionAtLeast, expected, found, alarms: loud } of grades) {
          expect(found).toBeLessThanOrEqual(expected);
          expect(recallAtLeast).toBeLessThanOrEqual(recall ?? 0);
          expect(precisionAtLeast).toBeLessThanOrEqual(precision ?? 0);
          expect(precision === null).toBe(found + loud === 0);
        }
        expect(meets || misses.length + alarms.length > 0).toBe(true);
        expect(meets && misses.length > 0).toBe(false);
      }),
    );
  });

  it('do not depend on the order of runs', () => {
    fc.assert(
      fc.property(cells, (runs) => {
        const by = ({ rule }: { rule: string }): string => rule;
        const sorted = (list: readonly CellRun[]): unknown => gradeMatrix(list, FAULTS).grades.toSorted((a, b) => (by(a) < by(b) ? -1 : 1));
        expect(sorted(runs.toReversed())).toEqual(sorted(runs));
      }),
    );
  });

  it('fall with one false alarm, and with one miss', () => {
    const good = Array.from({ length: 10 }, (_, index) => cellRun({ id: String(index), found: [error('dead-client', 'client2')] }));
    const gradeOf = (runs: readonly CellRun[]): unknown => gradeMatrix(runs, FAULTS).grades.find(({ rule }) => rule === 'dead-client');
    expect(gradeOf(good)).toMatchObject({ recall: 1, precision: 1, meets: true });
    expect(gradeOf([...good, cellRun({ id: 'a', found: [] })])).toMatchObject({ recall: 10 / 11, precision: 1, meets: false });
    const alarm = cellRun({ id: 'b', kind: 'clean', fault: 'none', completed: true, found: [error('dead-client', 'client2')] });
    expect(gradeOf([...good, alarm])).toMatchObject({ recall: 1, precision: 10 / 11, meets: false });
  });

  it('of runs that are no diagonal are none; a stop that passes is named in each', () => {
    const run = cellRun({ kind: 'sweep', verdict: 'healthy', found: [error('sender-lock-drop')] });
    const result = gradeMatrix([run], FAULTS);
    expect(result).toMatchObject({ grades: [], alarms: [], falseAllClears: ['x'] });
    const unseen = cellRun({ fault: 'stalled-reader', verdict: 'degraded' });
    expect(gradeMatrix([unseen], FAULTS).falseAllClears).toEqual([]);
  });
});

describe('words', () => {
  it('say what cures which failure', () => {
    const runs = [
      cellRun({ id: '1', fault: 'idle-cut', found: [error('split-client', 'client1')] }),
      cellRun({ id: '2', fault: 'idle-cut', kind: 'sweep', behaviour: 'E6/reconnect=keep', completed: true }),
      cellRun({ id: '3', fault: 'idle-cut', kind: 'cure', completed: true }),
    ];
    const text = matrixText(gradeMatrix(runs, FAULTS));
    expect(text).toMatch(/idle-cut +fails +passes +switch=reconnect=keep: cured/);
    expect(matrixMarkdown(gradeMatrix(runs, FAULTS))).toContain('| idle-cut | fails |');
  });
});

/** How rules are graded from runs and recordings, and that the page says it. */
import { describe, expect, it } from 'vitest';
import type { CellRun } from '../../src/live/matrix.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { gradeFaults, gradeRules, gradesPage, matrixOf, outdated, PLANNED, precisionModule, type Grade } from '../../tools/parts/grades.ts';
import { judgeRecording, type RecordedCase } from '../../tools/parts/recordings.ts';

function made(fault: string, rule: string, where: string, index = 0): CellRun {
  const place = { kind: 'diagonal', behaviour: 'E6', parties: 3, transport: 'webrtc', settings: 'order=connection' } as const;
  const found = [{ rule, where, severity: 'error' as const }];
  return { ...place, id: `diagonal ${fault} ${index}`, fault, completed: false, verdict: 'failed', cause: `${rule} ${where}`, found };
}

function diagnosis(...findings: readonly { rule: string; severity: string; foldedUnder?: string }[]): Diagnosis {
  return { causes: findings.filter(({ foldedUnder }) => foldedUnder === undefined), findings } as unknown as Diagnosis;
}

const RIGHT: RecordedCase = { name: 'killed', outcome: 'stalled', right: ['dead-client'], missed: [], wrong: [] };

function gradeOf(rule: string, cells: readonly CellRun[], cases: readonly RecordedCase[]): [Grade, string] {
  const [one] = gradeRules([rule], matrixOf(cells), cases);
  return [one?.grade ?? 'untested', one?.precision ?? ''];
}

describe('a grade', () => {
  const ours = made('dead-client', 'dead-client', 'client2');

  it.each([
    ['both are right', [ours], [RIGHT], ['proven', 'high']],
    ['recordings alone', [], [RIGHT], ['recorded', 'medium']],
    ['our runs alone', [ours], [], ['unproven', 'medium']],
    ['neither', [], [], ['untested', 'low']],
    ['a miss of ours', [ours, made('dead-client', 'frozen-link', 'client2', 1)], [RIGHT], ['limited', 'medium']],
    ['a false alarm of ours', [ours, made('frozen-link', 'dead-client', 'client2', 1)], [RIGHT], ['doubtful', 'low']],
    ['a false alarm on a recording', [ours], [RIGHT, { ...RIGHT, right: [], wrong: ['dead-client'] }], ['doubtful', 'low']],
    ['a miss on a recording', [ours], [RIGHT, { ...RIGHT, right: [], missed: ['dead-client'] }], ['doubtful', 'low']],
  ] as const)('where %s', (_what, cells, cases, grade) => expect(gradeOf('dead-client', cells, cases)).toEqual(grade));

  it('is very high with many runs, and never of what is right on our own alone', () => {
    const many = Array.from({ length: 40 }, (_, index) => made('dead-client', 'dead-client', 'client2', index));
    expect(gradeOf('dead-client', many, [RIGHT])).toEqual(['proven', 'very-high']);
    expect(gradeOf('dead-client', many, [])).toEqual(['unproven', 'medium']);
  });
});

describe('a recording', () => {
  it('of a stall is right by its first cause', () => {
    const expectation = { outcome: 'stalled', causes: ['dead-client', 'frozen-link'] } as const;
    const judge = (...rules: readonly string[]): Partial<RecordedCase> =>
      judgeRecording('x', expectation, diagnosis(...rules.map((rule) => ({ rule, severity: 'error' }))));
    expect(judge('frozen-link', 'other')).toMatchObject({ right: ['frozen-link'], missed: [], wrong: [] });
    expect(judge('other', 'dead-client')).toMatchObject({ right: [], missed: ['dead-client'], wrong: ['other'] });
    expect(judge()).toMatchObject({ right: [], missed: ['dead-client'], wrong: [] });
  });

  it('of a run that completed is right without an error, and with what must be there', () => {
    const expectation = { outcome: 'completed', present: ['websocket-fallback'], tolerated: ['offer-race'] } as const;
    const said = diagnosis(
      { rule: 'offer-race', severity: 'warning' },
      { rule: 'late-client', severity: 'warning', foldedUnder: 'offer-race:run' },
      { rule: 'stale-run', severity: 'warning' },
      { rule: 'dead-client', severity: 'error' },
    );
    expect(judgeRecording('x', expectation, said)).toMatchObject({
      right: [],
      missed: ['websocket-fallback'],
      wrong: ['dead-client', 'stale-run'],
    });
  });
});

describe('the check', () => {
  it('names a miss that nobody explained, and the page shows it', () => {
    const cells = [made('dead-client', 'frozen-link', 'client1')];
    const matrix = matrixOf(cells);
    const faults = gradeFaults(matrix, cells).join('\n');
    expect(faults).toContain('missed: dead-client client2, unexplained');
    expect(faults).toContain('false alarm: frozen-link client1, unexplained');
    expect(gradesPage(gradeRules(['dead-client'], matrix, []), matrix, cells, [])).toContain('UNEXPLAINED');
  });

  it('names runs of a fault that is no more, and stops that passed', () => {
    const cells = [{ ...made('lost-hat', 'dead-client', 'client2'), verdict: 'healthy' as const }];
    const faults = gradeFaults(matrixOf(cells), cells).join('\n');
    expect(faults).toContain('a fault that is no more: diagonal lost-hat');
    expect(faults).toContain('passed though it did not come to its end');
  });

  it('names results of cells that are planned no more; another seed is the same cell', () => {
    const [id = ''] = PLANNED;
    const run = made('dead-client', 'dead-client', 'client2');
    expect(outdated([{ ...run, id }, { ...run, id: `${id} seed=2` }, run])).toEqual([expect.stringContaining(run.id)]);
  });

  it('writes a table of every rule', () => {
    const text = precisionModule(gradeRules(['frozen-link', 'trace'], matrixOf([]), []));
    expect(text).toContain("  'frozen-link': 'low',\n  trace: 'low',\n");
  });
});

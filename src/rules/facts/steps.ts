/** How long the steps of a flow took, by the party's own clock (field guide §2.4). */
import type { CaseFile, Ref } from './case-file.ts';
import { NO_MAX, type FigureDraft } from './figure.ts';
import type { ProgressStep } from './load-files.ts';

const MOST_STEPS = 200;

export function stepFigures(c: CaseFile): readonly FigureDraft[] {
  const named = c.progressSteps.filter((s) => s.step !== null);
  const keys = [...new Set(named.map((s) => JSON.stringify([s.party, s.step])))].toSorted().slice(0, MOST_STEPS);
  return keys.flatMap((key): FigureDraft[] => {
    const [party, step] = JSON.parse(key) as [string, string];
    const mine = named.filter((s) => s.party === party && s.step === step);
    const state = mine.findLast((s) => s.startedUs !== null);
    const started = state?.startedUs ?? timeOf(mine.find((s) => /start|in_progress/i.test(wordOf(s))));
    const last = mine.findLast((s) => /complete|fail|shared/i.test(wordOf(s)));
    const ended = state === undefined ? timeOf(last) : (state.endedUs ?? null);
    const ref = state ?? last ?? mine.at(-1);
    const evidence = ref === undefined ? [] : [refOf(ref)];
    const base = { what: 'step-ms', party, step, evidence } as const;
    if (started === null) return [{ ...base, value: null, why: 'nothing says when it began' }];
    if (ended !== null && ended >= started) {
      const ms = Math.floor((ended - started) / 1000);
      return [{ ...base, value: { min: ms, max: ms }, why: 'from its start to its end' }];
    }
    const end = c.stillness.end;
    const sofar = end === null ? 0 : Math.max(0, Math.floor((end - c.common(started, party)) / 1000));
    return [{ ...base, value: { min: sofar, max: NO_MAX }, why: 'not ended: the time up to the end of the evidence' }];
  });
}

function wordOf(s: ProgressStep): string {
  return s.status ?? s.event ?? '';
}

function timeOf(s: ProgressStep | undefined): number | null {
  return s?.t ?? null;
}

function refOf(s: ProgressStep): Ref {
  return s.line !== null
    ? { sourceId: s.sourceId, line: s.line }
    : { source: s.source, pointer: s.pointer ?? '', text: `${s.step ?? ''}: ${wordOf(s)}` };
}

/** Who waits for whom at the end of the run. */
import type { Wait } from '../../model/diagnosis.ts';
import type { CaseFile } from '../facts/case-file.ts';
import { whoOwes } from '../facts/rounds.ts';
import { lineRef, waitingStacks } from '../facts/runner.ts';
import { isoOf, type EvidenceWriter } from './evidence.ts';

/** Who waits for whom: the receiver of a dead or owed direction waits for its sender. */
export async function describeWaits(c: CaseFile, write: EvidenceWriter): Promise<Wait[]> {
  if (c.finished === true) return [];
  const stacks = await describeStacks(c, write);
  if (!c.stillness.standing) return stacks;
  const since = isoOf(c.stillness.lastMoved);
  const waits = new Map<string, { for: Set<string>; why: string }>();
  const add = (party: string, other: string, why: string): void => {
    const known = waits.get(party) ?? { for: new Set<string>(), why };
    known.for.add(other);
    waits.set(party, known);
  };
  for (const d of c.directions) if (d.lost.min > 0) add(d.to, d.from, 'bytes of this direction were sent and never arrived');
  const owing = waits.size === 0 ? whoOwes(c.bursts) : undefined;
  if (owing !== undefined) for (const to of owing.towards) add(to, owing.party, 'its turn in the repeated order');
  // Who is not itself waited for through a dead direction, but gets nothing any more, waits for those who wait.
  const stuck = new Set(waits.keys());
  for (const p of c.parties) {
    if (stuck.has(p.email) || stuck.size === 0 || p.email === owing?.party) continue;
    const feeders = c.directions
      .filter((d) => d.to === p.email && stuck.has(d.from) && (d.delivered.min > 0 || d.sent.max > 0))
      .map((d) => d.from);
    for (const f of feeders) add(p.email, f, 'it waits in turn');
  }
  const out: Wait[] = [];
  const moved = c.stillness.lastMovedRef === null ? [] : [c.stillness.lastMovedRef];
  for (const [party, w] of [...waits].toSorted((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const p = c.party(party);
    const last = p?.managers.at(-1)?.last ?? null;
    out.push({
      party,
      for: [...w.for].toSorted(),
      since,
      why: w.why,
      // Without counters, what moved last.
      evidence: await write.all(last === null ? moved : [{ sourceId: last.sourceId, line: last.line }], false),
    });
  }
  return withStacks(out, stacks);
}

/** A party that is known to wait gets its stack as evidence; the other stacks stand for themselves. */
function withStacks(out: readonly Wait[], stacks: readonly Wait[]): Wait[] {
  const told = new Set(out.map((w) => w.party));
  for (const w of out) w.evidence.push(...stacks.filter((s) => s.party === w.party).flatMap((s) => s.evidence));
  return [...out, ...stacks.filter((s) => !told.has(s.party))];
}

/** A stack in sequre's receiving functions says that its program waits for bytes, not whose nor why (field guide 1.2). */
async function describeStacks(c: CaseFile, write: EvidenceWriter): Promise<Wait[]> {
  const out: Wait[] = [];
  for (const { frame, who } of waitingStacks(c)) {
    const evidence = await write.all(lineRef(frame), false);
    out.push({ party: who ?? 'a program', for: [], since: null, why: 'its stack stands in a receive', evidence });
  }
  return out;
}

/**
 * Conservation, not asymmetry: a trusted dealer is nearly silent in a healthy run. What counts is that bytes handed to the
 * transport were never written at the other side. This says how many, on which direction, and leaves the reason to others.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { counter, harm, name, plural } from './engine/ask.ts';
import type { CaseFile, DirectionFact, Ref } from './facts/case-file.ts';
import { UNBOUNDED } from './facts/transport.ts';

export const asymmetricGrowth = defineRule({
  meta: {
    id: 'asymmetric-growth',
    title: 'Bytes were sent that were never delivered',
    severity: 'error',
    failures: ['F-24', 'F-25'],
    needs: ['telemetry'],
    proves: 'The sender counted more bytes than the receivers took; the difference is lost, parked or still under way.',
    notEvidence: {
      'quiet-dealer': 'A party that sends nothing: the dealer is nearly silent in healthy runs.',
      'other-party-grows': 'A receiver that grows because its peer sends much.',
      'flush-skew': 'A small difference while counters move: flushes of different parties are not simultaneous.',
    },
    blindTo: "Bytes that the sender's client refused: they are in no counter.",
    remedy: 'Take a second sample; if the difference stays, follow that direction hop by hop in the logs with debug on.',
    explains: ['stalled-counters'],
  },
  judge: (c, steps) =>
    steps
      .of('senders', c.parties)
      .to('with a direction that may have lost bytes', (p) => suspectsOf(c, p.email))
      .to('who sent more bytes than can have arrived', (loss) => {
        const total = Math.max(0, ...loss.suspects.map((d) => d.lost.min), lossOf(c, loss.from));
        // Frames are counted exactly where volumes are only known in round figures; while counters move they may be under way.
        const isMissing = total > 0 || (isStill(c) && (missingFrames(c, loss.from) ?? 0) > 0);
        return isMissing ? { ...loss, total } : null;
      })
      .that('with counters of the sender or a receiver to show it', ({ from, suspects }) => proof(c, from, suspects).length > 0)
      .rows.flatMap((loss) => draftFor(c, loss)),
});

interface Loss {
  readonly from: string;
  readonly suspects: readonly DirectionFact[];
  readonly certain: boolean;
}

/** Directions of one sender: its loss may not be attributable to one of them. */
function suspectsOf(c: CaseFile, from: string): Loss | undefined {
  const group = c.directions.filter((d) => d.from === from);
  const certain = group.filter((d) => d.lost.min > 0);
  const suspects = certain.length > 0 ? certain : group.filter((d) => d.lost.max > 0 && d.sent.max > 0 && d.lost.max < UNBOUNDED);
  return suspects.length === 0 ? undefined : { from, suspects, certain: certain.length > 0 };
}

function draftFor(c: CaseFile, { from, suspects, certain, total }: Loss & { readonly total: number }): Draft[] {
  const evidence = proof(c, from, suspects);
  const still = isStill(c);
  const frames = missingFrames(c, from);
  const likelier = suspects.length === 1 ? suspects[0] : mostLikely(c, suspects);
  const told = c.toldStill ? c.notes.map((text): Ref => ({ ready: { kind: 'told', text } })) : [];
  return [
    {
      subject: likelier === undefined ? { party: from } : { from, to: likelier.to },
      severity: severityOf(c, still, certain),
      confidence: suspects.length === 1 && still ? 'certain' : likelier !== undefined ? 'likely' : 'possible',
      message: `${name(from, c)} sent ${amount(c, from, total, frames)} more than arrived${whither(c, suspects, likelier)}${still ? '' : '; one sample cannot tell lost from under way'}`,
      evidence: [...evidence, ...c.stillness.samples, ...told],
      metrics: { missing_bytes: total, missing_frames: frames },
      touches: [from, ...suspects.map((d) => d.to)],
    },
  ];
}

function isStill(c: CaseFile): boolean {
  return c.stillness.standing || c.toldStill;
}

function severityOf(c: CaseFile, still: boolean, certain: boolean): Draft['severity'] {
  if (c.finished === true) return 'info';
  return still ? harm(c, c.toldStill || certain) : 'warning';
}

function amount(c: CaseFile, from: string, total: number, frames: number | null): string {
  if (total === 0 && frames !== null) return plural(frames, 'frame');
  const sent = c.party(from)?.sent.bytes;
  const exact = sent !== undefined && sent.min === sent.max;
  return `${exact ? '' : 'at least '}${total} bytes${frames === null || frames === 0 ? '' : ` in ${plural(frames, 'frame')}`}`;
}

function whither(c: CaseFile, suspects: readonly DirectionFact[], likelier: DirectionFact | undefined): string {
  if (suspects.length === 1 || likelier === undefined) return ` at ${suspects.map((d) => name(d.to, c)).join(' or ')}`;
  return `; ${name(likelier.to, c)} is the likelier receiver (assumed: both directions carry the same block, and the missing piece completes it)`;
}

/** The counters on both sides; nothing without them. */
function proof(c: CaseFile, from: string, suspects: readonly DirectionFact[]): Ref[] {
  const sender = c.party(from);
  return [
    ...counter(sender, 'tx_bytes', sender?.telemetry?.txBytes ?? null),
    ...suspects.flatMap((d) => counter(c.party(d.to), 'rx_bytes', c.party(d.to)?.telemetry?.rxBytes ?? null)),
  ];
}

function lossOf(c: CaseFile, from: string): number {
  const sent = c.party(from)?.sent.bytes.min ?? 0;
  const delivered = c.directions.filter((d) => d.from === from).reduce((sum, d) => sum + d.delivered.max, 0);
  return Math.max(0, sent - delivered);
}

/** Frames of this sender that nobody wrote, when counters give both sides exactly. */
function missingFrames(c: CaseFile, from: string): number | null {
  const sent = c.party(from)?.sent.frames;
  const arrived = c.directions.filter((d) => d.from === from).map((d) => d.frames.delivered);
  if (sent === undefined || sent.min !== sent.max || arrived.some((d) => d === null || d.min !== d.max)) return null;
  return Math.max(0, sent.min - arrived.reduce((sum, d) => sum + (d?.min ?? 0), 0));
}

/**
 * Which of several directions is short of a whole block: when the others' volumes agree and one lacks just the missing
 * bytes, it is the likelier one. An assumption about the program, said as such.
 */
function mostLikely(c: CaseFile, suspects: readonly DirectionFact[]): DirectionFact | undefined {
  const volumes = c.directions.filter((d) => d.delivered.min === d.delivered.max && d.delivered.min > 0);
  const hits = suspects.filter(
    (d) => volumes.some((o) => o !== d && o.delivered.min === d.delivered.min + d.lost.max) && d.delivered.min === d.delivered.max,
  );
  return hits.length === 1 ? hits[0] : undefined;
}

/** The part of a Diagnosis that a watch shows, and the process that makes it. */
import type { Diagnosis } from '../model/diagnosis.ts';

/** Lines of evidence that travel with a cause. */
const MOST_EVIDENCE = 6;
const MOST_EVENTS = 50;

/** What crosses from the judging process: causes with some evidence, no accounting of single files, no sequence. */
export type Judgement = Pick<Diagnosis, 'verdict' | 'because' | 'run' | 'parties' | 'flows' | 'causes' | 'waits' | 'unexplained'> & {
  /** Newest events of the run, oldest first. */
  readonly events: Diagnosis['timeline']['events'];
  /** A direction's sessions by transport: `from\nto`. */
  readonly transports: Readonly<Record<string, Diagnosis['sessions'][number]['transport']>>;
};

export function judgementOf(d: Diagnosis): Judgement {
  const { verdict, because, run, parties, flows, waits, unexplained } = d;
  const causes = d.causes.map((cause) => ({
    ...cause,
    evidence: cause.evidence.slice(0, MOST_EVIDENCE).map((one) => ({ ...one, context: undefined })),
  }));
  return {
    verdict,
    because,
    run: run === null ? null : { ...run, otherRuns: [] },
    parties: parties.map((party) => ({ ...party, era: { value: party.era.value, evidence: [] } })),
    flows,
    causes,
    waits: waits.map((wait) => ({ ...wait, evidence: [] })),
    unexplained,
    events: d.timeline.events.slice(-MOST_EVENTS),
    transports: transportsOf(d),
  };
}

function transportsOf({ sessions }: Diagnosis): Judgement['transports'] {
  const out: Record<string, Diagnosis['sessions'][number]['transport']> = {};
  for (const { opener, to, acceptor, transport } of sessions) {
    const key = `${opener ?? ''}\n${to ?? acceptor ?? ''}`;
    const before = out[key];
    out[key] =
      before === undefined || before === 'unknown' || before === transport ? transport : transport === 'unknown' ? before : 'mixed';
  }
  return out;
}

export interface JudgeRequest {
  readonly id: number;
  readonly input: string;
  readonly also: readonly string[];
}

export type JudgeReply =
  | { readonly id: number; readonly judgement: Judgement }
  /** `isFinal`: another try would say the same. */
  | { readonly id: number; readonly error: string; readonly code: string; readonly isFinal: boolean };

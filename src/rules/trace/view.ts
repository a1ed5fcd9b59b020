/** One direction of a case file, with what its links ask of it. */
import type { Interval } from '../../model/diagnosis.ts';
import type { LinkState } from '../../model/trace.ts';
import type { CaseFile, DirectionFact, PartyFact, Ref, SessionFact, StreamFact } from '../facts/case-file.ts';
import { citeCounter } from '../facts/counters.ts';
import type { LogEvent } from '../facts/events.ts';
import { channelOf, ownerOf, Pairing } from '../facts/sessions.ts';
import { UNBOUNDED } from '../facts/transport.ts';

export interface Judged {
  readonly state: LinkState;
  readonly says: string;
  readonly evidence: readonly Ref[];
  /** An absence that a line proves; any other gives way to what is seen further on. */
  readonly firm?: true;
}

export interface Link extends Judged {
  readonly link: string;
}

export function seen(says: string, evidence: readonly Ref[]): Judged {
  return { state: 'seen', says, evidence };
}

/** Nothing shows it, though something would. */
export function absent(says: string, evidence: readonly Ref[]): Judged {
  return { state: 'absent', says, evidence };
}

/** A line says that it failed. */
export function failed(says: string, evidence: readonly Ref[]): Judged {
  return { state: 'absent', says, evidence, firm: true };
}

export function unknowable(says: string, evidence: readonly Ref[] = []): Judged {
  return { state: 'unknowable', says, evidence };
}

export class View {
  readonly c: CaseFile;
  readonly from: string;
  readonly to: string;
  readonly direction: DirectionFact | undefined;
  readonly sender: PartyFact | undefined;
  readonly receiver: PartyFact | undefined;
  /** The stream that got furthest, and its session. */
  readonly stream: StreamFact | undefined;
  readonly session: SessionFact | undefined;
  /** Evidence bounds what was sent to nothing. */
  readonly idle: boolean;
  private readonly pairing: Pairing;

  constructor(c: CaseFile, from: string, to: string) {
    this.c = c;
    this.from = from;
    this.to = to;
    this.direction = c.direction(from, to);
    this.sender = c.party(from);
    this.receiver = c.party(to);
    this.stream = (this.direction?.streams ?? []).toSorted((a, b) => this.reach(b) - this.reach(a))[0];
    this.session = this.sessionOf(this.stream);
    this.idle = this.direction?.sent.max === 0 || isOff(c, this.sender);
    const inRun = c.markers.filter((m) => c.run === null || m.run === null || m.run === c.run.id);
    this.pairing = new Pairing(
      inRun.length > 0 ? inRun : c.markers,
      c.parties.map((p) => p.email),
    );
  }

  /** Who takes the session's open: on an adopted session that is the sender of this direction. */
  get acceptor(): string {
    return this.stream?.adopted === true ? this.from : this.to;
  }

  get opener(): string {
    return this.stream?.adopted === true ? this.to : this.from;
  }

  /** Lines of a party about this pair's channel, of the judged run where there are any. */
  lines(party: string, ...kinds: string[]): readonly LogEvent[] {
    const all = this.c.events.ofParty(party, ...kinds).filter((e) => this.isPair(e.owner, e.channel, party));
    const mine = all.filter((e) => e.run === null || this.c.run === null || e.run === this.c.run.id);
    return mine.length > 0 ? mine : all;
  }

  isPairPath(path: string, party: string): boolean {
    return this.isPair(ownerOf(path), channelOf(path), party);
  }

  private isPair(owner: string | null, channel: string | null, party: string): boolean {
    return this.pairing.other(owner, channel, party) === (party === this.from ? this.to : this.from);
  }

  private sessionOf(stream: StreamFact | undefined): SessionFact | undefined {
    return this.direction?.sessions.find((s) => s.sid === stream?.sid);
  }

  private reach(x: StreamFact): number {
    const s = this.sessionOf(x);
    const steps = [
      x.received !== null,
      (x.sent?.frames ?? x.sentSeq ?? 0) > 0,
      s?.accepted != null,
      s !== undefined && s.accepting.length > 0,
    ];
    return steps.reduce((sum, step, i) => sum + (step ? 2 ** (steps.length - i) : 0), 0);
  }
}

/** Whole seconds of the relay's clock. */
export const RELAY_BLUR_US = 2_000_000;

/** Whether the relay's log is there for the time at which the session was opened. */
export function coveredByRelay({ c, session }: View): boolean {
  const at = session?.opened?.t ?? null;
  return at !== null && (c.relay?.start ?? Infinity) <= at + RELAY_BLUR_US && (c.relay?.end ?? 0) >= at - RELAY_BLUR_US;
}

/** The process started and never said that hotlink is on: such a client listens for no program and answers no open. */
export function isOff(c: CaseFile, p: PartyFact | undefined): boolean {
  if (p?.log == null || p.hotlinkOn || p.log.dialect.startsWith('go-')) return false;
  return c.events.ofParty(p.email, 'daemon-start').length > 0;
}

/** The log holds debug lines and covers the run: what they would say and do not did not happen. */
export function tellsDebug(p: PartyFact | undefined): boolean {
  return p?.log != null && p.logComplete && p.debug;
}

export function noLine(p: PartyFact | undefined, text: string): Ref {
  return p?.log == null ? { absent: true, text } : { source: p.log.path, absent: true, text };
}

/** Why a party's log cannot show what is asked of it. */
export function whyBlind(p: PartyFact | undefined, who: string, debug: boolean): string {
  if (p?.log == null) return `no line could show it: no log of ${who}`;
  if (!p.logComplete) return `no line could show it: the log of ${who} does not cover the run`;
  if (debug && !p.debug && !p.log.dialect.startsWith('go-')) return `no line could show it: debug is off in the log of ${who}`;
  return `no line could show it: the version of ${who} writes none`;
}

export function entryOf(p: PartyFact | undefined, sid: string | undefined, direction: 'in' | 'out'): Ref[] {
  const entry = p?.telemetry?.sessions.find((x) => x.sid === sid && x.direction === direction);
  if (p?.telemetry == null || entry === undefined) return [];
  const figures = direction === 'out' ? ` status: ${entry.status ?? '?'} seq: ${String(entry.seq)}` : '';
  return [{ source: p.telemetry.source, pointer: entry.pointer, text: `sid ${entry.sid}${figures}` }];
}

export function firstLast(x: { readonly sourceId: number; readonly firstLine: number; readonly lastLine: number }): Ref[] {
  return [
    { sourceId: x.sourceId, line: x.firstLine },
    { sourceId: x.sourceId, line: x.lastLine },
  ];
}

export function amount(i: Interval, unit: string): string {
  if (i.min === i.max) return `${i.min} ${unit}`;
  return i.max >= UNBOUNDED ? `at least ${i.min} ${unit}` : `${i.min} to ${i.max} ${unit}`;
}

/** A counter of a party; it sums over all that the party sends or gets. */
export function total(p: PartyFact | undefined, field: string, value: number | null | undefined): Ref[] {
  return p?.telemetry == null || value == null ? [] : [citeCounter(p.telemetry, field, `${field}: ${value}, over all its directions`)];
}

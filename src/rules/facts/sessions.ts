/** The life of each session, seen from its opener, those who accepted and the relay. */
import { groupBy } from '../../util/group.ts';
import type { EventLog, LogEvent } from './events.ts';
import type { ReceivedStream, SentStream } from './load.ts';
import type { Marker, Telemetry } from './load-files.ts';
import type { SessionFact, StreamFact } from './case-file.ts';

/** Finds the other party of a channel. Party numbers come from the markers' directories, never from the alphabet. */
export class Pairing {
  private readonly emailOf = new Map<number, Set<string>>();
  private readonly markers: readonly Marker[];
  private readonly parties: readonly string[];
  /** `numbers`: what paths tell of party numbers where there are no markers. */
  constructor(markers: readonly Marker[], parties: readonly string[], numbers: ReadonlyMap<number, string> = new Map()) {
    this.markers = markers;
    this.parties = parties;
    if (markers.length === 0) for (const [index, email] of numbers) this.emailOf.set(index, new Set([email]));
    for (const m of markers) {
      for (const [index, email] of [
        [m.fromIndex, m.from],
        [m.toIndex, m.to],
      ] as const) {
        if (index === null || email === null) continue;
        const set = this.emailOf.get(index) ?? new Set();
        set.add(email);
        this.emailOf.set(index, set);
      }
    }
  }

  /** Emails of the two ends of `owner/…/channel`; undefined when neither marker nor number tells. */
  ends(owner: string | null, channel: string | null): readonly [string, string] | undefined {
    const numbers = numbersOf(channel);
    if (numbers === undefined) return undefined;
    const same = this.markers.filter((m) => m.from !== null && m.to !== null && sameNumbers(numbersOf(m.channel), numbers));
    const near =
      same.find((m) => m.owner === owner && m.channel === channel) ??
      same.find((m) => m.owner === owner) ??
      same.find((m) => m.from === owner || m.to === owner) ??
      same[0];
    if (near?.from != null && near.to !== null) return [near.from, near.to];
    const [a, b] = numbers.map((n) => only(this.emailOf.get(n)));
    if (a !== undefined && b !== undefined) return [a, b];
    return this.parties.length === 2 && this.parties[0] !== undefined && this.parties[1] !== undefined
      ? [this.parties[0], this.parties[1]]
      : undefined;
  }

  other(owner: string | null, channel: string | null, party: string | null): string | null {
    const ends = this.ends(owner, channel);
    if (ends === undefined || party === null) return null;
    if (ends[0] === party) return ends[1];
    return ends[1] === party ? ends[0] : null;
  }

  index(email: string): number | null {
    const hits = [...this.emailOf].filter(([, set]) => set.has(email) && set.size === 1).map(([n]) => n);
    return hits.length === 1 ? (hits[0] ?? null) : null;
  }
}

/**
 * Party numbers by the channels in each party's namespace: in the directed layout they all begin with its own number. Nothing
 * when they do not, as in the shared layout.
 */
export function numbersByOwner(channels: readonly { readonly owner: string; readonly channel: string }[]): ReadonlyMap<number, string> {
  const byNumber = new Map<number, string>();
  const byOwner = new Map<string, number>();
  for (const { owner, channel } of channels) {
    const index = numbersOf(channel)?.[0];
    if (index === undefined) continue;
    if ((byNumber.get(index) ?? owner) !== owner || (byOwner.get(owner) ?? index) !== index) return new Map();
    byNumber.set(index, owner);
    byOwner.set(owner, index);
  }
  return byNumber;
}

export function numbersOf(channel: string | null): readonly [number, number] | undefined {
  const m = channel === null ? null : /^(\d+)_to_(\d+)$/.exec(channel);
  return m === null ? undefined : [Number(m[1]), Number(m[2])];
}

function sameNumbers(a: readonly [number, number] | undefined, b: readonly [number, number]): boolean {
  return a !== undefined && Math.min(...a) === Math.min(...b) && Math.max(...a) === Math.max(...b);
}

function only<T>(set: ReadonlySet<T> | undefined): T | undefined {
  return set?.size === 1 ? [...set][0] : undefined;
}

interface Inputs {
  readonly events: EventLog;
  readonly pairing: Pairing;
  readonly telemetry: readonly Telemetry[];
  readonly received: readonly ReceivedStream[];
  readonly sent: readonly SentStream[];
  readonly parties: readonly string[];
}

/** What each source has of one session id. */
interface Seen {
  readonly sid: string;
  readonly events: readonly LogEvent[];
  readonly received: readonly ReceivedStream[];
  readonly sent: readonly SentStream[];
  readonly entries: readonly Entry[];
}

export function buildSessions(input: Inputs): readonly SessionFact[] {
  const received = groupBy(input.received, (r) => r.sid);
  const sent = groupBy(input.sent, (s) => s.sid);
  const entries = groupBy(
    input.telemetry.flatMap((t) => t.sessions.map((s): Entry => ({ party: t.party, ...s }))),
    (e) => e.sid,
  );
  const ids = new Set([...input.events.sessionIds(), ...received.keys(), ...sent.keys(), ...entries.keys()]);
  const built = [...ids].map((sid) =>
    buildSession(
      {
        sid,
        events: input.events.session(sid),
        received: received.get(sid) ?? [],
        sent: sent.get(sid) ?? [],
        entries: entries.get(sid) ?? [],
      },
      input,
    ),
  );
  return built.toSorted(
    (a, b) =>
      (a.opened?.t ?? Infinity) - (b.opened?.t ?? Infinity) || (a.opened?.id ?? 0) - (b.opened?.id ?? 0) || (a.sid < b.sid ? -1 : 1),
  );
}

const PATH_KINDS = [
  'session-new',
  'decoded-open',
  'send-open',
  'open-received',
  'accept-sending',
  'open-denied',
  'open-target-denied',
  'relay-data',
  'fallback',
  'session-adopted',
  'accept-timeout',
];

function buildSession(seen: Seen, input: Inputs): SessionFact {
  const { sid, events, entries } = seen;
  const first = (...kinds: string[]): LogEvent | null => events.find((e) => kinds.includes(e.kind)) ?? null;
  const every = (...kinds: string[]): LogEvent[] => events.filter((e) => kinds.includes(e.kind));
  const accepting = onePerParty(every('accept-sending', 'send-accept'));
  const denied = first('open-denied', 'open-target-denied');
  const seenBy = onePerParty(every('decoded-open', 'open-received'));
  const place = placeOf(seen);
  const opener =
    openerOf(
      first('session-new', 'send-open') ?? every('fallback').find(isGoFallback) ?? null,
      every('decoded-open', 'open-received'),
      denied,
      entries,
      accepting,
    ) ?? otherEnd(place, seenBy, input.pairing);
  const to = [...seenBy, ...every('open-target-denied', 'session-new')].find((e) => e.to !== null)?.to ?? null;
  const onlyAcceptor = accepting.length === 1 ? accepting[0]?.party : undefined;
  const peer = input.pairing.other(place.owner, place.channel, opener) ?? to ?? onlyAcceptor ?? otherOfTwo(input.parties, opener);
  return {
    sid,
    id: events.find((e) => (e.session?.length ?? 0) > 8)?.session ?? sid,
    opener,
    peer,
    ...place,
    to,
    opened: first('session-new', 'send-open') ?? first('decoded-open', 'open-received') ?? denied,
    seenBy,
    accepting,
    accepted:
      events.find(
        (e) => (opener === null || e.party === opener) && ['session-accepted', 'accept-received', 'decoded-accept'].includes(e.kind),
      ) ?? null,
    acceptCount: every('decoded-accept').length,
    timeout: first('accept-timeout', 'strict-accept-timeout'),
    rejects: every('decoded-reject'),
    denied,
    fallbacks: onePerParty(every('fallback')),
    adoptions: every('session-adopted'),
    p2pOpen: onePerParty(every('webrtc-open')),
    quic: events.some((e) => e.kind.startsWith('quic-')),
    answered: events.find(isAnswer) ?? null,
    telemetryStatus: entries.find((e) => e.direction === 'out' && e.party === opener)?.status ?? null,
    streams: opener === null ? [] : buildStreams(seen, opener, peer, accepting),
  };
}

/** An answer as it was sent or received; a capture sees it, a log only on its way in. */
export function isAnswer(e: LogEvent): boolean {
  return (e.kind === 'send-signal' || e.kind === 'decoded-signal') && (e.reason === 'sdp_answer' || e.reason === 'quic_answer');
}

/** Where the session's path lies: from the line that names it, else from its frames, else from telemetry's entry. */
function placeOf({ events, received, entries }: Seen): Pick<SessionFact, 'path' | 'owner' | 'channel' | 'run'> {
  const line = events.find((e) => PATH_KINDS.includes(e.kind) && e.path !== null);
  if (line !== undefined)
    return { path: line.path, owner: line.owner ?? ownerOf(line.path), channel: line.channel ?? channelOf(line.path), run: line.run };
  const path = received.find((r) => r.path !== null)?.path ?? null;
  const entry = entries[0];
  return { path, owner: ownerOf(path) ?? entry?.peer ?? null, channel: channelOf(path) ?? entry?.channel ?? null, run: null };
}

type Entry = { readonly party: string } & Telemetry['sessions'][number];

function openerOf(
  own: LogEvent | null,
  seen: readonly LogEvent[],
  denied: LogEvent | null,
  entries: readonly Entry[],
  accepting: readonly LogEvent[],
): string | null {
  if (own?.party != null) return own.party;
  const from = seen.find((e) => e.user !== null)?.user ?? denied?.user ?? null;
  if (from !== null) return from;
  const out = entries.filter(
    (e) =>
      e.direction === 'out' &&
      !accepting.some((a) => a.party === e.party) &&
      !entries.some((x) => x.direction === 'in' && x.party === e.party),
  );
  return out.length === 1 ? (out[0]?.party ?? null) : null;
}

/** Only the two ends of a channel open sessions on it, and nobody receives an open of his own. */
function otherEnd(place: Pick<SessionFact, 'owner' | 'channel'>, seenBy: readonly LogEvent[], pairing: Pairing): string | null {
  const others = new Set(seenBy.map((e) => pairing.other(place.owner, place.channel, e.party)).filter((p) => p !== null));
  return others.size === 1 ? ([...others][0] ?? null) : null;
}

/** A Go client (its ids have 16 digits) prints no open; it prints this line, and only of sessions that it opened: it adopts none. */
function isGoFallback(e: LogEvent): boolean {
  return /^[0-9a-f]{16}$/.test(e.session ?? '');
}

function otherOfTwo(parties: readonly string[], party: string | null): string | null {
  return parties.length === 2 && party !== null ? (parties.find((p) => p !== party) ?? null) : null;
}

function onePerParty(events: readonly LogEvent[]): LogEvent[] {
  const seen = new Set<string | null>();
  return events.filter((e) => !seen.has(e.party) && seen.add(e.party) !== undefined);
}

/** One stream per sender: the opener's own, and one for everybody who sends on a session that he accepted. */
function buildStreams(seen: Seen, opener: string, peer: string | null, accepting: readonly LogEvent[]): readonly StreamFact[] {
  const { sid, received } = seen;
  const stream = (from: string, to: string, { adopted = false, astray = false }): StreamFact => ({
    sid,
    from,
    to,
    adopted,
    astray,
    sentSeq: seen.entries.find((e) => e.party === from && e.direction === 'out')?.seq ?? null,
    sent: seen.sent.find((s) => s.party === from) ?? null,
    received: received.find((r) => r.party === to) ?? null,
  });
  const acceptors = accepting.map((a) => a.party).filter((p): p is string => p !== null && p !== opener);
  const target = peer ?? acceptors[0] ?? null;
  const others = received.filter((r) => r.party !== opener && r.party !== target).map((r) => r.party);
  const own = [target, ...others].filter((to) => to !== null).map((to) => stream(opener, to, { astray: to !== target }));
  const refused = seen.events.filter((e) => e.kind === 'data-not-sender' && e.user !== null && e.user !== opener).map((e) => e.user ?? '');
  const adopters = new Set([...acceptors.filter((p) => sendsOn(seen, p)), ...refused]);
  return [...own, ...[...adopters].toSorted().map((from) => stream(from, opener, { adopted: true }))];
}

/** Any sign that this party, which accepted the session, sends on it. */
function sendsOn(seen: Seen, party: string): boolean {
  return (
    seen.sent.some((s) => s.party === party) ||
    seen.entries.some((e) => e.party === party && e.direction === 'out' && (e.seq ?? 0) > 0) ||
    seen.events.some((e) => e.party === party && (e.kind === 'session-adopted' || e.kind === 'fallback'))
  );
}

/** `owner/…` when the path begins with an email. */
export function ownerOf(path: string | null): string | null {
  const head = path?.split('/')[0];
  return head !== undefined && head.includes('@') ? head : null;
}

export function channelOf(path: string | null): string | null {
  return /\/(\d+_to_\d+)\//.exec(path ?? '')?.[1] ?? null;
}

/**
 * Why a frame met no writer. The line `tcp write skipped: no writer` is the same for a program that is late (F-30), one
 * that never came (F-39), a writer that was lost (F-4), a key that no version pair maps (F-10, F-38) and a proxy of another
 * run (F-20). What tells them apart: which keys this party's version maps, whether its program was connected by then,
 * and what the next frames of other channels met.
 */
import type { CaseFile, Era, PartyFact, SessionFact } from './case-file.ts';
import { isSix } from './eras.ts';
import { inOrder, type LogEvent } from './events.ts';
import type { Marker } from './load-files.ts';
import { numbersOf } from './sessions.ts';
import { portsTakenByTwin } from './twins.ts';
import { largest } from '../../util/extent.ts';

/** twin: said by a second client in the same folder, which has no listener and writes into the same log (F-19). */
export type SkipReason = 'twin' | 'late' | 'absent' | 'lost' | 'peer-key' | 'mixed' | 'stale';

export interface Skip {
  readonly event: LogEvent;
  readonly party: string;
  readonly sender: string | null;
  readonly session: SessionFact | null;
  readonly reason: SkipReason;
  readonly certain: boolean;
  /** When the frame came and its wait for a writer began: from then on the read loop handled nothing else. */
  readonly since: number | null;
  /** Further lines that decide it. */
  readonly proof: readonly LogEvent[];
}

/** Several rules ask; each case file is classified once. */
const classified = new WeakMap<CaseFile, readonly Skip[]>();

export function classifySkips(c: CaseFile): readonly Skip[] {
  const known = classified.get(c) ?? classify(c);
  classified.set(c, known);
  return known;
}

function classify(c: CaseFile): readonly Skip[] {
  const seen = new Set<string>();
  const skips: Skip[] = [];
  for (const event of c.events.of('write-skipped').toSorted(inOrder)) {
    const key = `${event.party ?? ''}\n${event.path ?? ''}`;
    if (event.party === null || seen.has(key)) continue;
    seen.add(key);
    const session = sessionOf(c, event);
    const sender = session?.streams.find((s) => s.to === event.party)?.from ?? null;
    const since = waitBegan(event, session);
    skips.push({ event, party: event.party, sender, session, since, ...reasonOf(c, event, event.party, sender, session) });
  }
  return skips;
}

/** Twenty looks for a writer, a quarter of a second apart (E3 on). */
const WRITER_WAIT_US = 5_000_000;
/** Writer waits take up to 30 ms more than that. */
const MARGIN_US = 500_000;

/** The line of the frame when it was the stream's first, else the wait that every version from E3 on keeps. */
function waitBegan(event: LogEvent, session: SessionFact | null): number | null {
  if (event.t === null) return null;
  const got = session?.streams.find((s) => s.to === event.party)?.received ?? null;
  const waits = got !== null && got.prefixFrames === 0 ? got.firstT : null;
  return Math.min(waits ?? Infinity, event.t - WRITER_WAIT_US);
}

function sessionOf(c: CaseFile, event: LogEvent): SessionFact | null {
  const hits = c.sessions.filter((s) => s.path === event.path && s.streams.some((x) => x.to === event.party));
  return hits.find((s) => s.streams.some((x) => x.received?.skippedSeq != null)) ?? hits[0] ?? null;
}

type Reason = Pick<Skip, 'reason' | 'certain' | 'proof'>;

function reasonOf(c: CaseFile, event: LogEvent, party: string, sender: string | null, session: SessionFact | null): Reason {
  const delivered = session?.streams.find((s) => s.to === party)?.received?.prefixFrames ?? 0;
  const twin = portsTakenByTwin(c, party);
  if (twin.length > 0) return { reason: 'twin', certain: true, proof: twin };
  if (isStale(c, event, party)) return { reason: 'stale', certain: true, proof: [] };
  if (delivered > 0) return { reason: 'lost', certain: true, proof: c.events.ofParty(party, 'app-closed').slice(0, 1) };
  const me = c.party(party);
  const era = me?.era.value ?? commonEra(c, party);
  const connected = connectedBefore(c, party, sender, event);
  const mapped = maps(c, me, event, era);
  if (mapped === undefined && perhapsOlder(c, me, event, sender)) return { reason: 'mixed', certain: false, proof: connected };
  if (mapped === false) return unmapped(c, era, sender, connected);
  if (mapped === 'unless-swapped') return perhapsUnmapped(c, event, party, sender, connected);
  // It was connected and is gone, or a probe took its place.
  if (mapped === true && connected.length > 0)
    return { reason: 'lost', certain: c.events.ofParty(party, 'app-closed').length > 0, proof: connected };
  return late(c, party, sender);
}

/**
 * A party that is not of E6, on a path that only E5b and E6 map, from a sender of E6: what else it is nothing tells, but a
 * frame that found no writer there is more often an older version's than a late program's.
 */
function perhapsOlder(c: CaseFile, me: PartyFact | undefined, event: LogEvent, sender: string | null): boolean {
  const from = sender === null ? undefined : c.party(sender);
  return me !== undefined && isSix(me.telemetry) === false && from?.era.value === 'E6' && maps(c, me, event, 'E5') === 'unless-swapped';
}

/** A path of another run, for which this party has no marker while it has this run's. */
function isStale(c: CaseFile, event: LogEvent, party: string): boolean {
  if (event.run === null || c.run === null || event.run === c.run.id) return false;
  const own = c.markers.filter((m) => m.party === party);
  return own.some((m) => m.run === c.run?.id) && !own.some((m) => m.run === event.run);
}

function unmapped(c: CaseFile, era: Era | null, sender: string | null, connected: readonly LogEvent[]): Reason {
  const senderEra = sender === null ? null : (c.party(sender)?.era.value ?? null);
  const otherKeys = (era === 'Go') !== (senderEra === 'Go') && senderEra !== null;
  if (otherKeys) return { reason: 'mixed', certain: true, proof: connected };
  if (era === 'Go') return { reason: 'peer-key', certain: true, proof: connected };
  const older = era === 'E1' || era === 'E2' || era === 'E3' || era === 'E4';
  if (older && senderEra !== era) return { reason: 'mixed', certain: true, proof: connected };
  return { reason: 'peer-key', certain: era === 'E5a' || connected.length > 0, proof: connected };
}

/** E5 of which nothing tells a from b: other frames on such paths decide, else the repetition on another channel. */
function perhapsUnmapped(c: CaseFile, event: LogEvent, party: string, sender: string | null, connected: readonly LogEvent[]): Reason {
  if (swapped(c, party, event) || foundWriter(c, party, event))
    return connected.length > 0 ? { reason: 'lost', certain: false, proof: connected } : late(c, party, sender);
  const repeated = c.events.ofParty(party, 'write-skipped').filter((e) => e.path !== event.path);
  return {
    reason: 'peer-key',
    certain: connected.length > 0 || repeated.length > 0,
    proof: connected.length > 0 ? connected : repeated.slice(0, 1),
  };
}

/** A party whose version nothing tells is taken to run what all others run. E6 shows itself in telemetry, so it is not assumed against that. */
export function commonEra(c: CaseFile, party: string): Era | null {
  const others = new Set(c.parties.filter((p) => p.email !== party && p.era.value !== null).map((p) => p.era.value));
  const only = [...others][0] ?? null;
  if (others.size !== 1 || (only === 'E6' && isSix(c.party(party)?.telemetry ?? null) === false)) return null;
  return only;
}

/** Nobody was connected when the frame came; did anybody come later? */
function late(c: CaseFile, party: string, sender: string | null): Pick<Skip, 'reason' | 'certain' | 'proof'> {
  const me = c.party(party);
  const proxies = me?.telemetry?.proxies ?? [];
  const mine = sender === null ? proxies : proxies.filter((p) => p.from === sender || p.to === sender);
  const ever =
    mine.some((p) => p.connected) ||
    c.sessions.some((s) => s.opener === party && (sender === null || s.peer === sender)) ||
    c.received.some(
      (r) => r.party === party && r.prefixFrames > 0 && (sender === null || c.sessions.some((s) => s.sid === r.sid && s.opener === sender)),
    ) ||
    (mine.length === 0 && c.events.ofParty(party, 'app-connected').length > 0);
  if (!ever && mine.length > 0 && me?.telemetry?.hasLive === true) return { reason: 'absent', certain: true, proof: [] };
  return { reason: 'late', certain: ever, proof: c.events.ofParty(party, 'app-connected').slice(0, 1) };
}

/** Lines that show the program connected to this pair's proxy before the frame came: it spoke on it, or debug says so. */
function connectedBefore(c: CaseFile, party: string, sender: string | null, event: LogEvent): readonly LogEvent[] {
  // A Go client prints no open; its fallback line comes with its program's first bytes.
  const spoke = c.events
    .ofParty(party, c.party(party)?.era.value === 'Go' ? 'fallback' : 'session-new')
    .filter((e) => e.line < event.line && (sender === null || c.sessions.some((s) => s.sid === e.sid && s.peer === sender)));
  const usable = stillOpen(c, party, event.line).filter((e) => samePair(e.channel, event.channel));
  // The skip comes 5 s after the frame: a program that connected in between would have been found.
  return [...spoke, ...usable].slice(0, 2);
}

/**
 * Debug lines show a program's connection that is not closed again before this line of its log. The line of a close does not say which of
 * several connections it was, so as many as were closed are left out, the oldest first: a probe comes before the program (F-4).
 */
export function stillOpen(c: CaseFile, party: string, before = Infinity): readonly LogEvent[] {
  const closed = c.events.ofParty(party, 'app-closed').filter((e) => e.line < before);
  const opened = c.events.ofParty(party, 'app-connected').filter((e) => e.line < before);
  return opened.filter((a) => {
    const later = opened.filter((x) => x.path === a.path && x.line >= a.line).length;
    return later <= opened.filter((x) => x.path === a.path).length - closed.filter((x) => x.path === a.path).length;
  });
}

function samePair(a: string | null, b: string | null): boolean {
  const x = numbersOf(a);
  const y = numbersOf(b);
  return x !== undefined && y !== undefined && Math.min(...x) === Math.min(...y) && Math.max(...x) === Math.max(...y);
}

/**
 * Whether the party's version registers its program under the frame's path (field guide 8.4). 'unless-swapped': an E5
 * client does in E5b and does not in E5a. undefined when the version or the marker is not known.
 */
function maps(c: CaseFile, me: PartyFact | undefined, event: LogEvent, era: Era | null): boolean | 'unless-swapped' | undefined {
  const marker = c.markers.find(
    (m) => m.party === me?.email && (c.run === null || m.run === c.run.id) && samePair(m.channel, event.channel),
  );
  if (marker === undefined || me === undefined) return undefined;
  return mapsKey(`${event.owner ?? ''}/${event.channel ?? ''}`, marker, me.email, era);
}

/** The same for `owner/channel` and the marker by which this party registers its program. */
export function mapsKey(key: string, marker: Marker, me: string, era: Era | null): boolean | 'unless-swapped' | undefined {
  const numbers = numbersOf(marker.channel);
  if (marker.from === null || marker.to === null || numbers === undefined) return undefined;
  const [a, b] = numbers;
  const straight = `${Math.min(a, b)}_to_${Math.max(a, b)}`;
  // The Go client takes the email of the lower number, where the Rust client takes the smaller one.
  if (era === 'Go') return key === `${a <= b ? marker.from : marker.to}/${straight}` || key === `${marker.owner}/${marker.channel}`;
  const smaller = marker.from < marker.to ? marker.from : marker.to;
  const peer = marker.from === me ? marker.to : marker.from;
  if (key === `${smaller}/${straight}` || key === `${marker.owner}/${marker.channel}`) return true;
  return era === null ? undefined : keysByEra(key, marker.from, marker.to, marker.channel, peer, straight, `${b}_to_${a}`)[era];
}

/** Whether each version's further keys hold this one (field guide 8.4). */
function keysByEra(
  key: string,
  from: string,
  to: string,
  channel: string,
  peer: string,
  straight: string,
  reverse: string,
): Readonly<Record<Era, boolean | 'unless-swapped' | undefined>> {
  const owned = key === `${from}/${straight}` || key === `${to}/${straight}`;
  const same = key === `${peer}/${channel}`;
  const turned = key === `${peer}/${reverse}`;
  return {
    E1: false,
    E2: false,
    E3: owned,
    E4: owned,
    E5: owned || (turned ? 'unless-swapped' : same),
    E5a: owned || same,
    E5b: owned || turned,
    E6: owned || turned,
    Go: undefined,
  };
}

/** More frames came on this path than were skipped, and the last had time to be: a writer was there for one of them, so the path is mapped. */
function foundWriter(c: CaseFile, party: string, event: LogEvent): boolean {
  const skips = c.events.ofParty(party, 'write-skipped').filter((e) => e.path === event.path).length;
  const came = c.received.filter((r) => r.party === party && r.path === event.path);
  const end = c.party(party)?.logEnd ?? -Infinity;
  const last = largest(came.map((r) => r.lastT ?? -Infinity));
  return came.reduce((sum, r) => sum + r.distinct, 0) > skips && last + WRITER_WAIT_US + MARGIN_US < end;
}

/** Another frame on a directional path of a larger email was written by this version: then its keys are swapped as in E5b. */
export function swapped(c: CaseFile, party: string, event: LogEvent | null): boolean {
  return c.received.some((r) => {
    const opener = c.sessions.find((s) => s.sid === r.sid && s.owner === s.opener)?.opener;
    if (opener == null || r.prefixFrames === 0 || r.path === event?.path) return false;
    return opener > r.party && (r.party === party || c.party(r.party)?.era.value === c.party(party)?.era.value);
  });
}

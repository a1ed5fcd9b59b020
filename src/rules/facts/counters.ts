/**
 * Counters over time: which of several samples is a party's last word, and whether they say that it stood still.
 *
 * The newest of a party's telemetry files is its telemetry; without a file, the last figures that a status line or a person gives
 * stand in for it. Copies of the file are a series: unchanged while `updated_ms` advances is standing still (field guide F-24),
 * and so is a status line's own `stall`.
 */
import { groupBy } from '../../util/group.ts';
import type { PartyFact, Ref } from './case-file.ts';
import type { Telemetry } from './load-files.ts';
import type { CounterSample } from './load-runner.ts';

/** Figures of one sample may be spread over so many lines. */
const SPREAD_LINES = 3;

/** One file per party: the one that was written last. */
export function newestOfEach(files: readonly Telemetry[]): readonly Telemetry[] {
  const newest = new Map<string, Telemetry>();
  for (const t of files) {
    const known = newest.get(t.party);
    if (known === undefined || isNewer(t, known)) newest.set(t.party, t);
  }
  return files.filter((t) => newest.get(t.party) === t);
}

/**
 * The last word of each manager that counted beside the newest one: one that still flushed after the newest had begun is another
 * connection of the same client, and what both counted adds up.
 */
export function livesOf(files: readonly Telemetry[], newest: Telemetry | null): readonly Telemetry[] {
  if (newest === null) return [];
  const beside = files.filter(
    (t) => t.party === newest.party && t.startedUs !== newest.startedUs && (t.updatedUs ?? -Infinity) > (newest.startedUs ?? Infinity),
  );
  return [newest, ...beside.filter((t) => !beside.some((o) => o.startedUs === t.startedUs && isNewer(o, t)))];
}

function isNewer(a: Telemetry, b: Telemetry): boolean {
  const [x, y] = [a.updatedUs ?? -Infinity, b.updatedUs ?? -Infinity];
  return x > y || (x === y && a.sourceId < b.sourceId);
}

/** Email that a short name stands for; the name itself when no email or more than one does. */
export function emailOf(name: string, emails: readonly string[]): string {
  const mine = emails.filter((e) => e === name || e.split('@')[0] === name);
  return mine.length === 1 && mine[0] !== undefined ? mine[0] : name;
}

/**
 * Samples of status lines and of figures that somebody wrote down, of this run. A text that names runs speaks of no other; one
 * that names none is taken to speak of the newest.
 */
export function textSamples(samples: readonly CounterSample[], run: string | null, isNewest: boolean): readonly CounterSample[] {
  const told = samples.filter((s) => s.origin !== 'telemetry');
  const naming = new Set(told.filter((s) => s.run !== null).map((s) => s.sourceId));
  return told.filter((s) => run === null || (naming.has(s.sourceId) ? s.run === run : isNewest));
}

/** Party number that a name of the runner says: aggregator is 0, clientN is N. */
export function indexOfName(name: string): number | null {
  const local = name.split('@')[0] ?? name;
  if (local === 'aggregator') return 0;
  const n = /^client([1-9]\d{0,3})$/.exec(local)?.[1];
  return n === undefined ? null : Number(n);
}

/** What stands in for the telemetry of parties that have no file. */
export function telemetryOfText(
  samples: readonly CounterSample[],
  emails: readonly string[],
  has: ReadonlySet<string>,
): readonly Telemetry[] {
  const parties = [...new Set(samples.map((s) => emailOf(s.party, emails)))].filter((p) => emails.includes(p) && !has.has(p));
  return parties.toSorted().flatMap((party) => {
    const mine = samples.filter((s) => emailOf(s.party, emails) === party);
    const last = mine.at(-1);
    return last === undefined ? [] : [merged(party, last, mine)];
  });
}

type Field =
  'txPackets' | 'rxPackets' | 'txBytesMin' | 'txBytesMax' | 'rxBytesMin' | 'rxBytesMax' | 'wsFallbacks' | 'txWs' | 'webrtcConnected';

function merged(party: string, last: CounterSample, mine: readonly CounterSample[]): Telemetry {
  const isNear = (s: CounterSample): boolean =>
    s.sourceId === last.sourceId && s.origin === last.origin && (last.line ?? 0) - (s.line ?? 0) <= SPREAD_LINES;
  // The same frames are the same bytes, whoever rounds them more.
  const isSameMoment = (s: CounterSample): boolean =>
    last.txPackets !== null && last.rxPackets !== null && s.txPackets === last.txPackets && s.rxPackets === last.rxPackets;
  const near = mine.filter((s) => s === last || isNear(s) || isSameMoment(s));
  const width = (s: CounterSample, way: 'tx' | 'rx'): number => (s[`${way}BytesMax`] ?? Infinity) - (s[`${way}BytesMin`] ?? 0);
  const exact = (way: 'tx' | 'rx'): CounterSample | undefined =>
    near.filter((s) => isSameMoment(s) && s[`${way}BytesMin`] !== null).toSorted((a, b) => width(a, way) - width(b, way))[0];
  const at = (field: Field): CounterSample | undefined =>
    (field.includes('Bytes') ? exact(field.startsWith('tx') ? 'tx' : 'rx') : undefined) ?? near.findLast((s) => s[field] !== null);
  const value = (field: Field): number | null => at(field)?.[field] ?? null;
  const line = (field: Field): number => at(field)?.line ?? last.line ?? 1;
  const range = (min: number | null, max: number | null): number | null => (min === max ? null : max);
  return {
    sourceId: last.sourceId,
    source: last.source,
    party,
    cites: {
      tx_bytes: line('txBytesMin'),
      rx_bytes: line('rxBytesMin'),
      tx_packets: line('txPackets'),
      rx_packets: line('rxPackets'),
      ws_fallbacks: line('wsFallbacks'),
      tx_ws_packets: line('txWs'),
      webrtc_connected: line('webrtcConnected'),
    },
    mode: null,
    strict: false,
    startedUs: null,
    updatedUs: null,
    txPackets: value('txPackets'),
    txBytes: value('txBytesMin'),
    txP2p: null,
    txWs: value('txWs'),
    txQuic: null,
    rxPackets: value('rxPackets'),
    rxBytes: value('rxBytesMin'),
    txBytesMax: range(value('txBytesMin'), value('txBytesMax')),
    rxBytesMax: range(value('rxBytesMin'), value('rxBytesMax')),
    rxMaxWriteMs: null,
    p2pOffers: null,
    quicOffers: null,
    wsFallbacks: value('wsFallbacks'),
    strictViolations: null,
    webrtcConnected: value('webrtcConnected'),
    tcpProxies: null,
    hasLive: false,
    hasBenchStrict: false,
    hasQuicKeys: false,
    sessions: [],
    proxies: [],
  };
}

/** Evidence of a counter: the field of the file, or the line that somebody wrote. */
export function citeCounter(t: Telemetry, field: string, text: string): Ref {
  if (t.cites === null) return { source: t.source, pointer: `/${field}`, text };
  return { sourceId: t.sourceId, line: t.cites[field] ?? Object.values(t.cites)[0] ?? 1 };
}

/** What is missing of a party without a telemetry file. */
export function whyNoFile(standIn: Telemetry | null): string {
  return standIn === null
    ? 'without it totals come from rounded log lines'
    : 'its totals are figures of a text: no sessions, no proxies, no time';
}

/** What a party's samples say of its last movement. */
export interface Quiet {
  /** Since when at the latest its counters stay as they are, and until when that was seen: common clock, or seconds alone. */
  readonly from: number | null;
  readonly to: number | null;
  readonly us: number;
  /** A sample after which the counters moved: the last one of its kind. */
  readonly grewAfter: number | null;
  readonly refs: readonly Ref[];
}

/**
 * The unchanged end of a party's copies of its telemetry file. After a reconnect two managers flush into one file by turns (field
 * guide 5.4, trap 2): each must have stood still. undefined with fewer than two samples of one.
 */
export function quietOfCopies(
  p: PartyFact,
  samples: readonly CounterSample[],
  common: (us: number, clock: string) => number,
): Quiet | undefined {
  const newest = p.telemetry;
  if (newest === null || newest.cites !== null) return undefined;
  const mine = samples
    .filter((s) => s.origin === 'telemetry' && s.party === p.email && s.t !== null)
    .toSorted((a, b) => (a.t ?? 0) - (b.t ?? 0) || a.sourceId - b.sourceId);
  const lives = [...groupBy(mine, (s) => String(s.startedUs)).values()].filter((life) =>
    life.some((s) => s.startedUs === newest.startedUs || (s.t ?? 0) > (newest.startedUs ?? Infinity)),
  );
  if (lives.length === 0 || lives.some((life) => life.length < 2)) return undefined;
  return together(lives.map((life) => quietEnd(life, (us) => common(us, p.email))));
}

/** `life` holds one manager's samples in the order of time, one at least. */
function quietEnd(life: readonly CounterSample[], common: (us: number) => number): Quiet {
  const last = life.at(-1);
  const changed = last === undefined ? -1 : life.findLastIndex((s) => !isSame(s, last));
  const first = life[changed + 1] ?? last;
  const time = (s: CounterSample | undefined): number => common(s?.t ?? 0);
  const ends = first === last ? [last] : [first, last];
  return {
    from: time(first),
    to: time(last),
    us: time(last) - time(first),
    grewAfter: changed < 0 ? null : time(life[changed]),
    refs: ends.filter((s) => s !== undefined).map((s) => copyRef(s)),
  };
}

/** What holds of all: the stretches overlap. */
function together(quiets: readonly Quiet[]): Quiet {
  const from = Math.max(...quiets.map((q) => q.from ?? -Infinity));
  const to = Math.min(...quiets.map((q) => q.to ?? Infinity));
  const grew = quiets.map((q) => q.grewAfter).filter((t) => t !== null);
  return {
    from,
    to,
    us: Math.max(0, to - from),
    grewAfter: grew.length === 0 ? null : Math.max(...grew),
    refs: quiets.flatMap((q) => q.refs),
  };
}

function isSame(a: CounterSample, b: CounterSample): boolean {
  return a.txPackets === b.txPackets && a.rxPackets === b.rxPackets && a.txBytesMin === b.txBytesMin && a.rxBytesMin === b.rxBytesMin;
}

function copyRef(s: CounterSample): Ref {
  const text = `updated_ms: ${String(Math.round((s.t ?? 0) / 1000))}, tx_bytes: ${String(s.txBytesMin)}, rx_bytes: ${String(s.rxBytesMin)}`;
  return { source: s.source, pointer: s.pointer ?? '', text };
}

/** `stall` of a party's last sample in text, unless its telemetry file says that it moved on. */
export function quietOfText(
  p: PartyFact,
  samples: readonly CounterSample[],
  emails: readonly string[],
): (Quiet & { readonly moment: string }) | undefined {
  const last = samples.findLast((s) => emailOf(s.party, emails) === p.email);
  if (last?.stallSeconds == null || last.line === null) return undefined;
  const file = p.telemetry?.cites === null ? p.telemetry : null;
  if (file !== null && (file.txPackets !== last.txPackets || file.rxPackets !== last.rxPackets)) return undefined;
  const us = last.stallSeconds * 1_000_000;
  const moment = last.origin === 'status' ? `${last.sourceId}:${last.ordinal}` : `${last.sourceId}`;
  return {
    from: last.t === null ? null : last.t - us,
    to: last.t,
    us,
    grewAfter: null,
    refs: [{ sourceId: last.sourceId, line: last.line }],
    moment,
  };
}

/**
 * How long all parties with counters stood still together: the copies' unchanged stretches overlap, or one status line says
 * it of each. undefined when a party's samples do not say.
 */
export function quietOfAll(
  parties: readonly PartyFact[],
  samples: readonly CounterSample[],
  texts: readonly CounterSample[],
  common: (us: number, clock: string) => number,
): Quiet | undefined {
  const counted = parties.filter((p) => p.hasCounters);
  if (counted.length === 0) return undefined;
  const emails = parties.map((p) => p.email);
  const copies = counted.map((p) => quietOfCopies(p, samples, common)).filter((q) => q !== undefined);
  if (copies.length === counted.length) return together(copies);
  const lines = counted.map((p) => quietOfText(p, texts, emails)).filter((q) => q !== undefined);
  const one = lines[0];
  if (one === undefined || lines.length !== counted.length || lines.some((q) => q.moment !== one.moment)) return undefined;
  const us = Math.min(...lines.map((q) => q.us));
  return { from: one.to === null ? null : one.to - us, to: one.to, us, grewAfter: null, refs: lines.flatMap((q) => q.refs) };
}

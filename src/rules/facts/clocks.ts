/**
 * Each file is stamped by its own clock. What must have happened before what (an open before its arrival, an accept
 * before its arrival, the relay's hello before it was read) bounds the offset of two clocks by an interval; a clock is
 * moved only when zero is not in its interval, so recordings of one machine stay as they are (field guide §3).
 */
import { sql, type Query } from '../../store/sql.ts';
import { integer, integerOrNull, text } from './columns.ts';

export const RELAY_CLOCK = 'relay';
const SECOND = 1_000_000;
/** The relay's hello is read within this time of being written, unless the client is swamped. */
const HELLO_LATENCY_US = 3 * SECOND;
/** Offsets up to this are not told apart from latency and rounding when only the relay's whole seconds bound them. */
const COARSE_US = 4 * SECOND;

export interface OffsetInterval {
  readonly clock: string;
  readonly against: string;
  /** `clock` minus `against`, microseconds; null when nothing bounds that side. */
  readonly min: number | null;
  readonly max: number | null;
}

export interface Clocks {
  readonly intervals: readonly OffsetInterval[];
  /** Microseconds to take from a clock's stamps to get the common time. */
  readonly shifts: ReadonlyMap<string, number>;
  /** Clocks that nothing ties to the others. */
  readonly loose: readonly string[];
}

/** Per ordered pair (sender of a message, its reader): the least time that one message seemed to take, in microseconds. */
const CROSSINGS = sql`
  WITH said AS (
    SELECT sid8, party, min(ts_us) AS t, 'open' AS what FROM ev WHERE kind IN ('session-new', 'send-open') AND party IS NOT NULL AND sid8 IS NOT NULL GROUP BY sid8, party
    UNION ALL
    SELECT sid8, party, min(ts_us), 'accept' FROM ev WHERE kind IN ('accept-sending', 'send-accept') AND party IS NOT NULL AND sid8 IS NOT NULL GROUP BY sid8, party
  ),
  heard AS (
    SELECT sid8, party, min(ts_us) AS t, 'open' AS what FROM ev WHERE kind IN ('decoded-open', 'open-received') AND party IS NOT NULL AND sid8 IS NOT NULL GROUP BY sid8, party
    UNION ALL
    SELECT sid8, party, min(ts_us), 'accept' FROM ev WHERE kind IN ('decoded-accept', 'accept-received') AND party IS NOT NULL AND sid8 IS NOT NULL GROUP BY sid8, party
  )
  SELECT s.party AS sender, h.party AS reader, min(h.t - s.t) AS least
  FROM said AS s JOIN heard AS h ON h.sid8 = s.sid8 AND h.what = s.what AND h.party <> s.party
  GROUP BY s.party, h.party ORDER BY s.party, h.party
`;

/** Hello of the relay as written (whole seconds in a development log) and as read by a client. */
const HELLOS = sql`
  SELECT h.party, min(h.ts_us - w.ts_us) AS least, max(h.ts_us - w.ts_us) AS most
  FROM ev AS w JOIN ev AS h ON h.msg_id = w.msg_id AND h.kind = 'decoded-hello'
  WHERE w.kind = 'relay-written' AND w.msg_type = 'SYSTEM' AND h.party IS NOT NULL
  GROUP BY h.party ORDER BY h.party
`;

const QUARTER_US = 15 * 60 * SECOND;

/**
 * A development relay writes local time. Its zone usually stands in its own request lines; without them it is the quarter
 * of an hour nearest to how much earlier (or later) clients read its hellos than it wrote them. Half of the clients must agree.
 */
export async function solveZone(query: Query): Promise<void> {
  const unknown = await query(
    sql`SELECT source_id FROM source WHERE dialect IN ('relay-dev', 'mixed') AND kind IN ('relay-log', 'runner') AND zone_minutes IS NULL ORDER BY source_id`,
  );
  for (const row of unknown) {
    const id = integer(row, 'source_id');
    const hellos = await query(
      sql`
        SELECT h.party, min(h.ts_us - w.ts_us) AS least
        FROM event AS w JOIN event AS h ON h.msg_id = w.msg_id AND h.kind = 'decoded-hello'
        WHERE w.source_id = ?1 AND w.kind = 'relay-written' AND w.msg_type = 'SYSTEM' AND h.party IS NOT NULL
        GROUP BY h.party ORDER BY h.party
      `,
      [id],
    );
    const quarters = hellos.map((r) => Math.round(integer(r, 'least') / QUARTER_US));
    const agreed = quarters.find((z) => quarters.filter((o) => o === z).length * 2 > quarters.length);
    if (agreed === undefined) continue;
    // Local time ahead of UTC makes "read minus written" negative.
    const zone = -agreed * QUARTER_US;
    await query(sql`UPDATE source SET zone_minutes = ?2, zone_source = 'matched' WHERE source_id = ?1`, [id, -agreed * 15]);
    await query(
      sql`UPDATE log_event SET ts_us = ts_us - ?2 WHERE source_id = ?1 AND kind_id IN (SELECT kind_id FROM event_kind WHERE side = 'relay')`,
      [id, zone],
    );
    await query(sql`UPDATE family SET first_us = first_us - ?2, last_us = last_us - ?2 WHERE source_id = ?1`, [id, zone]);
    await query(sql`UPDATE silence SET from_us = from_us - ?2, to_us = to_us - ?2 WHERE source_id = ?1`, [id, zone]);
  }
}

/** `known`: offsets that were settled before and only have to be told. */
export async function solveClocks(query: Query, parties: readonly string[], known: readonly OffsetInterval[] = []): Promise<Clocks> {
  const crossings = (await query(CROSSINGS)).map((r) => ({
    sender: text(r, 'sender'),
    reader: text(r, 'reader'),
    least: integerOrNull(r, 'least'),
  }));
  const hellos = await query(HELLOS);
  const intervals: OffsetInterval[] = [];
  for (const r of hellos) {
    // read at most HELLO_LATENCY after it was written, and the stamp hides up to a second
    intervals.push({
      clock: text(r, 'party'),
      against: RELAY_CLOCK,
      min: integer(r, 'most') - SECOND - HELLO_LATENCY_US,
      max: integer(r, 'least'),
    });
  }
  for (const [i, a] of parties.entries()) {
    for (const b of parties.slice(i + 1)) {
      const ab = crossings.find((c) => c.sender === a && c.reader === b)?.least ?? null;
      const ba = crossings.find((c) => c.sender === b && c.reader === a)?.least ?? null;
      if (ab === null && ba === null) continue;
      intervals.push({ clock: b, against: a, min: ba === null ? null : -ba, max: ab });
    }
  }
  return { intervals: [...intervals, ...known], ...chooseShifts(intervals, parties, hellos.length > 0) };
}

function chooseShifts(
  intervals: readonly OffsetInterval[],
  parties: readonly string[],
  hasRelay: boolean,
): Pick<Clocks, 'shifts' | 'loose'> {
  const shifts = new Map<string, number>();
  const reference = hasRelay ? RELAY_CLOCK : mostAgreed(intervals, parties);
  shifts.set(reference, 0);
  // First those that agree with the reference, then the others by their tightest interval to a settled clock.
  const pending = new Set(parties.filter((p) => p !== reference));
  for (let progress = true; progress && pending.size > 0;) {
    progress = false;
    for (const party of [...pending].toSorted()) {
      const offset = offsetFrom(party, intervals, shifts);
      if (offset === undefined) continue;
      shifts.set(party, offset);
      pending.delete(party);
      progress = true;
    }
  }
  return { shifts, loose: [...pending].toSorted() };
}

function offsetFrom(party: string, intervals: readonly OffsetInterval[], settled: ReadonlyMap<string, number>): number | undefined {
  const bounds = intervals.map((i) => seenFrom(party, i)).filter((b) => b !== undefined);
  let low = -Infinity;
  let high = Infinity;
  for (const { other, min, max } of bounds) {
    const base = settled.get(other);
    if (base === undefined) continue;
    const slack = other === RELAY_CLOCK ? COARSE_US : 0;
    low = Math.max(low, base + min - slack);
    high = Math.min(high, base + max + slack);
  }
  if (low === -Infinity && high === Infinity) return undefined;
  if (low <= 0 && high >= 0) return 0;
  if (low === -Infinity || high === Infinity) return low === -Infinity ? high : low;
  return Math.round((low + high) / 2);
}

/** The interval as this party's offset against the other clock; undefined when it is about two others. */
function seenFrom(party: string, i: OffsetInterval): { other: string; min: number; max: number } | undefined {
  const [min, max] = [i.min ?? -Infinity, i.max ?? Infinity];
  if (i.clock === party) return { other: i.against, min, max };
  return i.against === party ? { other: i.clock, min: -max, max: -min } : undefined;
}

function mostAgreed(intervals: readonly OffsetInterval[], parties: readonly string[]): string {
  const agree = (p: string): number =>
    intervals.filter((i) => (i.clock === p || i.against === p) && (i.min ?? -1) <= 0 && (i.max ?? 1) >= 0).length;
  return parties.toSorted((a, b) => agree(b) - agree(a) || (a < b ? -1 : 1))[0] ?? RELAY_CLOCK;
}

/** Puts the common time into the judged lines. Clocks that need no shift are left alone. */
export async function applyShifts(query: Query, clocks: Clocks): Promise<void> {
  for (const [clock, shift] of clocks.shifts) {
    if (shift === 0) continue;
    if (clock === RELAY_CLOCK) await query(sql`UPDATE ev SET t = ts_us - ?1 WHERE party IS NULL`, [shift]);
    else {
      await query(sql`UPDATE ev SET t = ts_us - ?1 WHERE party = ?2`, [shift, clock]);
      await query(sql`UPDATE flush SET t = ts_us - ?1 WHERE party = ?2`, [shift, clock]);
    }
  }
}

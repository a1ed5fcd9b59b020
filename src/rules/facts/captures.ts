/**
 * Captures beside logs: the same message must not count twice, and two recorders must not be taken for one clock.
 *
 * The client's own log comes first: it also shows what became of a message. A capture adds what no log of its party has. Its
 * stamps are the recorder's; where log and capture show the same messages, the capture's are moved onto the log's clock
 * when the interval of the offset says that the clocks differ (docs/decisions/0006-captures.md).
 */
import { sql, type Query } from '../../store/sql.ts';
import type { OffsetInterval } from './clocks.ts';
import { integer, integerOrNull, text } from './columns.ts';

/** Between a client's line and the byte on the wire; a difference up to this is no other clock. */
const SLACK_US = 100_000;

/** Lines that say one thing: what a capture's kind stands for, and by which kinds a log says it. */
const CLASSES = sql`
  CREATE OR REPLACE TEMP TABLE wire_class AS SELECT * FROM (VALUES
    ('session-new', 'open', 'said'), ('send-open', 'open', 'said'),
    ('accept-sending', 'accept', 'said'), ('send-accept', 'accept', 'said'),
    ('send-reject', 'reject sent', 'said'), ('send-close', 'close sent', 'said'),
    ('decoded-hello', 'hello', 'heard'),
    ('decoded-open', 'open seen', 'heard'), ('open-received', 'open seen', 'heard'),
    ('decoded-accept', 'accept seen', 'heard'), ('accept-received', 'accept seen', 'heard'), ('session-accepted', 'accept seen', 'heard'),
    ('decoded-reject', 'reject', 'heard'), ('reject-received', 'reject', 'heard'),
    ('decoded-close', 'close', 'heard'), ('close-received', 'close', 'heard'),
    ('decoded-signal', 'signal', 'heard')
  ) AS t(kind, class, side)
`;

/** Messages of captures and of logs by what they say; `nth` counts equal ones within a source. Logs count outside the window too. */
const SEEN = sql`
  CREATE OR REPLACE TEMP TABLE wire_seen AS
  SELECT e.event_id, e.source_id, e.party, e.ts_us, c.class, c.side, s.kind = 'capture' AS wire, coalesce(e.sid8, e.msg_id) AS key,
    CASE WHEN c.class = 'signal' THEN e.reason END AS what,
    row_number() OVER (PARTITION BY e.source_id, e.kind, coalesce(e.sid8, e.msg_id), CASE WHEN c.class = 'signal' THEN e.reason END ORDER BY e.event_id) AS nth
  FROM event AS e JOIN source AS s ON s.source_id = e.source_id JOIN wire_class AS c ON c.kind = e.kind
  WHERE s.kind IN ('capture', 'client-log') AND e.party IN (SELECT party FROM source WHERE kind = 'capture')
`;

/** A capture's message that the party's log has, or a capture that was listed before it. */
const REPEATED = sql`
  DELETE FROM ev WHERE event_id IN (
    SELECT w.event_id FROM wire_seen AS w JOIN wire_seen AS o
      ON o.party = w.party AND o.class = w.class AND o.key = w.key AND o.what IS NOT DISTINCT FROM w.what AND o.nth = w.nth
      AND (NOT o.wire OR o.source_id < w.source_id)
    WHERE w.wire
  )
`;

/** Frames: a session of which the party's log shows any is the log's; of captures the first that has the frame. */
const REPEATED_FRAMES = sql`
  DELETE FROM ev WHERE event_id IN (
    WITH frame AS (
      SELECT e.event_id, e.source_id, e.party, e.kind, e.sid8, e.seq, s.kind = 'capture' AS wire,
        row_number() OVER (PARTITION BY e.source_id, e.kind, e.sid8, e.seq ORDER BY e.event_id) AS nth
      FROM event AS e JOIN source AS s ON s.source_id = e.source_id
      WHERE e.kind IN ('decoded-data', 'send-data') AND s.kind IN ('capture', 'client-log') AND e.party IN (SELECT party FROM source WHERE kind = 'capture')
    ),
    logged AS (SELECT DISTINCT party, kind, sid8 FROM frame WHERE NOT wire)
    SELECT w.event_id FROM frame AS w SEMI JOIN logged AS l ON l.party = w.party AND l.kind = w.kind AND l.sid8 = w.sid8 WHERE w.wire
    UNION ALL
    SELECT w.event_id FROM frame AS w SEMI JOIN frame AS o
      ON o.wire AND o.party = w.party AND o.kind = w.kind AND o.sid8 = w.sid8 AND o.seq = w.seq AND o.nth = w.nth AND o.source_id < w.source_id
    WHERE w.wire
  )
`;

/** Files and acknowledgements are the log's where there is one. */
const REPEATED_FILES = sql`
  DELETE FROM ev WHERE kind IN ('acl-send', 'decoded-file')
    AND source_id IN (SELECT source_id FROM source WHERE kind = 'capture' AND party IN (SELECT party FROM source WHERE kind = 'client-log'))
`;

/** Capture minus log: at most the least difference of what the client said before it sent it, at least the most of what it heard after. */
const OFFSETS = sql`
  SELECT w.source_id, w.party, max(w.ts_us - l.ts_us) FILTER (WHERE w.side = 'heard') AS least, min(w.ts_us - l.ts_us) FILTER (WHERE w.side = 'said') AS most
  FROM wire_seen AS w JOIN (
    SELECT party, class, key, what, nth, min(ts_us) AS ts_us FROM wire_seen WHERE NOT wire AND ts_us IS NOT NULL GROUP BY ALL
  ) AS l ON l.party = w.party AND l.class = w.class AND l.key = w.key AND l.what IS NOT DISTINCT FROM w.what AND l.nth = w.nth
  WHERE w.wire GROUP BY w.source_id, w.party ORDER BY w.source_id
`;

interface Settled {
  readonly intervals: readonly OffsetInterval[];
  /** Microseconds taken off the stamps of a capture, by source. */
  readonly shifts: ReadonlyMap<number, number>;
}

/** Takes repeated messages out of the judged window and puts captures onto their party's clock. Without captures nothing happens. */
export async function settleCaptures(query: Query): Promise<Settled> {
  const [found] = await query(sql`SELECT count(*) AS n FROM source WHERE kind = 'capture' AND party IS NOT NULL`);
  if (found === undefined || integer(found, 'n') === 0) return { intervals: [], shifts: new Map() };
  await query(CLASSES);
  await query(SEEN);
  const intervals: OffsetInterval[] = [];
  const shifts = new Map<number, number>();
  for (const row of await query(OFFSETS)) {
    const party = text(row, 'party');
    const [least, most] = [integerOrNull(row, 'least'), integerOrNull(row, 'most')];
    const [min, max] = [least === null ? null : least - SLACK_US, most === null ? null : most + SLACK_US];
    intervals.push({ clock: `capture of ${party}`, against: party, min, max });
    const shift = shiftOf(min, max);
    const sourceId = integer(row, 'source_id');
    shifts.set(sourceId, shift);
    if (shift !== 0) await query(sql`UPDATE ev SET ts_us = ts_us - ?1, t = t - ?1 WHERE source_id = ?2`, [shift, sourceId]);
  }
  await query(REPEATED);
  await query(REPEATED_FRAMES);
  await query(REPEATED_FILES);
  return { intervals, shifts };
}

/** Microseconds to take off the capture's stamps; 0 while the interval holds 0. */
function shiftOf(min: number | null, max: number | null): number {
  if ((min ?? -Infinity) <= 0 && (max ?? Infinity) >= 0) return 0;
  if (min === null || max === null) return min ?? max ?? 0;
  return Math.round((min + max) / 2);
}

/** Channels whose access lists and sessions captures show, with the party in whose namespace they lie. */
export async function loadOwners(
  query: Query,
  run: string | null,
): Promise<readonly { readonly owner: string; readonly channel: string }[]> {
  const rows = await query(
    sql`
    SELECT DISTINCT e.owner, e.channel FROM ev AS e JOIN source AS s ON s.source_id = e.source_id AND s.kind = 'capture'
    WHERE e.owner IS NOT NULL AND e.channel IS NOT NULL AND e.run IS NOT DISTINCT FROM ?1 ORDER BY e.owner, e.channel
  `,
    [run],
  );
  return rows.map((r) => ({ owner: text(r, 'owner'), channel: text(r, 'channel') }));
}

/** One capture of the judged window, as far as it goes. Times on the party's clock. */
export interface Capture {
  readonly sourceId: number;
  readonly party: string;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Lines that could not be read, but for a last one that is cut. */
  readonly losses: number;
}

export async function loadCaptures(query: Query, shifts: ReadonlyMap<number, number>): Promise<readonly Capture[]> {
  const rows = await query(sql`
    WITH upgraded AS (SELECT source_id, min(ts_us) AS first_us FROM event WHERE kind = 'wire-upgraded' GROUP BY source_id),
    seen AS (
      SELECT source_id, max(us) AS last_us FROM (SELECT source_id, last_us AS us FROM family UNION ALL SELECT source_id, ts_us FROM log_event) GROUP BY source_id
    ),
    lost AS (SELECT source_id, sum(lines)::BIGINT AS lines FROM source_rejection WHERE reason NOT IN ('blank-line', 'cut-line') GROUP BY source_id)
    SELECT s.source_id, s.party, u.first_us, n.last_us, coalesce(l.lines, 0) AS losses
    FROM source AS s JOIN upgraded AS u USING (source_id) JOIN seen AS n USING (source_id) LEFT JOIN lost AS l USING (source_id)
    WHERE s.kind = 'capture' AND s.party IS NOT NULL ORDER BY s.source_id
  `);
  return rows.map((r) => {
    const sourceId = integer(r, 'source_id');
    const shift = shifts.get(sourceId) ?? 0;
    return {
      sourceId,
      party: text(r, 'party'),
      firstUs: integer(r, 'first_us') - shift,
      lastUs: integer(r, 'last_us') - shift,
      losses: integer(r, 'losses'),
    };
  });
}

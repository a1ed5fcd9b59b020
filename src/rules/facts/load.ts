/** Brings the judged window out of the store in a dozen statements; everything after this is values in, values out. */
import { sql, type Query, type Row } from '../../store/sql.ts';
import { flag, integer, integerOrNull, text, textOrNull } from './columns.ts';
import { EventLog, type LogEvent } from './events.ts';

/** Events that are listed one by one; a run of this many takes some 450 MB. Real runs have a few per session. */
export const MOST_EVENTS = 100_000;
const LEAST_PER_KIND = 100;
/** Beyond that, of each kind of a file the first and the last so many: the most of these with which all stay below the limit. */
export const EVENTS_PER_KIND = [5000, 2000, 1000, 500, 200, LEAST_PER_KIND] as const;

/**
 * All but the kinds that come once per frame or per message, which are aggregated in SQL and never listed; of two of them the first of each
 * session, which says whose it is.
 */
const LISTED = sql`
  CREATE OR REPLACE TEMP VIEW listed AS SELECT * FROM ev
  WHERE kind NOT IN ('decoded-data', 'data-received', 'send-data', 'app-bytes', 'decoded-ack', 'decoded-file', 'summary', 'go-message', 'best-effort',
                     'send-start', 'webrtc-ice-received', 'acl-send', 'acl-sent', 'path-selected')
    AND NOT (kind IN ('relay-received', 'relay-written') AND coalesce(msg_type, '') IN ('HOTLINK_DATA'))
    AND (kind NOT IN ('relay-data', 'send-data-path') OR event_id IN (
      SELECT min(event_id) FROM ev WHERE kind IN ('relay-data', 'send-data-path') GROUP BY source_id, kind, sid8, user_email))
`;
const COUNTS = sql`SELECT source_id, kind, count(*) AS n FROM listed GROUP BY source_id, kind`;
const ALL = sql`SELECT * FROM listed ORDER BY event_id`;
const ENDS = sql`
  WITH id AS (SELECT event_id, source_id, kind FROM listed),
  place AS (
    SELECT event_id, row_number() OVER (PARTITION BY source_id, kind ORDER BY event_id) AS nth, count(*) OVER (PARTITION BY source_id, kind) AS n FROM id
  )
  SELECT * FROM listed WHERE event_id IN (SELECT event_id FROM place WHERE nth <= ?1 OR nth > n - ?1) ORDER BY event_id
`;

export async function loadEvents(query: Query): Promise<EventLog> {
  await query(LISTED);
  const counts = (await query(COUNTS)).map((r) => integer(r, 'n'));
  const all = counts.reduce((sum, n) => sum + n, 0);
  const rows = all <= MOST_EVENTS ? await query(ALL) : await query(ENDS, [eventsPerKind(counts)]);
  return new EventLog(rows.map(toEvent), all - rows.length);
}

/** How many of each kind of a file are listed at either end, when not all are. */
function eventsPerKind(counts: readonly number[]): number {
  const listed = (most: number): number => counts.reduce((sum, n) => sum + Math.min(n, 2 * most), 0);
  return EVENTS_PER_KIND.find((most) => listed(most) <= MOST_EVENTS) ?? LEAST_PER_KIND;
}

export function toEvent(r: Row): LogEvent {
  return {
    id: integer(r, 'event_id'),
    sourceId: integer(r, 'source_id'),
    source: text(r, 'source'),
    line: integer(r, 'line_no'),
    party: textOrNull(r, 'party'),
    t: integerOrNull(r, 't'),
    ownT: integerOrNull(r, 'ts_us'),
    kind: text(r, 'kind'),
    sid: textOrNull(r, 'sid8'),
    session: textOrNull(r, 'session'),
    path: textOrNull(r, 'path'),
    owner: textOrNull(r, 'owner'),
    run: textOrNull(r, 'run'),
    channel: textOrNull(r, 'channel'),
    keyPath: textOrNull(r, 'key_path'),
    conn: textOrNull(r, 'conn'),
    msgId: textOrNull(r, 'msg_id'),
    msgType: textOrNull(r, 'msg_type'),
    user: emptyToNull(textOrNull(r, 'user_email')),
    to: emptyToNull(textOrNull(r, 'to_email')),
    reason: textOrNull(r, 'reason'),
    addr: textOrNull(r, 'addr'),
    seq: integerOrNull(r, 'seq'),
    bytes: integerOrNull(r, 'bytes'),
    n: integerOrNull(r, 'n'),
  };
}

function emptyToNull(value: string | null): string | null {
  return value === '' ? null : value;
}

/** Frames of one session that one party decoded from the WebSocket. Times on the common clock. */
export interface ReceivedStream {
  readonly party: string;
  readonly sid: string;
  readonly sourceId: number;
  readonly source: string;
  readonly path: string | null;
  readonly frames: number;
  readonly distinct: number;
  readonly minSeq: number;
  readonly maxSeq: number;
  readonly bytes: number;
  /** A frame that came twice counted once. */
  readonly distinctBytes: number;
  /** Numbers 1, 2, 3 … without a hole from the start, and before any frame that was skipped for want of a writer. */
  readonly prefixFrames: number;
  readonly prefixBytes: number;
  /** The part of the prefix that is older than SETTLED_US before the end of this log: written. Nothing of what only a capture saw. */
  readonly settledBytes: number;
  readonly settledFrames: number;
  readonly outOfOrder: number;
  /** First line with a lower number than one before it; null when there is none. */
  readonly lateLine: number | null;
  readonly firstT: number | null;
  readonly lastT: number | null;
  readonly firstLine: number;
  readonly lastLine: number;
  /** Number of the first frame that met no writer; null when none did. */
  readonly skippedSeq: number | null;
  /** Seen by a capture: it reached the client, and no line shows what the client did with it. */
  readonly wire: boolean;
}

const RECEIVED = sql`
  WITH frame AS (
    SELECT source_id, source, party, line_no, t, sid8, path, seq, coalesce(bytes, 0) AS bytes
    FROM ev WHERE kind = 'decoded-data' AND party IS NOT NULL AND sid8 IS NOT NULL AND seq IS NOT NULL
  ),
  ends AS (SELECT source_id, max(t) AS end_t FROM (SELECT source_id, t FROM ev UNION ALL SELECT source_id, t FROM flush) GROUP BY source_id),
  skip AS (
    SELECT f.party, f.sid8, min(f.seq) AS seq FROM (
      SELECT s.source_id, s.line_no AS skip_line, max(f.line_no) AS frame_line
      FROM ev AS s JOIN frame AS f ON f.source_id = s.source_id AND f.path = s.path AND f.line_no < s.line_no
      WHERE s.kind = 'write-skipped' GROUP BY s.source_id, s.line_no
    ) AS hit JOIN frame AS f ON f.source_id = hit.source_id AND f.line_no = hit.frame_line
    GROUP BY f.party, f.sid8
  ),
  once AS (
    SELECT party, sid8, seq, min(line_no) AS line_no, arg_min(bytes, line_no) AS bytes, min(t) AS t, any_value(source_id) AS source_id
    FROM frame GROUP BY party, sid8, seq
  ),
  numbered AS (
    SELECT o.*, row_number() OVER (PARTITION BY o.party, o.sid8 ORDER BY o.seq) AS position, max(o.t) OVER (PARTITION BY o.party, o.sid8 ORDER BY o.seq) AS ready_t
    FROM once AS o
  ),
  prefix AS (
    SELECT n.party, n.sid8, count(*) AS frames, sum(n.bytes) AS bytes,
      count(*) FILTER (WHERE n.ready_t <= e.end_t - 6000000) AS settled_frames,
      coalesce(sum(n.bytes) FILTER (WHERE n.ready_t <= e.end_t - 6000000), 0) AS settled_bytes
    FROM numbered AS n JOIN ends AS e USING (source_id)
    LEFT JOIN skip AS s ON s.party = n.party AND s.sid8 = n.sid8
    WHERE n.seq = n.position AND (s.seq IS NULL OR n.seq < s.seq)
    GROUP BY n.party, n.sid8
  ),
  whole AS (SELECT party, sid8, sum(bytes) AS bytes FROM once GROUP BY party, sid8),
  ordered AS (
    SELECT party, sid8, count(*) FILTER (WHERE seq < best) AS late, min(line_no) FILTER (WHERE seq < best) AS late_line
    FROM (SELECT party, sid8, seq, line_no, max(seq) OVER (PARTITION BY party, sid8 ORDER BY line_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS best FROM frame)
    GROUP BY party, sid8
  )
  SELECT f.party, f.sid8, any_value(f.source_id) AS source_id, any_value(f.source) AS source, any_value(f.path) AS path,
    count(*) AS frames, count(DISTINCT f.seq) AS distinct_frames, min(f.seq) AS min_seq, max(f.seq) AS max_seq, sum(f.bytes) AS bytes, any_value(w.bytes) AS distinct_bytes,
    any_value(p.frames) AS prefix_frames, any_value(p.bytes) AS prefix_bytes, any_value(p.settled_frames) AS settled_frames, any_value(p.settled_bytes) AS settled_bytes,
    any_value(o.late) AS late, any_value(o.late_line) AS late_line, min(f.t) AS first_t, max(f.t) AS last_t, min(f.line_no) AS first_line, max(f.line_no) AS last_line, any_value(s.seq) AS skipped_seq,
    any_value(origin.kind) = 'capture' AS wire
  FROM frame AS f
  JOIN source AS origin ON origin.source_id = f.source_id
  JOIN whole AS w ON w.party = f.party AND w.sid8 = f.sid8
  LEFT JOIN prefix AS p ON p.party = f.party AND p.sid8 = f.sid8
  LEFT JOIN ordered AS o ON o.party = f.party AND o.sid8 = f.sid8
  LEFT JOIN skip AS s ON s.party = f.party AND s.sid8 = f.sid8
  GROUP BY f.party, f.sid8 ORDER BY f.party, f.sid8
`;

export async function loadReceived(query: Query): Promise<readonly ReceivedStream[]> {
  return (await query(RECEIVED)).map((r) => ({
    wire: flag(r, 'wire'),
    party: text(r, 'party'),
    sid: text(r, 'sid8'),
    sourceId: integer(r, 'source_id'),
    source: text(r, 'source'),
    path: textOrNull(r, 'path'),
    frames: integer(r, 'frames'),
    distinct: integer(r, 'distinct_frames'),
    minSeq: integer(r, 'min_seq'),
    maxSeq: integer(r, 'max_seq'),
    bytes: integer(r, 'bytes'),
    distinctBytes: integer(r, 'distinct_bytes'),
    prefixFrames: integerOrNull(r, 'prefix_frames') ?? 0,
    prefixBytes: integerOrNull(r, 'prefix_bytes') ?? 0,
    settledFrames: flag(r, 'wire') ? 0 : (integerOrNull(r, 'settled_frames') ?? 0),
    settledBytes: flag(r, 'wire') ? 0 : (integerOrNull(r, 'settled_bytes') ?? 0),
    outOfOrder: integerOrNull(r, 'late') ?? 0,
    lateLine: integerOrNull(r, 'late_line'),
    firstT: integerOrNull(r, 'first_t'),
    lastT: integerOrNull(r, 'last_t'),
    firstLine: integer(r, 'first_line'),
    lastLine: integer(r, 'last_line'),
    skippedSeq: integerOrNull(r, 'skipped_seq'),
  }));
}

/** What the debug lines of one party say of a session that it sends on: WebSocket frames one by one. */
export interface SentStream {
  readonly party: string;
  readonly sid: string;
  readonly frames: number;
  readonly maxSeq: number;
  readonly bytes: number;
  readonly sourceId: number;
  readonly firstLine: number;
  readonly lastLine: number;
}

export async function loadSent(query: Query): Promise<readonly SentStream[]> {
  const rows = await query(sql`
    SELECT party, sid8, count(DISTINCT seq) AS frames, max(seq) AS max_seq, sum(coalesce(bytes, 0)) AS bytes, any_value(source_id) AS source_id,
      min(line_no) AS first_line, max(line_no) AS last_line
    FROM ev WHERE kind = 'send-data' AND party IS NOT NULL AND sid8 IS NOT NULL AND seq IS NOT NULL GROUP BY party, sid8 ORDER BY party, sid8
  `);
  return rows.map((r) => ({
    party: text(r, 'party'),
    sid: text(r, 'sid8'),
    frames: integer(r, 'frames'),
    maxSeq: integer(r, 'max_seq'),
    bytes: integer(r, 'bytes'),
    sourceId: integer(r, 'source_id'),
    firstLine: integer(r, 'first_line'),
    lastLine: integer(r, 'last_line'),
  }));
}

/** Bytes that a proxy read from its local program (debug). `path` is the canonical key, `key` the outbound one (E3+). */
export interface AppBytes {
  readonly party: string;
  readonly path: string;
  readonly keyPath: string | null;
  readonly bytes: number;
  readonly reads: number;
  readonly sourceId: number;
  readonly firstLine: number;
  readonly firstT: number | null;
  readonly lastT: number | null;
}

export async function loadAppBytes(query: Query): Promise<readonly AppBytes[]> {
  const rows = await query(sql`
    SELECT party, path, key_path, sum(bytes) AS bytes, count(*) AS reads, any_value(source_id) AS source_id, min(line_no) AS first_line, min(t) AS first_t, max(t) AS last_t
    FROM ev WHERE kind = 'app-bytes' AND party IS NOT NULL AND path IS NOT NULL GROUP BY party, path, key_path ORDER BY party, path, key_path
  `);
  return rows.map((r) => ({
    party: text(r, 'party'),
    path: text(r, 'path'),
    keyPath: textOrNull(r, 'key_path'),
    bytes: integer(r, 'bytes'),
    reads: integer(r, 'reads'),
    sourceId: integer(r, 'source_id'),
    firstLine: integer(r, 'first_line'),
    firstT: integerOrNull(r, 'first_t'),
    lastT: integerOrNull(r, 'last_t'),
  }));
}

/** Data frames that the relay took from one connection's user, by how many connections it wrote each to and whose. */
export interface RelayedFrames {
  readonly from: string;
  /** null: written to nobody. */
  readonly to: string | null;
  /** Connections of this receiver that each of these frames was written to. */
  readonly copies: number;
  /** Receivers that each of them was written to. */
  readonly receivers: number;
  readonly frames: number;
  readonly sourceId: number;
  readonly firstLine: number;
  readonly lastLine: number;
}

const RELAYED = sql`
  WITH users AS (SELECT conn, max(user_email) AS user_email FROM ev WHERE conn IS NOT NULL AND user_email IS NOT NULL GROUP BY conn),
  taken AS (
    SELECT msg_id, min(user_email) AS sender, min(line_no) AS line_no, any_value(source_id) AS source_id
    FROM ev WHERE kind = 'relay-received' AND msg_type = 'HOTLINK_DATA' AND msg_id IS NOT NULL GROUP BY msg_id
  ),
  put AS (SELECT w.msg_id, u.user_email, count(*) AS copies FROM ev AS w LEFT JOIN users AS u ON u.conn = w.conn
    WHERE w.kind = 'relay-written' AND w.msg_type = 'HOTLINK_DATA' GROUP BY w.msg_id, u.user_email),
  spread AS (SELECT msg_id, count(user_email) AS receivers FROM put GROUP BY msg_id)
  SELECT t.sender, p.user_email AS receiver, coalesce(p.copies, 0) AS copies, coalesce(s.receivers, 0) AS receivers, count(*) AS frames, any_value(t.source_id) AS source_id,
    min(t.line_no) AS first_line, max(t.line_no) AS last_line
  FROM taken AS t LEFT JOIN put AS p ON p.msg_id = t.msg_id LEFT JOIN spread AS s ON s.msg_id = t.msg_id
  WHERE t.sender IS NOT NULL
  GROUP BY t.sender, p.user_email, p.copies, s.receivers ORDER BY t.sender, p.user_email, p.copies, s.receivers
`;

export async function loadRelayed(query: Query): Promise<readonly RelayedFrames[]> {
  return (await query(RELAYED)).map((r) => ({
    from: text(r, 'sender'),
    to: textOrNull(r, 'receiver'),
    copies: integer(r, 'copies'),
    receivers: integer(r, 'receivers'),
    frames: integer(r, 'frames'),
    sourceId: integer(r, 'source_id'),
    firstLine: integer(r, 'first_line'),
    lastLine: integer(r, 'last_line'),
  }));
}

/** One flush of the summary line; bytes as the interval that the rounded figure leaves. */
export interface Flush {
  readonly party: string;
  readonly source: string;
  readonly sourceId: number;
  readonly line: number;
  readonly t: number;
  readonly ownT: number;
  readonly txPackets: number;
  readonly tx: { readonly min: number; readonly max: number };
  readonly txP2p: number;
  readonly txWs: number;
  readonly rxPackets: number;
  readonly rx: { readonly min: number; readonly max: number };
  readonly p2pUp: number;
  readonly sessIn: number;
  readonly outAccepted: number;
  readonly outWaiting: number;
}

export async function loadFlushes(query: Query): Promise<readonly Flush[]> {
  const rows = await query(sql`SELECT * FROM flush WHERE party IS NOT NULL ORDER BY source_id, line_no`);
  return rows.map((r) => ({
    party: text(r, 'party'),
    source: text(r, 'source'),
    sourceId: integer(r, 'source_id'),
    line: integer(r, 'line_no'),
    t: integer(r, 't'),
    ownT: integer(r, 'ts_us'),
    txPackets: integer(r, 'tx_packets'),
    tx: { min: integer(r, 'tx_bytes_min'), max: integer(r, 'tx_bytes_max') },
    txP2p: integer(r, 'tx_p2p'),
    txWs: integer(r, 'tx_ws'),
    rxPackets: integer(r, 'rx_packets'),
    rx: { min: integer(r, 'rx_bytes_min'), max: integer(r, 'rx_bytes_max') },
    p2pUp: integer(r, 'p2p_up'),
    sessIn: integer(r, 'sess_in'),
    outAccepted: integer(r, 'out_accepted'),
    outWaiting: integer(r, 'out_waiting'),
  }));
}

/** First and last line of a heartbeat or noise family in one source. Times on the file's own clock. */
export interface Family {
  readonly sourceId: number;
  readonly source: string;
  readonly party: string | null;
  readonly family: string;
  readonly subject: string | null;
  readonly lines: number;
  readonly firstUs: number | null;
  readonly lastUs: number | null;
  readonly lastLine: number | null;
}

export async function loadFamilies(query: Query): Promise<readonly Family[]> {
  const rows = await query(sql`
    SELECT f.*, s.path AS source, s.party FROM family AS f JOIN source AS s ON s.source_id = f.source_id AND s.mirror_of IS NULL AND s.parties IS NULL
    ORDER BY f.source_id, f.family, f.subject
  `);
  return rows.map((r) => ({
    sourceId: integer(r, 'source_id'),
    source: text(r, 'source'),
    party: textOrNull(r, 'party'),
    family: text(r, 'family'),
    subject: textOrNull(r, 'subject'),
    lines: integer(r, 'lines'),
    firstUs: integerOrNull(r, 'first_us'),
    lastUs: integerOrNull(r, 'last_us'),
    lastLine: integerOrNull(r, 'last_line'),
  }));
}

export interface Silence {
  readonly sourceId: number;
  readonly family: string;
  readonly subject: string | null;
  readonly fromUs: number;
  readonly fromLine: number;
  readonly toUs: number;
  readonly toLine: number;
}

export async function loadSilences(query: Query): Promise<readonly Silence[]> {
  const rows = await query(sql`
    SELECT x.* FROM silence AS x JOIN source AS s ON s.source_id = x.source_id AND s.mirror_of IS NULL AND s.parties IS NULL
    JOIN run_window AS w ON w.source_id = x.source_id AND x.from_line BETWEEN w.from_line AND w.to_line
    ORDER BY x.source_id, x.from_line
  `);
  return rows.map((r) => ({
    sourceId: integer(r, 'source_id'),
    family: text(r, 'family'),
    subject: textOrNull(r, 'subject'),
    fromUs: integer(r, 'from_us'),
    fromLine: integer(r, 'from_line'),
    toUs: integer(r, 'to_us'),
    toLine: integer(r, 'to_line'),
  }));
}

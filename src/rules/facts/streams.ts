/** Frames over time, for drawing: added up per stretch of time in SQL, since a run may have hundreds of thousands of them. */
import { sql, type Query } from '../../store/sql.ts';
import { flag, integer, integerOrNull, text, textOrNull } from './columns.ts';

/** Stretches that the frames of a hop are put into; each keeps its first and its last frame. */
export const STRETCHES = 1000;

export type Hop = 'sent' | 'relayed' | 'received';

/** Frames of one session, or of one pair of users, within one stretch. Times are microseconds on the common clock. */
export interface Stretch {
  readonly hop: Hop;
  /** Who wrote the lines: the sender (sent), the receiver (received), or the sender as the relay names it (relayed). */
  readonly party: string;
  readonly sid: string | null;
  /** Only of relayed frames without a session: whom the relay wrote them to. Its debug lines tell the same frames once more, with a session. */
  readonly to: string | null;
  readonly stretch: number;
  readonly firstT: number;
  readonly lastT: number;
  readonly frames: number;
  /** null: the lines do not say. */
  readonly bytes: number | null;
  readonly firstBytes: number | null;
}

const STREAMS = sql`
  WITH users AS (SELECT conn, max(user_email) AS user_email FROM ev WHERE conn IS NOT NULL AND user_email IS NOT NULL GROUP BY conn),
  taken AS (
    SELECT msg_id, min(user_email) AS sender FROM ev
    WHERE kind = 'relay-received' AND msg_type = 'HOTLINK_DATA' AND msg_id IS NOT NULL AND user_email IS NOT NULL GROUP BY msg_id
  ),
  frame AS (
    SELECT CASE kind WHEN 'send-data' THEN 'sent' WHEN 'decoded-data' THEN 'received' ELSE 'relayed' END AS hop,
      CASE WHEN kind = 'relay-data' THEN user_email ELSE party END AS party, sid8, NULL AS receiver, min(t) AS t, max(bytes) AS bytes
    FROM ev WHERE kind IN ('send-data', 'decoded-data', 'relay-data') AND t IS NOT NULL AND sid8 IS NOT NULL AND seq IS NOT NULL
      AND (kind <> 'relay-data' OR coalesce(n, 1) > 0)
    GROUP BY 1, 2, 3, seq
    UNION ALL
    SELECT 'relayed', k.sender, NULL, u.user_email, min(w.t), NULL
    FROM ev AS w JOIN taken AS k ON k.msg_id = w.msg_id JOIN users AS u ON u.conn = w.conn
    WHERE w.kind = 'relay-written' AND w.msg_type = 'HOTLINK_DATA' AND w.t IS NOT NULL
    GROUP BY k.sender, u.user_email, w.msg_id
  ),
  ends AS (SELECT hop, min(t) AS t0, max(t) AS t1 FROM frame GROUP BY hop)
  SELECT f.hop, f.party, f.sid8, f.receiver, CAST(floor((f.t - e.t0) * ?1 / (e.t1 - e.t0 + 1)) AS INTEGER) AS stretch,
    min(f.t) AS first_t, max(f.t) AS last_t, count(*) AS frames, sum(f.bytes) AS bytes, arg_min(f.bytes, f.t) AS first_bytes
  FROM frame AS f JOIN ends AS e ON e.hop = f.hop WHERE f.party IS NOT NULL
  GROUP BY f.hop, f.party, f.sid8, f.receiver, stretch
  ORDER BY f.hop, stretch, f.party, f.sid8, f.receiver
`;

export async function loadStretches(query: Query): Promise<readonly Stretch[]> {
  return (await query(STREAMS, [STRETCHES])).map((r) => ({
    hop: text(r, 'hop') as Hop,
    party: text(r, 'party'),
    sid: textOrNull(r, 'sid8'),
    to: textOrNull(r, 'receiver'),
    stretch: integer(r, 'stretch'),
    firstT: integer(r, 'first_t'),
    lastT: integer(r, 'last_t'),
    frames: integer(r, 'frames'),
    bytes: integerOrNull(r, 'bytes'),
    firstBytes: integerOrNull(r, 'first_bytes'),
  }));
}

/** Frames of a session that follow closely upon each other; `sentT` or `heardT` is null where no line shows that end. */
export interface FrameRun {
  readonly sid: string;
  /** Who sent (a line of its own says so), or null. */
  readonly sender: string | null;
  /** Who received (a line of its own says so), or null. */
  readonly reader: string | null;
  readonly sentT: number | null;
  readonly heardT: number | null;
  readonly lastT: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly frames: number;
  readonly bytes: number | null;
  readonly sourceId: number;
  readonly line: number;
}

const RUNS = sql`
  WITH sent AS (
    SELECT party, sid8, seq, min(t) AS t, max(bytes) AS bytes, min(source_id) AS source_id, min(line_no) AS line_no
    FROM ev WHERE kind = 'send-data' AND t IS NOT NULL AND party IS NOT NULL AND sid8 IS NOT NULL AND seq IS NOT NULL GROUP BY party, sid8, seq
  ),
  heard AS (
    SELECT party, sid8, seq, min(t) AS t, max(bytes) AS bytes, min(source_id) AS source_id, min(line_no) AS line_no
    FROM ev WHERE kind = 'decoded-data' AND t IS NOT NULL AND party IS NOT NULL AND sid8 IS NOT NULL AND seq IS NOT NULL GROUP BY party, sid8, seq
  ),
  frame AS (
    SELECT coalesce(s.sid8, h.sid8) AS sid8, coalesce(s.seq, h.seq) AS seq, s.party AS sender, h.party AS reader, s.t AS sent_t, h.t AS heard_t,
      coalesce(s.t, h.t) AS t, coalesce(s.bytes, h.bytes) AS bytes, coalesce(s.source_id, h.source_id) AS source_id, coalesce(s.line_no, h.line_no) AS line_no
    FROM sent AS s FULL JOIN heard AS h ON h.sid8 = s.sid8 AND h.seq = s.seq AND h.party <> s.party
  ),
  cut AS (
    SELECT *, CASE WHEN t - lag(t) OVER lane <= ?1 THEN 0 ELSE 1 END AS fresh FROM frame
    WINDOW lane AS (PARTITION BY sid8, sender, reader ORDER BY t, seq)
  ),
  numbered AS (SELECT *, sum(fresh) OVER (PARTITION BY sid8, sender, reader ORDER BY t, seq ROWS UNBOUNDED PRECEDING) AS run FROM cut)
  SELECT sid8, sender, reader, min(sent_t) AS sent_t, min(heard_t) AS heard_t, max(t) AS last_t, min(seq) AS first_seq, max(seq) AS last_seq,
    count(*) AS frames, sum(bytes) AS bytes, arg_min(source_id, (t, seq)) AS source_id, arg_min(line_no, (t, seq)) AS line_no,
    count(sent_t) = 0 AS unsent
  FROM numbered GROUP BY sid8, sender, reader, run ORDER BY min(t), sid8, sender, reader, run
`;

const MILLISECOND = 1000;
/** Frames closer than this are one run; the next longer gap is tried while there are more runs than wanted. */
const GAPS = [50, 500, 5000, 60_000].map((ms) => ms * MILLISECOND);

export async function loadFrameRuns(query: Query, most: number): Promise<readonly FrameRun[]> {
  let runs: readonly FrameRun[] = [];
  for (const gap of GAPS) {
    runs = (await query(RUNS, [gap])).map((r) => ({
      sid: text(r, 'sid8'),
      sender: flag(r, 'unsent') ? null : textOrNull(r, 'sender'),
      reader: textOrNull(r, 'reader'),
      sentT: integerOrNull(r, 'sent_t'),
      heardT: integerOrNull(r, 'heard_t'),
      lastT: integer(r, 'last_t'),
      firstSeq: integer(r, 'first_seq'),
      lastSeq: integer(r, 'last_seq'),
      frames: integer(r, 'frames'),
      bytes: integerOrNull(r, 'bytes'),
      sourceId: integer(r, 'source_id'),
      line: integer(r, 'line_no'),
    }));
    if (runs.length <= most) break;
  }
  return runs.slice(0, most);
}

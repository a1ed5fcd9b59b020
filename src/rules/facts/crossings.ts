/** Messages between two clients whose sending and reading both left a line: how long each seemed to take from one log to the other. */
import { sql, type Query } from '../../store/sql.ts';
import { integer, text } from './columns.ts';

export interface Crossing {
  readonly from: string;
  readonly to: string;
  readonly sid: string;
  readonly what: 'open' | 'accept' | 'offer' | 'answer' | 'data';
  /** Stamp of the sender's line, microseconds on its own clock. */
  readonly saidUs: number;
  /** Stamp of the reader's line, microseconds on its own clock. */
  readonly heardUs: number;
  readonly said: { readonly sourceId: number; readonly line: number };
  readonly heard: { readonly sourceId: number; readonly line: number };
}

/** Only the first frames of a session are paired: debug logs may hold millions. */
const FIRST_FRAMES = 200;
const MOST_ROWS = 5000;

const CROSSINGS = sql`
  WITH said AS (
    SELECT sid8, party, what, 0 AS seq, min(ts_us) AS t, arg_min(line_no, event_id) AS line_no, arg_min(source_id, event_id) AS source_id
    FROM (
      SELECT *, CASE WHEN kind IN ('session-new', 'send-open') THEN 'open' WHEN kind IN ('accept-sending', 'send-accept') THEN 'accept'
        WHEN kind = 'webrtc-offer-sent' THEN 'offer' ELSE 'answer' END AS what
      FROM ev WHERE kind IN ('session-new', 'send-open', 'accept-sending', 'send-accept', 'webrtc-offer-sent', 'webrtc-answer-sent')
    ) WHERE party IS NOT NULL AND sid8 IS NOT NULL AND ts_us IS NOT NULL GROUP BY sid8, party, what
    UNION ALL
    SELECT sid8, party, 'data', seq, min(ts_us), min(line_no), min(source_id)
    FROM ev WHERE kind = 'send-data' AND seq <= ?1 AND party IS NOT NULL AND sid8 IS NOT NULL AND ts_us IS NOT NULL GROUP BY sid8, party, seq
  ),
  heard AS (
    SELECT sid8, party, what, 0 AS seq, min(ts_us) AS t, arg_min(line_no, event_id) AS line_no, arg_min(source_id, event_id) AS source_id
    FROM (
      SELECT *, CASE WHEN kind IN ('decoded-open', 'open-received') THEN 'open' WHEN kind IN ('decoded-accept', 'accept-received') THEN 'accept'
        WHEN kind = 'webrtc-offer-received' THEN 'offer' ELSE 'answer' END AS what
      FROM ev WHERE kind IN ('decoded-open', 'open-received', 'decoded-accept', 'accept-received', 'webrtc-offer-received', 'webrtc-answer-received')
    ) WHERE party IS NOT NULL AND sid8 IS NOT NULL AND ts_us IS NOT NULL GROUP BY sid8, party, what
    UNION ALL
    SELECT sid8, party, 'data', seq, min(ts_us), min(line_no), min(source_id)
    FROM ev WHERE kind = 'decoded-data' AND seq <= ?1 AND party IS NOT NULL AND sid8 IS NOT NULL AND ts_us IS NOT NULL GROUP BY sid8, party, seq
  )
  SELECT s.party AS sender, h.party AS reader, s.sid8, s.what, s.t AS said_us, h.t AS heard_us,
    s.source_id AS said_source, s.line_no AS said_line, h.source_id AS heard_source, h.line_no AS heard_line
  FROM said AS s JOIN heard AS h ON h.sid8 = s.sid8 AND h.what = s.what AND h.seq = s.seq AND h.party <> s.party
  -- Of two that accept one session only one is heard; which, no line says.
  QUALIFY count(*) OVER (PARTITION BY h.party, h.sid8, h.what, h.seq) = 1
  ORDER BY s.t, s.party, h.party, s.sid8, s.what, s.seq LIMIT ?2
`;

export async function loadCrossings(query: Query): Promise<readonly Crossing[]> {
  return (await query(CROSSINGS, [FIRST_FRAMES, MOST_ROWS])).map((r) => ({
    from: text(r, 'sender'),
    to: text(r, 'reader'),
    sid: text(r, 'sid8'),
    what: text(r, 'what') as Crossing['what'],
    saidUs: integer(r, 'said_us'),
    heardUs: integer(r, 'heard_us'),
    said: { sourceId: integer(r, 'said_source'), line: integer(r, 'said_line') },
    heard: { sourceId: integer(r, 'heard_source'), line: integer(r, 'heard_line') },
  }));
}

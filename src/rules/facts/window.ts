/**
 * Which run is judged, and which lines belong to it.
 *
 * A log may hold many runs: clients and relay append, or a sandbox is used for months. The judged run is the newest
 * one that the tree or the logs name. Its window in each log begins with the life of the process (daemon start,
 * relay start) in which the run is first mentioned: markers of older runs that this process served belong to the
 * picture (F-20), lines of earlier lives do not. Traffic is attributed by this window, never by the run id in a path.
 */
import { sql, type Query } from '../../store/sql.ts';
import { text, integerOrNull, textOrNull } from './columns.ts';

export interface RunName {
  readonly id: string;
  readonly flow: string | null;
  /** First line that names it, microseconds on that file's clock; null when only the tree does. */
  readonly firstSeenUs: number | null;
  readonly hasMarkers: boolean;
}

const RUNS = sql`
  WITH named AS (
    SELECT run, flow, NULL::BIGINT AS ts_us, true AS marker FROM marker WHERE run IS NOT NULL
    UNION ALL SELECT run, flow, NULL, false FROM acl_file WHERE run IS NOT NULL
    UNION ALL SELECT run, flow, coalesce(started_us, ts_us), false FROM progress_event WHERE run IS NOT NULL
    UNION ALL SELECT run, flow, NULL, false FROM runner_event WHERE run IS NOT NULL
    UNION ALL SELECT run, NULL, NULL, false FROM counters WHERE run IS NOT NULL
    UNION ALL
    SELECT p.run, p.flow, min(e.ts_us), false
    FROM log_event AS e JOIN path_key AS p ON p.path_id = e.path_id
    WHERE p.run IS NOT NULL GROUP BY p.run, p.flow
  )
  SELECT run, any_value(flow) AS flow, min(ts_us) AS first_us, bool_or(marker) AS marker FROM named GROUP BY run ORDER BY run
`;

/**
 * Runs, newest first: by the time in the id (field guide 2.8), else by the first line that names them, then by id. Not by the line first:
 * under stale markers (F-20) the new run's bytes name the old one, perhaps for the first time in this log.
 * A run that only the tree names is older than one that a log names, unless its own id says otherwise.
 */
export async function listRuns(query: Query): Promise<readonly RunName[]> {
  const rows = await query(RUNS);
  return rows
    .map((r) => ({
      id: text(r, 'run'),
      flow: textOrNull(r, 'flow'),
      firstSeenUs: integerOrNull(r, 'first_us'),
      hasMarkers: r['marker'] === true,
    }))
    .toSorted((a, b) => {
      const [ta, tb] = [runIdTime(a.id), runIdTime(b.id)];
      if (ta !== undefined && tb !== undefined && ta !== tb) return tb - ta;
      if (a.firstSeenUs !== null && b.firstSeenUs !== null && a.firstSeenUs !== b.firstSeenUs) return b.firstSeenUs - a.firstSeenUs;
      if ((a.firstSeenUs === null) !== (b.firstSeenUs === null)) return a.firstSeenUs === null ? 1 : -1;
      return a.id < b.id ? 1 : -1;
    });
}

/** Start time that a run id encodes, milliseconds since 1970; undefined for ids without one (field guide 2.8). */
export function runIdTime(id: string): number | undefined {
  const minute = /^(\d{8})-[0-9a-f]{12}$/.exec(id);
  if (minute !== null) return Number(minute[1]) * 60_000;
  const stamp = /^(20\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(id);
  if (stamp !== null)
    return Date.UTC(Number(stamp[1]), Number(stamp[2]) - 1, Number(stamp[3]), Number(stamp[4]), Number(stamp[5]), Number(stamp[6]));
  const epoch = /^session-(\d{13})$/.exec(id);
  return epoch === null ? undefined : Number(epoch[1]);
}

const WINDOW = sql`
  CREATE OR REPLACE TEMP TABLE run_window AS
  WITH mention AS (
    SELECT e.source_id, min(e.line_no) AS line_no
    FROM log_event AS e JOIN path_key AS p ON p.path_id = e.path_id
    WHERE p.run = ?1 GROUP BY e.source_id
  ),
  newer AS (
    SELECT e.source_id, min(e.line_no) AS line_no
    FROM log_event AS e JOIN path_key AS p ON p.path_id = e.path_id
    WHERE p.run IN (SELECT unnest(string_split(?2, chr(10)))) GROUP BY e.source_id
  ),
  life AS (
    SELECT e.source_id, e.line_no FROM log_event AS e JOIN event_kind AS k ON k.kind_id = e.kind_id
    WHERE k.kind IN ('daemon-start', 'relay-start')
  )
  SELECT
    s.source_id,
    coalesce(
      (SELECT max(l.line_no) FROM life AS l WHERE l.source_id = s.source_id AND l.line_no <= coalesce(m.line_no, 2147483647)),
      1
    ) AS from_line,
    coalesce(
      (SELECT max(l.line_no) - 1 FROM life AS l WHERE l.source_id = s.source_id AND l.line_no <= n.line_no AND l.line_no > m.line_no),
      2147483647
    ) AS to_line
  FROM source AS s
  LEFT JOIN mention AS m ON m.source_id = s.source_id
  LEFT JOIN newer AS n ON n.source_id = s.source_id
`;

/**
 * A client's log is appended, the relay's too: a client that never names the run (its program never spoke) keeps its
 * last life. A relay's window begins no later than the life in which any judged session appears.
 */
export async function openWindow(query: Query, run: string | null, newerRuns: readonly string[]): Promise<void> {
  await query(WINDOW, [run ?? '', newerRuns.join('\n')]);
  await query(sql`
    CREATE OR REPLACE TEMP TABLE ev AS
    SELECT e.*, e.ts_us AS t
    FROM event AS e JOIN run_window AS w ON w.source_id = e.source_id
    JOIN source AS s ON s.source_id = e.source_id AND (s.parties IS NULL OR e.side = 'relay')
    WHERE e.line_no BETWEEN w.from_line AND w.to_line
  `);
  await query(sql`
    CREATE OR REPLACE TEMP TABLE flush AS
    SELECT m.*, s.path AS source, s.party, m.ts_us AS t
    FROM summary AS m JOIN source AS s ON s.source_id = m.source_id AND s.mirror_of IS NULL
    JOIN run_window AS w ON w.source_id = m.source_id
    WHERE m.line_no BETWEEN w.from_line AND w.to_line
    ORDER BY m.event_id
  `);
}

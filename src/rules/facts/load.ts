/** Brings the judged window out of the store in a dozen statements; everything after this is values in, values out. */
import { sql, type Query, type Row } from '../../store/sql.ts';
import { flag, integer, integerOrNull, text, textOrNull } from './columns.ts';
import { EventLog, type LogEvent } from './events.ts';

/** Kinds that come once per frame or per message; they are aggregated in SQL and never listed. */
const EVENTS = sql`
  SELECT * FROM ev
  WHERE kind NOT IN ('decoded-data', 'data-received', 'send-data', 'app-bytes', 'decoded-ack', 'decoded-file', 'summary', 'go-message', 'best-effort',
                     'send-start', 'webrtc-ice-received', 'acl-send', 'acl-sent', 'path-selected')
    AND NOT (kind IN ('relay-received', 'relay-written') AND coalesce(msg_type, '') IN ('HOTLINK_DATA'))
  ORDER BY event_id
`;

export async function loadEvents(query: Query): Promise<EventLog> {
  return new EventLog((await query(EVENTS)).map(toEvent));
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

export interface Source {
  readonly id: number;
  readonly path: string;
  readonly kind: string;
  readonly dialect: string;
  readonly party: string | null;
  readonly mirrorOf: number | null;
  readonly zoneMinutes: number | null;
  readonly zoneSource: string | null;
}

export async function loadSources(query: Query): Promise<readonly Source[]> {
  const rows = await query(
    sql`SELECT source_id, path, kind, dialect, party, mirror_of, zone_minutes, zone_source FROM source ORDER BY source_id`,
  );
  return rows.map((r) => ({
    id: integer(r, 'source_id'),
    path: text(r, 'path'),
    kind: text(r, 'kind'),
    dialect: text(r, 'dialect'),
    party: textOrNull(r, 'party'),
    mirrorOf: integerOrNull(r, 'mirror_of'),
    zoneMinutes: integerOrNull(r, 'zone_minutes'),
    zoneSource: textOrNull(r, 'zone_source'),
  }));
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
  /** Numbers 1, 2, 3 … without a hole from the start, and before any frame that was skipped for want of a writer. */
  readonly prefixFrames: number;
  readonly prefixBytes: number;
  /** The part of the prefix that is older than SETTLED_US before the end of this log. */
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
  ordered AS (
    SELECT party, sid8, count(*) FILTER (WHERE seq < best) AS late, min(line_no) FILTER (WHERE seq < best) AS late_line
    FROM (SELECT party, sid8, seq, line_no, max(seq) OVER (PARTITION BY party, sid8 ORDER BY line_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS best FROM frame)
    GROUP BY party, sid8
  )
  SELECT f.party, f.sid8, any_value(f.source_id) AS source_id, any_value(f.source) AS source, any_value(f.path) AS path,
    count(*) AS frames, count(DISTINCT f.seq) AS distinct_frames, min(f.seq) AS min_seq, max(f.seq) AS max_seq, sum(f.bytes) AS bytes,
    any_value(p.frames) AS prefix_frames, any_value(p.bytes) AS prefix_bytes, any_value(p.settled_frames) AS settled_frames, any_value(p.settled_bytes) AS settled_bytes,
    any_value(o.late) AS late, any_value(o.late_line) AS late_line, min(f.t) AS first_t, max(f.t) AS last_t, min(f.line_no) AS first_line, max(f.line_no) AS last_line, any_value(s.seq) AS skipped_seq
  FROM frame AS f
  LEFT JOIN prefix AS p ON p.party = f.party AND p.sid8 = f.sid8
  LEFT JOIN ordered AS o ON o.party = f.party AND o.sid8 = f.sid8
  LEFT JOIN skip AS s ON s.party = f.party AND s.sid8 = f.sid8
  GROUP BY f.party, f.sid8 ORDER BY f.party, f.sid8
`;

export async function loadReceived(query: Query): Promise<readonly ReceivedStream[]> {
  return (await query(RECEIVED)).map((r) => ({
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
    prefixFrames: integerOrNull(r, 'prefix_frames') ?? 0,
    prefixBytes: integerOrNull(r, 'prefix_bytes') ?? 0,
    settledFrames: integerOrNull(r, 'settled_frames') ?? 0,
    settledBytes: integerOrNull(r, 'settled_bytes') ?? 0,
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
  /** Connections that each of these frames was written to. */
  readonly copies: number;
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
    WHERE w.kind = 'relay-written' AND w.msg_type = 'HOTLINK_DATA' GROUP BY w.msg_id, u.user_email)
  SELECT t.sender, p.user_email AS receiver, coalesce(p.copies, 0) AS copies, count(*) AS frames, any_value(t.source_id) AS source_id,
    min(t.line_no) AS first_line, max(t.line_no) AS last_line
  FROM taken AS t LEFT JOIN put AS p ON p.msg_id = t.msg_id
  WHERE t.sender IS NOT NULL
  GROUP BY t.sender, p.user_email, p.copies ORDER BY t.sender, p.user_email, p.copies
`;

export async function loadRelayed(query: Query): Promise<readonly RelayedFrames[]> {
  return (await query(RELAYED)).map((r) => ({
    from: text(r, 'sender'),
    to: textOrNull(r, 'receiver'),
    copies: integer(r, 'copies'),
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

export interface TelemetrySession {
  readonly pointer: string;
  readonly direction: 'in' | 'out';
  readonly sid: string;
  readonly peer: string | null;
  readonly channel: string | null;
  readonly status: string | null;
  readonly seq: number | null;
  readonly webrtc: string | null;
}

export interface TelemetryProxy {
  readonly pointer: string;
  readonly port: number | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly connected: boolean;
}

/** One telemetry file. Counters are null where the era has no such key. */
export interface Telemetry {
  readonly sourceId: number;
  readonly source: string;
  readonly party: string;
  readonly mode: string | null;
  readonly strict: boolean;
  readonly startedUs: number | null;
  readonly updatedUs: number | null;
  readonly txPackets: number | null;
  readonly txBytes: number | null;
  readonly txP2p: number | null;
  readonly txWs: number | null;
  readonly txQuic: number | null;
  readonly rxPackets: number | null;
  readonly rxBytes: number | null;
  /** Upper ends where the file gives ranges. */
  readonly txBytesMax: number | null;
  readonly rxBytesMax: number | null;
  readonly rxMaxWriteMs: number | null;
  readonly p2pOffers: number | null;
  readonly quicOffers: number | null;
  readonly wsFallbacks: number | null;
  readonly strictViolations: number | null;
  readonly webrtcConnected: number | null;
  readonly tcpProxies: number | null;
  readonly hasLive: boolean;
  readonly hasBenchStrict: boolean;
  readonly hasQuicKeys: boolean;
  readonly sessions: readonly TelemetrySession[];
  readonly proxies: readonly TelemetryProxy[];
}

export async function loadTelemetry(query: Query): Promise<readonly Telemetry[]> {
  const files = await query(sql`SELECT t.*, s.path AS source FROM telemetry AS t JOIN source AS s USING (source_id) ORDER BY t.source_id`);
  const sessions = await query(sql`SELECT * FROM telemetry_session ORDER BY source_id, direction, channel, sid`);
  const proxies = await query(sql`SELECT * FROM telemetry_proxy ORDER BY source_id, port, from_email, to_email, pointer`);
  return files.map((r) => {
    const id = integer(r, 'source_id');
    return {
      sourceId: id,
      source: text(r, 'source'),
      party: text(r, 'party'),
      mode: textOrNull(r, 'mode'),
      strict: flag(r, 'strict'),
      startedUs: integerOrNull(r, 'started_us'),
      updatedUs: integerOrNull(r, 'updated_us'),
      txPackets: integerOrNull(r, 'tx_packets'),
      txBytes: integerOrNull(r, 'tx_bytes'),
      txP2p: integerOrNull(r, 'tx_p2p'),
      txWs: integerOrNull(r, 'tx_ws'),
      txQuic: integerOrNull(r, 'tx_quic'),
      rxPackets: integerOrNull(r, 'rx_packets'),
      rxBytes: integerOrNull(r, 'rx_bytes'),
      txBytesMax: integerOrNull(r, 'tx_bytes_max'),
      rxBytesMax: integerOrNull(r, 'rx_bytes_max'),
      rxMaxWriteMs: integerOrNull(r, 'rx_max_write_ms'),
      p2pOffers: integerOrNull(r, 'p2p_offers'),
      quicOffers: integerOrNull(r, 'quic_offers'),
      wsFallbacks: integerOrNull(r, 'ws_fallbacks'),
      strictViolations: integerOrNull(r, 'strict_violations'),
      webrtcConnected: integerOrNull(r, 'webrtc_connected'),
      tcpProxies: integerOrNull(r, 'live_tcp_proxies'),
      hasLive: flag(r, 'has_live'),
      hasBenchStrict: flag(r, 'has_bench_strict'),
      hasQuicKeys: flag(r, 'has_quic_keys'),
      sessions: sessions
        .filter((s) => s['source_id'] === id)
        .map((s) => ({
          pointer: text(s, 'pointer'),
          direction: text(s, 'direction') === 'in' ? ('in' as const) : ('out' as const),
          sid: text(s, 'sid'),
          peer: textOrNull(s, 'peer'),
          channel: textOrNull(s, 'channel'),
          status: textOrNull(s, 'status'),
          seq: integerOrNull(s, 'seq'),
          webrtc: textOrNull(s, 'webrtc'),
        })),
      proxies: proxies
        .filter((p) => p['source_id'] === id)
        .map((p) => ({
          pointer: text(p, 'pointer'),
          port: integerOrNull(p, 'port'),
          from: textOrNull(p, 'from_email'),
          to: textOrNull(p, 'to_email'),
          connected: flag(p, 'connected'),
        })),
    };
  });
}

export interface Marker {
  readonly sourceId: number;
  readonly source: string;
  readonly party: string;
  readonly owner: string;
  readonly flow: string | null;
  readonly run: string | null;
  readonly channel: string;
  readonly fromIndex: number | null;
  readonly toIndex: number | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly port: number | null;
  readonly localPort: number | null;
  readonly ports: string | null;
  readonly problem: string | null;
}

export async function loadMarkers(query: Query): Promise<readonly Marker[]> {
  const rows = await query(sql`SELECT m.*, s.path AS source FROM marker AS m JOIN source AS s USING (source_id) ORDER BY m.source_id`);
  return rows.map((r) => ({
    sourceId: integer(r, 'source_id'),
    source: text(r, 'source'),
    party: text(r, 'party'),
    owner: text(r, 'owner'),
    flow: textOrNull(r, 'flow'),
    run: textOrNull(r, 'run'),
    channel: text(r, 'channel'),
    fromIndex: integerOrNull(r, 'from_index'),
    toIndex: integerOrNull(r, 'to_index'),
    from: textOrNull(r, 'from_email'),
    to: textOrNull(r, 'to_email'),
    port: integerOrNull(r, 'port'),
    localPort: integerOrNull(r, 'local_port'),
    ports: textOrNull(r, 'ports'),
    problem: textOrNull(r, 'problem'),
  }));
}

export interface AclRule {
  readonly sourceId: number;
  readonly source: string;
  readonly party: string;
  readonly owner: string;
  readonly directory: string;
  readonly run: string | null;
  readonly channel: string | null;
  readonly line: number | null;
  readonly pattern: string;
  readonly level: string;
  readonly grantee: string;
}

export async function loadAcl(query: Query): Promise<readonly AclRule[]> {
  const rows = await query(
    sql`SELECT a.*, s.path AS source FROM acl_rule AS a JOIN source AS s USING (source_id) ORDER BY a.source_id, a.rule_no, a.level, a.line_no`,
  );
  return rows.map((r) => ({
    sourceId: integer(r, 'source_id'),
    source: text(r, 'source'),
    party: text(r, 'party'),
    owner: text(r, 'owner'),
    directory: text(r, 'directory'),
    run: textOrNull(r, 'run'),
    channel: textOrNull(r, 'channel'),
    line: integerOrNull(r, 'line_no'),
    pattern: text(r, 'pattern'),
    level: text(r, 'level'),
    grantee: text(r, 'grantee'),
  }));
}

export interface AclFile {
  readonly sourceId: number;
  readonly source: string;
  readonly party: string;
  readonly owner: string;
  readonly run: string | null;
  readonly channel: string | null;
}

export async function loadAclFiles(query: Query): Promise<readonly AclFile[]> {
  const rows = await query(sql`SELECT a.*, s.path AS source FROM acl_file AS a JOIN source AS s USING (source_id) ORDER BY a.source_id`);
  return rows.map((r) => ({
    sourceId: integer(r, 'source_id'),
    source: text(r, 'source'),
    party: text(r, 'party'),
    owner: text(r, 'owner'),
    run: textOrNull(r, 'run'),
    channel: textOrNull(r, 'channel'),
  }));
}

export interface ProgressStep {
  readonly source: string;
  readonly sourceId: number;
  readonly line: number | null;
  readonly pointer: string | null;
  readonly party: string;
  readonly run: string | null;
  readonly origin: string;
  readonly step: string | null;
  readonly event: string | null;
  readonly status: string | null;
  readonly t: number | null;
  readonly message: string | null;
}

export async function loadProgress(query: Query): Promise<readonly ProgressStep[]> {
  const rows = await query(
    sql`SELECT p.*, s.path AS source FROM progress_event AS p JOIN source AS s USING (source_id) ORDER BY p.source_id, p.line_no, p.pointer`,
  );
  return rows.map((r) => ({
    source: text(r, 'source'),
    sourceId: integer(r, 'source_id'),
    line: integerOrNull(r, 'line_no'),
    pointer: textOrNull(r, 'pointer'),
    party: text(r, 'party'),
    run: textOrNull(r, 'run'),
    origin: text(r, 'origin'),
    step: textOrNull(r, 'step'),
    event: textOrNull(r, 'event'),
    status: textOrNull(r, 'status'),
    t: integerOrNull(r, 'ended_us') ?? integerOrNull(r, 'ts_us') ?? integerOrNull(r, 'started_us'),
    message: textOrNull(r, 'message'),
  }));
}

export interface Phase {
  readonly source: string;
  readonly line: number;
  readonly party: string;
  readonly run: string | null;
  readonly text: string;
}

export async function loadPhases(query: Query): Promise<readonly Phase[]> {
  const rows = await query(
    sql`SELECT p.*, s.path AS source FROM phase AS p JOIN source AS s USING (source_id) ORDER BY p.source_id, p.line_no`,
  );
  return rows.map((r) => ({
    source: text(r, 'source'),
    line: integer(r, 'line_no'),
    party: text(r, 'party'),
    run: textOrNull(r, 'run'),
    text: text(r, 'text'),
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
    SELECT f.*, s.path AS source, s.party FROM family AS f JOIN source AS s ON s.source_id = f.source_id AND s.mirror_of IS NULL
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
    SELECT x.* FROM silence AS x JOIN source AS s ON s.source_id = x.source_id AND s.mirror_of IS NULL
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

/** What the sandbox's small files say: the list of sources, telemetry, markers, access lists, progress and phases. */
import { sql, type Query, type Row } from '../../store/sql.ts';
import { groupBy } from '../../util/group.ts';
import { flag, integer, integerOrNull, text, textOrNull } from './columns.ts';

/** Which file a row comes from. */
function fileOf(r: Row): { readonly sourceId: number; readonly source: string } {
  return { sourceId: integer(r, 'source_id'), source: text(r, 'source') };
}

/** And where that file lies: in whose tree, below whose namespace, in which run. */
function placeOf(r: Row): ReturnType<typeof fileOf> & { readonly party: string; readonly owner: string; readonly run: string | null } {
  return { ...fileOf(r), party: text(r, 'party'), owner: text(r, 'owner'), run: textOrNull(r, 'run') };
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
  /** Emails of the clients whose lines stand side by side in one file, so that nobody can tell whose they are; else empty. */
  readonly parties: readonly string[];
  /** Whose log it is or holds: of what a runner printed, those with enough lines that are events. */
  readonly logs: readonly ('client-log' | 'relay-log')[];
}

/** Fewer events between other text are a quotation, not a log. */
const NESTED_EVENTS = 10;

export async function loadSources(query: Query): Promise<readonly Source[]> {
  const rows = await query(sql`
    WITH nested AS (
      SELECT e.source_id, count(*) FILTER (WHERE k.side = 'client') AS client, count(*) FILTER (WHERE k.side = 'relay') AS relay
      FROM log_event AS e JOIN source AS s ON s.source_id = e.source_id AND s.kind = 'runner' JOIN event_kind AS k USING (kind_id)
      GROUP BY e.source_id
    )
    SELECT s.source_id, path, kind, parties, dialect, party, mirror_of, zone_minutes, zone_source, n.client, n.relay
    FROM source AS s LEFT JOIN nested AS n USING (source_id) ORDER BY s.source_id
  `);
  return rows.map((r) => ({
    id: integer(r, 'source_id'),
    path: text(r, 'path'),
    kind: text(r, 'kind'),
    dialect: text(r, 'dialect'),
    party: textOrNull(r, 'party'),
    mirrorOf: integerOrNull(r, 'mirror_of'),
    zoneMinutes: integerOrNull(r, 'zone_minutes'),
    zoneSource: textOrNull(r, 'zone_source'),
    parties: (textOrNull(r, 'parties') ?? '').split('\n').filter((email) => email !== ''),
    logs: logsOf(r),
  }));
}

function logsOf(r: Row): Source['logs'] {
  const kind = text(r, 'kind');
  const isOnes = textOrNull(r, 'parties') === null;
  if (kind === 'client-log' && !isOnes) return [];
  if (kind === 'client-log' || kind === 'relay-log') return [kind];
  const holds = (column: string): boolean => (integerOrNull(r, column) ?? 0) >= NESTED_EVENTS;
  return [...(isOnes && holds('client') ? (['client-log'] as const) : []), ...(holds('relay') ? (['relay-log'] as const) : [])];
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

/** One telemetry file, or what stands in for it. Counters are null where the era has no such key. */
export interface Telemetry {
  readonly sourceId: number;
  readonly source: string;
  readonly party: string;
  /** null: a file. Else the lines of a text that give the counters, by the names that they have in a file. */
  readonly cites: Readonly<Record<string, number>> | null;
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
  // A record of some hours has thousands of files.
  const sessionsOf = groupBy(sessions, (s) => integer(s, 'source_id'));
  const proxiesOf = groupBy(proxies, (p) => integer(p, 'source_id'));
  return files.map((r) => {
    const id = integer(r, 'source_id');
    return {
      sourceId: id,
      source: text(r, 'source'),
      party: text(r, 'party'),
      cites: null,
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
      sessions: (sessionsOf.get(id) ?? []).map((s) => ({
        pointer: text(s, 'pointer'),
        direction: text(s, 'direction') === 'in' ? ('in' as const) : ('out' as const),
        sid: text(s, 'sid'),
        peer: textOrNull(s, 'peer'),
        channel: textOrNull(s, 'channel'),
        status: textOrNull(s, 'status'),
        seq: integerOrNull(s, 'seq'),
        webrtc: textOrNull(s, 'webrtc'),
      })),
      proxies: (proxiesOf.get(id) ?? []).map((p) => ({
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
    ...placeOf(r),
    flow: textOrNull(r, 'flow'),
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
  readonly terminal: boolean;
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
    ...placeOf(r),
    directory: text(r, 'directory'),
    channel: textOrNull(r, 'channel'),
    terminal: flag(r, 'terminal'),
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
  readonly directory: string;
  readonly run: string | null;
  readonly channel: string | null;
  /** Why its rules cannot be read: empty or not-yaml. */
  readonly problem: string | null;
}

export async function loadAclFiles(query: Query): Promise<readonly AclFile[]> {
  const rows = await query(sql`SELECT a.*, s.path AS source FROM acl_file AS a JOIN source AS s USING (source_id) ORDER BY a.source_id`);
  return rows.map((r) => ({
    ...placeOf(r),
    directory: text(r, 'directory'),
    channel: textOrNull(r, 'channel'),
    problem: textOrNull(r, 'problem'),
  }));
}

/** A port that the stack itself listens on, by its state file. */
export interface StackPort {
  readonly source: string;
  readonly pointer: string;
  readonly name: string;
  readonly port: number;
}

export async function loadStackPorts(query: Query): Promise<readonly StackPort[]> {
  const rows = await query(
    sql`SELECT p.*, s.path AS source FROM stack_port AS p JOIN source AS s USING (source_id) ORDER BY p.source_id, p.pointer`,
  );
  return rows.map((r) => ({ source: text(r, 'source'), pointer: text(r, 'pointer'), name: text(r, 'name'), port: integer(r, 'port') }));
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
  /** As a state file gives them, on the party's clock. */
  readonly startedUs: number | null;
  readonly endedUs: number | null;
  readonly message: string | null;
}

export async function loadProgress(query: Query): Promise<readonly ProgressStep[]> {
  const rows = await query(
    sql`SELECT p.*, s.path AS source FROM progress_event AS p JOIN source AS s USING (source_id) ORDER BY p.source_id, p.line_no, p.pointer`,
  );
  return rows.map((r) => ({
    ...fileOf(r),
    line: integerOrNull(r, 'line_no'),
    pointer: textOrNull(r, 'pointer'),
    party: text(r, 'party'),
    run: textOrNull(r, 'run'),
    origin: text(r, 'origin'),
    step: textOrNull(r, 'step'),
    event: textOrNull(r, 'event'),
    status: textOrNull(r, 'status'),
    t: integerOrNull(r, 'ended_us') ?? integerOrNull(r, 'ts_us') ?? integerOrNull(r, 'started_us'),
    startedUs: integerOrNull(r, 'started_us'),
    endedUs: integerOrNull(r, 'ended_us'),
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

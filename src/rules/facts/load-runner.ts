/** What stands around hotlink: runner output, counter samples, containers and their load, stacks of programs. */
import { sql, type Query, type Row } from '../../store/sql.ts';
import { integer, integerOrNull, text, textOrNull } from './columns.ts';

/** Where a row stands: a line, or a pointer into a JSON file. */
export interface Standing {
  readonly sourceId: number;
  readonly source: string;
  readonly line: number | null;
  readonly pointer: string | null;
}

export interface RunnerEvent extends Standing {
  /** Microseconds on the clock of whoever printed it. */
  readonly t: number | null;
  readonly party: string | null;
  readonly run: string | null;
  readonly partyIndex: number | null;
  readonly kind: string;
  readonly subject: string | null;
  readonly status: string | null;
  readonly port: number | null;
  readonly n: number | null;
  readonly detail: string | null;
}

export interface CounterSample extends Standing {
  readonly origin: 'status' | 'pasted' | 'telemetry';
  readonly party: string;
  readonly ordinal: number;
  readonly t: number | null;
  readonly txPackets: number | null;
  readonly txBytesMin: number | null;
  readonly txBytesMax: number | null;
  readonly rxPackets: number | null;
  readonly rxBytesMin: number | null;
  readonly rxBytesMax: number | null;
  readonly wsFallbacks: number | null;
  readonly txWs: number | null;
  readonly webrtcConnected: number | null;
  readonly stallSeconds: number | null;
  /** Run that the text around it names. */
  readonly run: string | null;
  readonly startedUs: number | null;
}

export interface Container extends Standing {
  readonly name: string;
  readonly containerId: string | null;
  readonly image: string | null;
  readonly run: string | null;
  readonly partyIndex: number | null;
  readonly state: string | null;
  readonly status: string | null;
  readonly startedUs: number | null;
  readonly endedUs: number | null;
  readonly exitCode: number | null;
  readonly oomKilled: boolean | null;
  readonly error: string | null;
  readonly ports: string | null;
  readonly mounts: string | null;
  readonly network: string | null;
}

export interface ContainerLoad extends Standing {
  readonly name: string;
  readonly run: string | null;
  readonly partyIndex: number | null;
  readonly ordinal: number;
  readonly t: number | null;
  readonly cpuPercent: number | null;
  readonly memory: string | null;
}

export interface StackFrame extends Standing {
  readonly party: string | null;
  readonly partyIndex: number | null;
  readonly container: string | null;
  readonly depth: number;
  readonly name: string;
}

export interface Surroundings {
  readonly runner: readonly RunnerEvent[];
  readonly counters: readonly CounterSample[];
  readonly containers: readonly Container[];
  readonly loads: readonly ContainerLoad[];
  readonly stacks: readonly StackFrame[];
}

function standing(r: Row): Standing {
  return {
    sourceId: integer(r, 'source_id'),
    source: text(r, 'source'),
    line: integerOrNull(r, 'line_no'),
    pointer: r['pointer'] === undefined ? null : textOrNull(r, 'pointer'),
  };
}

const NONE: Surroundings = { runner: [], counters: [], containers: [], loads: [], stacks: [] };

/** One look at the store, and no more, where a sandbox has nothing of the kind. */
export async function loadSurroundings(query: Query): Promise<Surroundings> {
  const [any] = await query(sql`
    SELECT (SELECT count(*) FROM runner_event) + (SELECT count(*) FROM counters) + (SELECT count(*) FROM container)
         + (SELECT count(*) FROM container_load) + (SELECT count(*) FROM stack_frame) AS rows`);
  if (Number(any?.['rows'] ?? 0) === 0) return NONE;
  const runner = await query(sql`
    SELECT e.*, s.path AS source FROM runner_event AS e JOIN source AS s USING (source_id) ORDER BY e.source_id, e.line_no`);
  const counters = await query(sql`
    SELECT c.*, s.path AS source FROM counters AS c JOIN source AS s USING (source_id) ORDER BY c.source_id, c.ordinal, c.line_no, c.party`);
  const containers = await query(sql`
    SELECT c.*, s.path AS source FROM container AS c JOIN source AS s USING (source_id) ORDER BY c.source_id, c.line_no, c.pointer`);
  const loads = await query(sql`
    SELECT l.*, s.path AS source FROM container_load AS l JOIN source AS s USING (source_id) ORDER BY l.source_id, l.ordinal, l.line_no, l.pointer`);
  const stacks = await query(sql`
    SELECT f.*, s.path AS source FROM stack_frame AS f JOIN source AS s USING (source_id) ORDER BY f.source_id, f.line_no`);
  return {
    runner: runner.map(toRunnerEvent),
    counters: counters.map(toSample),
    containers: containers.map(toContainer),
    loads: loads.map(toLoad),
    stacks: stacks.map((r) => ({
      ...standing(r),
      party: textOrNull(r, 'party'),
      partyIndex: integerOrNull(r, 'party_index'),
      container: textOrNull(r, 'container'),
      depth: integer(r, 'depth'),
      name: text(r, 'name'),
    })),
  };
}

function toRunnerEvent(r: Row): RunnerEvent {
  return {
    ...standing(r),
    t: integerOrNull(r, 'ts_us'),
    party: textOrNull(r, 'party'),
    run: textOrNull(r, 'run'),
    partyIndex: integerOrNull(r, 'party_index'),
    kind: text(r, 'kind'),
    subject: textOrNull(r, 'subject'),
    status: textOrNull(r, 'status'),
    port: integerOrNull(r, 'port'),
    n: integerOrNull(r, 'n'),
    detail: textOrNull(r, 'detail'),
  };
}

function toSample(r: Row): CounterSample {
  const origin = text(r, 'origin');
  return {
    ...standing(r),
    origin: origin === 'status' || origin === 'pasted' ? origin : 'telemetry',
    party: text(r, 'party'),
    ordinal: integer(r, 'ordinal'),
    t: integerOrNull(r, 'ts_us'),
    txPackets: integerOrNull(r, 'tx_packets'),
    txBytesMin: integerOrNull(r, 'tx_bytes_min'),
    txBytesMax: integerOrNull(r, 'tx_bytes_max'),
    rxPackets: integerOrNull(r, 'rx_packets'),
    rxBytesMin: integerOrNull(r, 'rx_bytes_min'),
    rxBytesMax: integerOrNull(r, 'rx_bytes_max'),
    wsFallbacks: integerOrNull(r, 'ws_fallbacks'),
    txWs: integerOrNull(r, 'tx_ws'),
    webrtcConnected: integerOrNull(r, 'webrtc_connected'),
    stallSeconds: integerOrNull(r, 'stall_s'),
    run: textOrNull(r, 'run'),
    startedUs: integerOrNull(r, 'started_us'),
  };
}

function toContainer(r: Row): Container {
  return {
    ...standing(r),
    name: text(r, 'name'),
    containerId: textOrNull(r, 'container_id'),
    image: textOrNull(r, 'image'),
    run: textOrNull(r, 'run'),
    partyIndex: integerOrNull(r, 'party_index'),
    state: textOrNull(r, 'state'),
    status: textOrNull(r, 'status'),
    startedUs: integerOrNull(r, 'started_us'),
    endedUs: integerOrNull(r, 'ended_us'),
    exitCode: integerOrNull(r, 'exit_code'),
    oomKilled: typeof r['oom_killed'] === 'boolean' ? r['oom_killed'] : null,
    error: textOrNull(r, 'error'),
    ports: textOrNull(r, 'ports'),
    mounts: textOrNull(r, 'mounts'),
    network: textOrNull(r, 'network'),
  };
}

function toLoad(r: Row): ContainerLoad {
  return {
    ...standing(r),
    name: text(r, 'name'),
    run: textOrNull(r, 'run'),
    partyIndex: integerOrNull(r, 'party_index'),
    ordinal: integer(r, 'ordinal'),
    t: integerOrNull(r, 'ts_us'),
    cpuPercent: integerOrNull(r, 'cpu_percent'),
    memory: textOrNull(r, 'memory'),
  };
}

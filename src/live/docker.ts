/**
 * What docker says of the containers on this machine, where it answers: names, states, CPU. Its output is reduced to the fields that ingest
 * reads; a container's environment, command and labels hold secrets and are never kept.
 */
import { mask } from '../ingest/mask.ts';
import { runTool, type Ran } from './tool.ts';

/** `docker stats` measures for about two seconds. */
const TIMEOUT_MS = 8000;
/** After docker did not answer. */
const AGAIN_MS = 60_000;

const PS_FIELDS = ['ID', 'Image', 'Names', 'State', 'Status', 'Ports', 'Mounts', 'Networks', 'CreatedAt'];
const STATS_FIELDS = ['Container', 'ID', 'Name', 'CPUPerc', 'MemUsage', 'PIDs'];

export interface DockerAnswer {
  /** One JSON object a line, as `docker ps` and `docker stats` print them. */
  readonly ps: readonly string[];
  readonly stats: readonly string[];
}

export interface Container {
  readonly name: string;
  readonly cpuPercent: number | null;
  readonly memory: string | null;
}

/** Objects of docker's lines with the named fields only, masked. */
export function reduceLines(out: string, fields: readonly string[]): readonly string[] {
  return out.split('\n').flatMap((line) => {
    const value = parsed(line);
    if (typeof value !== 'object' || value === null) return [];
    const kept = fields.flatMap((field) => {
      const one = (value as Readonly<Record<string, unknown>>)[field];
      return typeof one === 'string' ? [[field, mask(one)] as const] : [];
    });
    return kept.length === 0 ? [] : [JSON.stringify(Object.fromEntries(kept))];
  });
}

export function containersOf(stats: readonly string[]): readonly Container[] {
  return stats.map((line) => {
    const value = parsed(line) as Readonly<Record<string, string | undefined>>;
    const percent = /^(\d{1,7}(?:\.\d{1,4})?)%$/.exec(value['CPUPerc'] ?? '')?.[1];
    return {
      name: value['Name'] ?? value['Container'] ?? '',
      cpuPercent: percent === undefined ? null : Number(percent),
      memory: value['MemUsage'] ?? null,
    };
  });
}

/** Of containers in what `docker ps` said. */
export function namesOf(ps: readonly string[]): readonly string[] {
  return ps.map((line) => (parsed(line) as Readonly<Record<string, string | undefined>>)['Names'] ?? '');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export async function askDocker(command: string, signal?: AbortSignal): Promise<DockerAnswer | Ran> {
  // `--format json` is not known to old versions of docker, this is known to all.
  const all = ['--no-trunc', '--format', '{{json .}}'];
  const ps = await runTool(command, ['ps', '--all', ...all], TIMEOUT_MS, signal);
  if (ps.code !== 0) return ps;
  const stats = await runTool(command, ['stats', '--no-stream', ...all], TIMEOUT_MS, signal);
  return { ps: reduceLines(ps.out, PS_FIELDS), stats: stats.code === 0 ? reduceLines(stats.out, STATS_FIELDS) : [] };
}

/** Logs of one container are taken up to so many lines. */
const MOST_LOG_LINES = 20_000;
const MOST_CONTAINERS = 64;

export interface ContainerLog {
  readonly name: string;
  readonly text: string;
}

/** What `docker inspect` says, with the keys only that ingest reads; undefined when it is no such list. */
export function reduceInspect(out: string): string | undefined {
  const list = parsed(out);
  if (!Array.isArray(list)) return undefined;
  const kept = list.map((one: unknown) => {
    const o = objectOf(one);
    const pick = (value: unknown, keys: readonly string[]): unknown => {
      const from = objectOf(value);
      return Object.fromEntries(keys.flatMap((key) => (key in from ? [[key, from[key]] as const] : [])));
    };
    const networks = objectOf(objectOf(o['NetworkSettings'])['Networks']);
    return {
      ...(pick(o, ['Id', 'Name', 'Created', 'RestartCount']) as object),
      State: pick(o['State'], ['Status', 'Running', 'OOMKilled', 'ExitCode', 'Error', 'StartedAt', 'FinishedAt', 'Pid']),
      Config: pick(o['Config'], ['Image']),
      HostConfig: pick(o['HostConfig'], ['PortBindings', 'NetworkMode', 'Memory', 'NanoCpus']),
      Mounts: (Array.isArray(o['Mounts']) ? o['Mounts'] : []).map((mount: unknown) => pick(mount, ['Type', 'Source', 'Destination', 'RW'])),
      NetworkSettings: {
        Ports: objectOf(o['NetworkSettings'])['Ports'],
        Networks: Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, pick(network, ['IPAddress'])])),
      },
    };
  });
  return mask(JSON.stringify(kept, null, 2));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** Inspection and logs of containers, beyond what `askDocker` brings. */
export async function askContainers(
  command: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly inspect: string | undefined; readonly logs: readonly ContainerLog[] }> {
  const wanted = names.slice(0, MOST_CONTAINERS);
  if (wanted.length === 0) return { inspect: undefined, logs: [] };
  const inspected = await runTool(command, ['inspect', '--type', 'container', ...wanted], TIMEOUT_MS, signal);
  const logs: ContainerLog[] = [];
  for (const name of wanted) {
    const ran = await runTool(command, ['logs', '--timestamps', '--tail', String(MOST_LOG_LINES), name], TIMEOUT_MS, signal, true);
    if (ran.out !== '') logs.push({ name, text: ran.out });
  }
  return { inspect: reduceInspect(inspected.out), logs };
}

/** Asks docker again and again beside other work, one question at a time. */
export class DockerProbe {
  private readonly command: string;
  private readonly everyMs: number;
  private readonly now: () => number;
  private readonly stopped = new AbortController();
  private nextMs = -Infinity;
  private asking: Promise<void> | undefined;

  constructor(command: string, everyMs: number, now: () => number) {
    this.command = command;
    this.everyMs = everyMs;
    this.now = now;
  }

  /** Asks if it is time, without waiting. `unanswered`: why docker does not answer, told once each time that it stops. */
  tick(answered: (answer: DockerAnswer) => void, unanswered: (why: string, isMissing: boolean) => void): void {
    if (this.asking !== undefined || this.now() < this.nextMs) return;
    this.asking = this.ask(answered, unanswered).finally(() => (this.asking = undefined));
  }

  private async ask(answered: (answer: DockerAnswer) => void, unanswered: (why: string, isMissing: boolean) => void): Promise<void> {
    const answer = await askDocker(this.command, this.stopped.signal);
    if (this.stopped.signal.aborted) return;
    const isAnswer = 'ps' in answer;
    if (isAnswer) answered(answer);
    else unanswered(answer.problem, answer.isMissing);
    this.nextMs = isAnswer ? this.now() + this.everyMs : answer.isMissing ? Infinity : this.now() + AGAIN_MS;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.asking;
  }
}

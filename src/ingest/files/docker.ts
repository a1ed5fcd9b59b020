/**
 * What docker's JSON says of containers: `docker inspect` (a list), `docker ps` and `docker stats` with `--format json` (an object a
 * line). Only named keys are read; the environment of a container, its command, labels and health output hold secrets and are not.
 */
import { mask } from '../mask.ts';
import type { Cell } from '../../store/sql.ts';
import { JsonObject, rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './file-rows.ts';

/** Longest text of a container's field that is kept. */
const FIELD_LENGTH = 512;

/** `syqure-{run}-pid{N}` (field guide F-20): one party's program in one run. */
export function runOfContainer(name: string): { run: string | null; partyIndex: number | null } {
  const m = /^syqure-(.{1,120})-pid(\d{1,4})$/.exec(name);
  return { run: m?.[1] ?? null, partyIndex: m?.[2] === undefined ? null : Number(m[2]) };
}

export interface ContainerFields {
  readonly name: string;
  readonly id?: string | null;
  readonly image?: string | null;
  readonly state?: string | null;
  readonly status?: string | null;
  readonly startedUs?: number | null;
  readonly endedUs?: number | null;
  readonly exitCode?: number | null;
  readonly oomKilled?: boolean | null;
  readonly error?: string | null;
  readonly ports?: string | null;
  readonly mounts?: string | null;
  readonly network?: string | null;
}

interface Place {
  readonly sourceId: number;
  readonly line: number | null;
  readonly pointer: string | null;
}

function short(text: string | null | undefined): string | null {
  return text == null || text === '' ? null : mask(text).slice(0, FIELD_LENGTH).toWellFormed();
}

export function containerRow({ sourceId, line, pointer }: Place, c: ContainerFields): TableRow {
  const { run, partyIndex } = runOfContainer(c.name);
  const what: Cell[] = [sourceId, line, pointer, short(c.name) ?? '', short(c.id), short(c.image), run, partyIndex];
  const life: Cell[] = [c.state ?? null, short(c.status), c.startedUs ?? null, c.endedUs ?? null, c.exitCode ?? null, c.oomKilled ?? null];
  return { table: 'container', values: [...what, ...life, short(c.error), short(c.ports), short(c.mounts), short(c.network)] };
}

export interface LoadFields {
  readonly name: string;
  readonly ordinal: number;
  readonly tsUs: number | null;
  readonly cpuPercent: number | null;
  readonly memory: string | null;
}

export function loadRow({ sourceId, line, pointer }: Place, l: LoadFields): TableRow {
  const { run, partyIndex } = runOfContainer(l.name);
  const what: Cell[] = [sourceId, line, pointer, short(l.name) ?? '', run, partyIndex];
  return { table: 'container_load', values: [...what, l.ordinal, l.tsUs, l.cpuPercent, short(l.memory)] };
}

/** `12.34%`; null for `--`, which stats prints before the first measurement. */
export function percentOf(text: string | null): number | null {
  const m = /^(\d{1,7}(?:\.\d{1,4})?)%$/.exec(text?.trim() ?? '');
  return m?.[1] === undefined ? null : Number(m[1]);
}

/** State and exit code that a status of `docker ps` says: `Up 17 minutes`, `Exited (137) 2 minutes ago`. */
export function stateOfStatus(status: string): { state: string | null; exitCode: number | null } {
  const exited = /^(Exited|Restarting) \((\d{1,3})\)/.exec(status);
  if (exited !== null) return { state: exited[1] === 'Exited' ? 'exited' : 'restarting', exitCode: Number(exited[2]) };
  if (/^Up\b/.test(status)) return { state: status.includes('(Paused)') ? 'paused' : 'running', exitCode: null };
  const word = /^(Created|Dead|Removal)/.exec(status)?.[1];
  return { state: word === undefined ? null : word === 'Removal' ? 'dead' : word.toLowerCase(), exitCode: null };
}

/** The value is an element of what `docker inspect` prints for a container. */
export function isInspected(value: unknown): boolean {
  const object = JsonObject.of(value);
  const state = object?.object('State');
  return object?.text('Id') != null && state !== undefined && (state.has('Running') || state.has('ExitCode'));
}

/** An object of `docker ps --format json` or `docker stats --format json`. */
export function isDockerLine(value: unknown): boolean {
  const o = JsonObject.of(value);
  return o !== undefined && (o.has('CPUPerc') || (o.has('Names') && (o.has('Status') || o.has('State'))));
}

function timeOf(text: string | null): number | null {
  // Docker writes the year 1 for "never".
  const ms = text === null || text.startsWith('0001-') ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms * 1000;
}

/** `docker inspect`: one record that fills the file, a row per container. */
export function readInspect(text: string, { sourceId }: FilePlace): FileRows {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return rejectedFile(text, text.trimEnd().endsWith(']') ? 'not-json' : 'cut-line');
  }
  const rows = (Array.isArray(list) ? list : [list]).flatMap((value: unknown, index): TableRow[] => {
    const object = isInspected(value) ? JsonObject.of(value) : undefined;
    const pointer = Array.isArray(list) ? `/${index}` : '';
    return object === undefined ? [] : [containerRow({ sourceId, line: null, pointer }, inspected(object))];
  });
  return rows.length === 0 ? rejectedFile(text, 'unexpected-shape') : wholeFile(text, rows);
}

function inspected(o: JsonObject): ContainerFields {
  const network = o.object('NetworkSettings');
  const mounts = o.list('Mounts').map(({ object: m }) => `${m.text('Source') ?? ''}:${m.text('Destination') ?? ''}`);
  const networks = network?.object('Networks')?.entries() ?? [];
  const published = network?.object('Ports') ?? o.object('HostConfig')?.object('PortBindings');
  return {
    name: (o.text('Name') ?? o.text('Id') ?? '').replace(/^\//, ''),
    id: o.text('Id'),
    image: o.object('Config')?.text('Image') ?? o.text('Image'),
    ...lifeOf(o.object('State')),
    ports: published === undefined ? null : portsText(published),
    mounts: mounts.join(', '),
    network: networks.map(([name, n]) => `${name} ${n.text('IPAddress') ?? ''}`.trim()).join(', '),
  };
}

function lifeOf(state: JsonObject | undefined): Partial<ContainerFields> {
  if (state === undefined) return {};
  return {
    state: state.text('Status') ?? (state.flag('Running') === true ? 'running' : 'exited'),
    startedUs: timeOf(state.text('StartedAt')),
    endedUs: timeOf(state.text('FinishedAt')),
    exitCode: state.integer('ExitCode'),
    oomKilled: state.flag('OOMKilled'),
    error: state.text('Error'),
  };
}

/** As `docker ps` prints them. */
function portsText(ports: JsonObject): string {
  return ports
    .keys()
    .flatMap((key) => {
      const bindings = ports.list(key);
      if (bindings.length === 0) return [key];
      return bindings.map(({ object: b }) => `${b.text('HostIp') ?? ''}:${b.text('HostPort') ?? ''}->${key}`);
    })
    .join(', ');
}

/** Rows of one object of a JSON-lines output. `ordinal`: the sample that it belongs to. */
export function dockerLine(value: unknown, place: Place, tsUs: number | null, ordinal: number): TableRow | undefined {
  const o = JsonObject.of(value);
  if (o === undefined) return undefined;
  if (isInspected(value)) return containerRow(place, inspected(o));
  if (!isDockerLine(value)) return undefined;
  const name = o.text('Names') ?? o.text('Name') ?? o.text('Container') ?? '';
  if (name === '') return undefined;
  if (o.has('CPUPerc'))
    return loadRow(place, { name, ordinal, tsUs, cpuPercent: percentOf(o.text('CPUPerc')), memory: o.text('MemUsage') });
  const status = o.text('Status') ?? '';
  const told = stateOfStatus(status);
  return containerRow(place, {
    name,
    id: o.text('ID'),
    image: o.text('Image'),
    state: told.state ?? o.text('State')?.toLowerCase() ?? null,
    status,
    exitCode: told.exitCode,
    ports: o.text('Ports'),
    mounts: o.text('Mounts'),
    network: o.text('Networks'),
  });
}

/** A file of such objects. Stats has no header between its samples: a name that comes again begins the next one. */
export class DockerLines {
  private ordinal = 0;
  private readonly seen = new Set<string>();
  private readonly sourceId: number;

  constructor(sourceId: number) {
    this.sourceId = sourceId;
  }

  row(value: unknown, line: number): TableRow | undefined {
    const name = JsonObject.of(value)?.text('Name') ?? '';
    if (this.ordinal === 0 || this.seen.has(name)) {
      this.ordinal++;
      this.seen.clear();
    }
    this.seen.add(name);
    return dockerLine(value, { sourceId: this.sourceId, line, pointer: null }, null, this.ordinal);
  }
}

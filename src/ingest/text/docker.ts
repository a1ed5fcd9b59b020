/**
 * Saved output of `docker ps` and `docker stats`: tables with a header line, screens that repeat, bare lines of `--format`, an object
 * a line. Names stand in the header's columns; a table whose columns a paste has squeezed is read by the shape of its values.
 *
 *     CONTAINER ID   NAME                               CPU %     MEM USAGE / LIMIT     …
 *     3f2a9c01b7de   syqure-29509970-8e9bf03c1ac4-pid0   0.00%     1.2GiB / 15.5GiB     …
 */
import { containerRow, dockerLine, loadRow, percentOf, stateOfStatus } from '../files/docker.ts';
import type { TableRow } from '../files/file-rows.ts';
import type { TextAnswer, TextHandler, TextLine } from './handler.ts';

/** Titles of docker's tables; longer ones first, since one is the beginning of another. */
const TITLES = [
  'MEM USAGE / LIMIT',
  'CONTAINER ID',
  'LOCAL VOLUMES',
  'CREATED AT',
  'RUNNING FOR',
  'BLOCK I/O',
  'CONTAINER',
  'NETWORKS',
  'COMMAND',
  'CREATED',
  'NET I/O',
  'MOUNTS',
  'STATUS',
  'LABELS',
  'CPU %',
  'IMAGE',
  'MEM %',
  'NAMES',
  'PORTS',
  'STATE',
  'NAME',
  'PIDS',
  'SIZE',
] as const;
const TITLE = new RegExp(TITLES.join('|'), 'y');

// oxlint-disable-next-line no-control-regex -- stats moves the cursor between its screens
const CURSOR = /\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r/g;
const ID = /^[0-9a-f]{12}(?:[0-9a-f]{52})?$/;
const STATUS =
  /\b(?:Up (?:Less than a second|About an? (?:minute|hour)|\d{1,6} (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?))(?: \([\w: ]{1,30}\))?|(?:Exited|Restarting) \(\d{1,3}\) (?:Less than a second|About an? (?:minute|hour)|\d{1,6} \w{1,8}) ago|Created|Dead|Removal In Progress)(?=\s|$|[|,;)])/;
const LOAD = /^(\S{1,200})[\s|,;]+(\d{1,7}\.\d{1,2}%|--)[\s|,;]+((?:\d[\d.]{0,12}[kKMGTP]?i?B|--) \/ (?:\d[\d.]{0,12}[kKMGTP]?i?B|--))/;
const PROGRAM = /(?<![\w-])syqure-[\w.-]{1,120}-pid\d{1,4}(?![\w-])/;

interface Column {
  readonly title: string;
  readonly at: number;
}

interface Memory {
  columns: readonly Column[] | null;
  /** Sample of stats, and the names that it has so far. */
  ordinal: number;
  seen: string[];
}

export class DockerHandler implements TextHandler {
  private memory: Memory = { columns: null, ordinal: 0, seen: [] };

  save(): unknown {
    return this.memory;
  }

  restore(state: unknown): void {
    this.memory = { ...(state as Memory) };
  }

  read(line: TextLine): TextAnswer {
    const text = line.text.replaceAll(CURSOR, '').trimEnd();
    if (text === '' || text.length > 4000) return undefined;
    const columns = headerOf(text);
    if (columns !== undefined) {
      this.memory.columns = columns;
      if (isStats(columns)) this.nextSample();
      return 'noise';
    }
    const row = this.ofTable(line, text) ?? this.bare(line, text);
    return row === undefined ? undefined : [row];
  }

  private nextSample(): void {
    this.memory.ordinal++;
    this.memory.seen = [];
  }

  /** Bare lines have no header between samples: a name that comes again begins the next one. */
  private sampleOf(name: string): number {
    const m = this.memory;
    if (m.seen.includes(name) || m.ordinal === 0) this.nextSample();
    m.seen.push(name);
    return m.ordinal;
  }

  private load(line: TextLine, name: string, cpu: string | undefined, memory: string | undefined): TableRow {
    const fields = { name, ordinal: this.sampleOf(name), tsUs: line.tsUs, cpuPercent: percentOf(cpu ?? null), memory: memory ?? null };
    return loadRow(placeOf(line), fields);
  }

  private ofTable(line: TextLine, text: string): TableRow | undefined {
    const { columns } = this.memory;
    if (columns === null) return undefined;
    const values = cells(text, columns);
    const row = values === undefined ? undefined : isStats(columns) ? this.measured(line, values) : listed(line, values);
    return row ?? this.squeezed(line, text);
  }

  private measured(line: TextLine, values: ReadonlyMap<string, string>): TableRow | undefined {
    const name = values.get('NAME') ?? values.get('CONTAINER') ?? values.get('CONTAINER ID') ?? '';
    const cpu = values.get('CPU %') ?? '';
    return name !== '' && /^(?:\d{1,7}\.\d{1,2}%|--)$/.test(cpu) ? this.load(line, name, cpu, values.get('MEM USAGE / LIMIT')) : undefined;
  }

  /** A row whose columns do not stand under their titles: id first, name last, what lies between by its shape. */
  private squeezed(line: TextLine, text: string): TableRow | undefined {
    const words = text.trim().split(/\s+/);
    const id = words[0] ?? '';
    if (!ID.test(id)) return undefined;
    const load = LOAD.exec(words.slice(1).join(' '));
    if (load?.[1] !== undefined) return this.load(line, load[1], load[2], load[3]);
    const status = STATUS.exec(text);
    const name = words.at(-1) ?? '';
    if (status === null || words.length < 4) return undefined;
    const told = stateOfStatus(status[0]);
    const ports = text.slice(status.index + status[0].length, text.lastIndexOf(name)).trim();
    return containerRow(placeOf(line), { name, id, image: words[1] ?? null, ...told, status: status[0], ports });
  }

  /** Lines of `--format`: only of programs of a run, whose names cannot be mistaken, or with CPU and memory. */
  private bare(line: TextLine, text: string): TableRow | undefined {
    const plain = text.trim();
    if (plain.startsWith('{')) return this.object(line, plain);
    const load = plain.includes('%') || plain.includes('--') ? LOAD.exec(plain) : null;
    if (load?.[1] !== undefined) return this.load(line, load[1], load[2], load[3]);
    const name = plain.includes('syqure-') ? PROGRAM.exec(plain)?.[0] : undefined;
    if (name === undefined) return undefined;
    const cpu = plain.startsWith(name) ? /^[\s|,;:]+(\d{1,7}\.\d{1,2}%)$/.exec(plain.slice(name.length))?.[1] : undefined;
    if (cpu !== undefined) return this.load(line, name, cpu, undefined);
    const status = STATUS.exec(plain)?.[0];
    // Prose about a container holds more words than a row.
    if (status === undefined || /[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}/.test(plain.replace(name, '').replace(status, ''))) return undefined;
    return containerRow(placeOf(line), { name, ...stateOfStatus(status), status });
  }

  private object(line: TextLine, text: string): TableRow | undefined {
    if (!text.includes('"CPUPerc"') && !text.includes('"Names"')) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    const name = /"Name":"([^"]{1,200})"/.exec(text)?.[1] ?? '';
    const ordinal = text.includes('"CPUPerc"') ? this.sampleOf(name) : 0;
    return dockerLine(value, placeOf(line), line.tsUs, ordinal);
  }
}

function placeOf(line: TextLine): { sourceId: number; line: number; pointer: null } {
  return { sourceId: line.sourceId, line: line.lineNo, pointer: null };
}

/** A row of `docker ps`. */
function listed(line: TextLine, values: ReadonlyMap<string, string>): TableRow | undefined {
  const value = (title: string): string | null => values.get(title) ?? null;
  const name = value('NAMES') ?? '';
  const id = value('CONTAINER ID');
  const status = value('STATUS') ?? '';
  const told = stateOfStatus(status);
  const state = told.state ?? value('STATE')?.toLowerCase() ?? null;
  if (name === '' || /\s/.test(name) || state === null || (id !== null && !ID.test(id))) return undefined;
  const rest = { image: value('IMAGE'), ports: value('PORTS'), mounts: value('MOUNTS'), network: value('NETWORKS') };
  return containerRow(placeOf(line), { name, id, state, status, exitCode: told.exitCode, ...rest });
}

function isStats(columns: readonly Column[]): boolean {
  return columns.some((c) => c.title === 'CPU %');
}

/** Columns of a header line: nothing but titles, two of them at least; one must tell the container and one its state or load. */
export function headerOf(text: string): readonly Column[] | undefined {
  if (!/[A-Z]{4}/.test(text) || /[a-z]/.test(text)) return undefined;
  const columns: Column[] = [];
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at] ?? '')) {
      at++;
      continue;
    }
    TITLE.lastIndex = at;
    const title = TITLE.exec(text)?.[0];
    if (title === undefined) return undefined;
    columns.push({ title, at });
    at += title.length;
  }
  const has = (...titles: string[]): boolean => columns.some((c) => titles.includes(c.title));
  const isOne = (has('NAMES') && has('STATUS', 'STATE')) || (has('CPU %') && has('NAME', 'CONTAINER', 'CONTAINER ID'));
  return isOne ? columns : undefined;
}

/** The cells under the titles; undefined when the row does not stand in the header's columns. */
function cells(text: string, columns: readonly Column[]): ReadonlyMap<string, string> | undefined {
  const parts = text.trim().split(/\t+| {2,}/);
  const isAligned = columns.every((c) => c.at === 0 || c.at >= text.length || /\s/.test(text[c.at - 1] ?? ' '));
  const isWide = columns.every(
    (c, i) => (text.slice(c.at, columns[i + 1]?.at).trim() !== '' || c.title === 'PORTS' || c.title === 'MOUNTS') && c.at < text.length,
  );
  if (isAligned && isWide) return new Map(columns.map((c, i) => [c.title, text.slice(c.at, columns[i + 1]?.at).trim()]));
  if (parts.length === columns.length) return new Map(columns.map((c, i) => [c.title, parts[i] ?? '']));
  return undefined;
}

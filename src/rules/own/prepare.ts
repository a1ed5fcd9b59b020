/**
 * From a user's rules to rules that are run like the ones that are built in: each statement is asked of the published tables, and each
 * of its rows becomes a finding. What is wrong with a statement or a row is that rule's verdict; the others go on.
 */
import type { Confidence, Severity, Subject } from '../../model/diagnosis.ts';
import type { OwnRule } from '../../model/own-rule.ts';
import { sql, type Cell, type Query } from '../../store/sql.ts';
import type { Draft, Rule, RuleMeta } from '../engine/rule.ts';
import type { CaseFile, Ref } from '../facts/case-file.ts';
import { integer, text } from '../facts/columns.ts';
import { publish } from '../facts/publish.ts';

/** More rows than this are no findings that a person reads: the statement has to count them. */
export const MOST_ROWS = 200;
const LONGEST_TEXT = 500;

export interface SelectResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Runs what a user wrote: one SELECT, no files, a time limit. */
export type Select = (statement: string) => Promise<SelectResult>;

export function ownMetaOf({ meta }: OwnRule): RuleMeta {
  return {
    id: meta.id,
    title: meta.title,
    severity: meta.severity,
    failures: [],
    needs: meta.needs,
    proves: meta.proves,
    notEvidence: meta['not-evidence'],
    blindTo: meta['blind-to'],
    remedy: meta.remedy,
    explains: meta.explains,
  };
}

interface File {
  readonly id: number;
  readonly path: string;
  readonly lines: number;
}

export async function prepareOwnRules(own: readonly OwnRule[], c: CaseFile, query: Query, select: Select): Promise<readonly Rule[]> {
  if (own.length === 0) return [];
  await publish(query, c);
  const files = (await query(sql`SELECT source_id, path, lines FROM source ORDER BY source_id`)).map((r) => ({
    id: integer(r, 'source_id'),
    path: text(r, 'path'),
    lines: integer(r, 'lines'),
  }));
  const rules: Rule[] = [];
  for (const rule of own) rules.push(await prepare(rule, c, files, select));
  return rules;
}

async function prepare(own: OwnRule, c: CaseFile, files: readonly File[], select: Select): Promise<Rule> {
  const meta = ownMetaOf(own);
  try {
    const { columns, rows } = await select(own.statement);
    checkColumns(columns);
    if (rows.length > MOST_ROWS)
      throw new Error(`the statement gives ${rows.length} rows, at most ${MOST_ROWS} can be findings: group them`);
    const drafts = rows.map((row, i) => draftOf(new OwnRow(columns, row, i + 1), meta, c, files)).toSorted(byKey);
    return { meta, judge: (_, steps) => steps.of('rows that the statement gives, each with its evidence', drafts).rows };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return {
      meta,
      judge() {
        throw new Error(`${own.file.split(/[\\/]/).at(-1) ?? ''}: ${reason}`);
      },
    };
  }
}

const SUBJECT = ['from_email', 'to_email', 'party'];
const EVIDENCE = ['source', 'source_id', 'line', 'line_no', 'pointer', 'shows'];
const OWN = new Set([...SUBJECT, ...EVIDENCE, 'message', 'severity', 'confidence', 't']);

function checkColumns(columns: readonly string[]): void {
  const has = (name: string): boolean => columns.includes(name);
  const twice = columns.find((name, i) => columns.indexOf(name) < i);
  if (twice !== undefined) throw new Error(`the statement gives two columns called '${twice}'`);
  if (!has('message')) throw new Error("the statement gives no column 'message'");
  if (has('from_email') !== has('to_email')) throw new Error("'from_email' and 'to_email' belong together");
  if (!(has('source') || has('source_id')) || !(has('line') || has('line_no') || has('pointer')))
    throw new Error(
      'the statement gives no evidence: select source (or source_id) and line (or line_no, or pointer) of what shows it; nothing is claimed without evidence',
    );
}

class OwnRow {
  private readonly cells: ReadonlyMap<string, Cell>;
  private readonly no: number;

  constructor(columns: readonly string[], row: readonly Cell[], no: number) {
    this.cells = new Map(columns.map((name, i) => [name, row[i] ?? null]));
    this.no = no;
  }

  get(...names: string[]): Cell {
    for (const name of names) {
      const cell = this.cells.get(name) ?? null;
      if (cell !== null) return cell;
    }
    return null;
  }

  fail(says: string): never {
    throw new Error(`row ${this.no} of the statement ${says}`);
  }

  oneOf<T extends string>(name: string, known: readonly T[], otherwise: T): T {
    const cell = this.get(name);
    if (cell === null) return otherwise;
    return known.find((k) => k === cell) ?? this.fail(`has ${name} '${String(cell)}', which can be ${known.join(', ')}`);
  }

  /** Columns that the rule format does not name. */
  metrics(): Record<string, number | string | boolean | null> {
    const rest = [...this.cells].filter(([name]) => !OWN.has(name));
    return Object.fromEntries(rest.map(([name, cell]) => [name, metricOf(cell)]));
  }
}

/** Figures of a Diagnosis are whole; any other number is kept as the text that it prints as. */
function metricOf(cell: Cell): number | string | boolean | null {
  if (typeof cell === 'string') return cell.length <= LONGEST_TEXT ? cell : `${cell.slice(0, LONGEST_TEXT - 1)}…`;
  return typeof cell === 'number' && !Number.isSafeInteger(cell) ? String(cell) : cell;
}

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error'];
const CONFIDENCES: readonly Confidence[] = ['certain', 'likely', 'possible'];

function draftOf(row: OwnRow, meta: RuleMeta, c: CaseFile, files: readonly File[]): Draft {
  const message = row.get('message');
  if (typeof message !== 'string' || message.trim() === '') return row.fail('has no message');
  const severity = row.oneOf('severity', SEVERITIES, meta.severity);
  if (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(meta.severity))
    return row.fail(`has the severity ${severity}, but the rule says that it is at worst ${meta.severity}`);
  const at = row.get('t');
  return {
    subject: subjectOf(row, c),
    severity,
    confidence: row.oneOf('confidence', CONFIDENCES, 'likely'),
    message: message.length <= LONGEST_TEXT ? message : `${message.slice(0, LONGEST_TEXT - 1)}…`,
    evidence: [evidenceOf(row, files, message)],
    metrics: row.metrics(),
    ...(typeof at === 'number' && Number.isFinite(at) ? { at } : {}),
  };
}

function subjectOf(row: OwnRow, c: CaseFile): Subject {
  const email = (name: string): string | undefined => {
    const cell = row.get(name);
    if (cell === null) return undefined;
    return c.party(String(cell))?.email ?? row.fail(`names '${String(cell)}' as ${name}, who is no party of the run`);
  };
  const [from, to, party] = [email('from_email'), email('to_email'), email('party')];
  if (from !== undefined && to !== undefined) return { from, to };
  const one = party ?? from ?? to;
  return one === undefined ? {} : { party: one };
}

function evidenceOf(row: OwnRow, files: readonly File[], message: string): Ref {
  const named = row.get('source', 'source_id');
  const file = files.find((f) => (typeof named === 'number' ? f.id === named : f.path === named));
  if (named === null) return row.fail('has no evidence: its source is NULL');
  if (file === undefined) return row.fail(`cites '${String(named)}', which is no file of this input`);
  const line = row.get('line', 'line_no');
  const pointer = row.get('pointer');
  if (line === null && typeof pointer === 'string' && /^(?:\/|$)/.test(pointer))
    return { source: file.path, pointer, text: String(row.get('shows') ?? message) };
  if (typeof line !== 'number' || !Number.isInteger(line) || line < 1 || line > file.lines)
    return row.fail(`has no evidence: ${file.path} has no line ${String(line)}`);
  return { sourceId: file.id, line };
}

/** Rows of a statement without ORDER BY come in any order; findings do not. */
function byKey(a: Draft, b: Draft): number {
  const [x, y] = [keyOf(a), keyOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function keyOf({ subject: s, message, evidence, metrics }: Draft): string {
  return JSON.stringify([s.from ?? s.party ?? '', s.to ?? '', message, evidence, metrics]);
}

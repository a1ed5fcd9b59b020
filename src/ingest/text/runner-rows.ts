/** Rows of `runner_event`: what the words of a line, its file's name and the lines above say of run and party. */
import type { TableRow } from '../files/file-rows.ts';
import { pathParts } from '../dictionary.ts';
import { isSecretName, mask } from '../mask.ts';
import type { TextLine } from './handler.ts';
import type { RunnerKind } from './kinds.ts';

const MAX_DETAIL = 512;
const MAX_WORD = 200;
const MAX_PORT = 65_535;
/** Of a line this much is read. */
const READ_CHARACTERS = 4096;

/** What a line gives; what is left out is NULL, or follows from the place. */
export interface Said {
  readonly kind: RunnerKind;
  readonly party?: string | undefined;
  readonly run?: string | undefined;
  readonly partyIndex?: number | undefined;
  readonly subject?: string | undefined;
  readonly status?: string | undefined;
  readonly port?: number | undefined;
  readonly n?: number | undefined;
  readonly detail?: string | undefined;
}

/** Whose text it is. */
export interface Whose {
  readonly run?: string | undefined;
  readonly partyIndex?: number | undefined;
  readonly container?: string | undefined;
}

/** One way to read a line; the first pattern that fits has it. */
export type Reading = readonly [RegExp, (m: RegExpExecArray, line: TextLine) => Said | readonly Said[] | undefined];

export function readBy(readings: readonly Reading[], line: TextLine): readonly Said[] | undefined {
  const text = line.text.slice(0, READ_CHARACTERS);
  for (const [pattern, read] of readings) {
    const m = pattern.exec(text);
    const said = m === null ? undefined : read(m, line);
    if (said !== undefined) return Array.isArray(said) ? (said as readonly Said[]) : [said as Said];
  }
  return undefined;
}

const CONTAINER = /\bsyqure-([0-9A-Za-z][\w-]{0,80}?)-pid(\d{1,3})\b/;
const NETWORK = /\bsyqure-net-([0-9A-Za-z][\w-]{0,80})/;
const RUN_WORD = /\b(?:run_id|BIOVAULT_FLOW_RUN_ID)[=:]\s*"?([0-9A-Za-z][\w-]{5,80})/;
const CACHE = /(?:^|\/)\.?(?:biovault-)?syqure-cache\/([^/]+)\/party-(\d{1,3})\//;
const DIAG = /(?:^|\/)biovault-syqure-diag-(.+)-p(\d{1,3})\.log$/;
const BASE = /(?:^|\/)biovault-syqure-port-base-(.+)-p(\d{1,3})\.txt$/;
const STEP_LOG = /(?:^|\/)multiparty_step_logs\/([^/]+)\/([^/]+)\.log$/;

export function whoseText(text: string): Whose {
  const container = CONTAINER.exec(text);
  if (container !== null) return { run: container[1], partyIndex: Number(container[2]), container: container[0] };
  const run = (NETWORK.exec(text) ?? RUN_WORD.exec(text))?.[1];
  return run === undefined ? {} : { run };
}

export function whosePath(path: string): Whose {
  const named = CACHE.exec(path) ?? DIAG.exec(path) ?? CONTAINER.exec(path);
  if (named !== null) return { run: named[1], partyIndex: Number(named[2]) };
  const run = BASE.exec(path)?.[1] ?? STEP_LOG.exec(path)?.[1] ?? pathParts(path).run ?? undefined;
  return run === undefined ? {} : { run };
}

export function isDiagFile(path: string): boolean {
  return DIAG.test(path);
}

/** Parties of the run whose port base the file holds; undefined for all other files. */
export function partiesOfBaseFile(path: string): number | undefined {
  const parties = BASE.exec(path)?.[2];
  return parties === undefined ? undefined : Number(parties);
}

export function stepOfLog(path: string): string | undefined {
  return STEP_LOG.exec(path)?.[2];
}

/** The line without the container's or party's name that somebody put before it, and whose it then is. */
export function unwrap(line: TextLine): { readonly line: TextLine; readonly whose: Whose } {
  const m = /^\[?(syqure-[\w-]+-pid\d{1,3}|pid\d{1,3}|CP\d{1,3}|p\d{1,3})(?:\] ?:?| *\||:)[ \t]+(?=\S)/.exec(line.text);
  if (m === null) return { line, whose: {} };
  const name = m[1] ?? '';
  const whose = name.startsWith('syqure-') ? whoseText(name) : { partyIndex: Number(/\d+$/.exec(name)?.[0]) };
  return { line: { ...line, text: line.text.slice(m[0].length) }, whose };
}

export function runnerRow(line: TextLine, said: Said, whose: Whose): TableRow {
  const path = whosePath(line.path);
  const text = whoseText(line.text);
  const run = said.run ?? whose.run ?? text.run ?? path.run ?? null;
  const index = said.partyIndex ?? whose.partyIndex ?? text.partyIndex ?? path.partyIndex ?? null;
  const { flow } = pathParts(line.path);
  const place = [line.sourceId, line.lineNo, line.tsUs, clean(said.party, MAX_WORD) ?? line.party, flow, run, index];
  const words = [said.kind, clean(said.subject, MAX_WORD), clean(said.status, MAX_WORD)];
  return { table: 'runner_event', values: [...place, ...words, portOf(said.port), wholeOf(said.n), clean(said.detail, MAX_DETAIL)] };
}

function clean(text: string | undefined, limit: number): string | null {
  const masked = text === undefined ? '' : mask(text).trim();
  return masked === '' ? null : masked.slice(0, limit).toWellFormed();
}

function portOf(port: number | undefined): number | null {
  return port !== undefined && Number.isInteger(port) && port >= 0 && port <= MAX_PORT ? port : null;
}

function wholeOf(n: number | undefined): number | null {
  return n !== undefined && Number.isSafeInteger(n) ? n : null;
}

/** The first whole number of a text. */
export function numberIn(text: string | undefined): number | undefined {
  const digits = /-?\d+/.exec(text ?? '')?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** A variable; the value of one that is called like a secret is not kept. */
export function variable(name: string, value: string): Said {
  const bare = value.trim().replace(/^(["'])(.*)\1$/, '$2');
  return { kind: 'environment', subject: name, detail: isSecretName(name) && bare !== '' ? '***' : bare };
}

const KNOWN_VARIABLE = /\b((?:SEQURE|SYQURE|BV|BIOVAULT|SYFTBOX)_[A-Z0-9_]+)=("[^"]*"|'[^']*'|[^\s,;]*)/g;

/** Variables of the runner, the program and hotlink that a text sets. */
export function variablesIn(text: string): Said[] {
  return [...text.matchAll(KNOWN_VARIABLE)].map((m) => variable(m[1] ?? '', m[2] ?? ''));
}

/** Pieces of a judged run as lines of text: what a page shows of it, and what is stored. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { fingerprintText, causesOf, findingsOf } from '../../src/live/fingerprint.ts';
import type { Select } from './claim.ts';
import { evidenceOf, linesOf, telemetryOf, type Judged, type Line } from './lab.ts';

const MOST_EVIDENCE = 3;
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

function short(email: string): string {
  return email.split('@')[0] ?? email;
}

type Interval = Diagnosis['flows'][number]['sent'];

function intervalText({ min, max }: Interval): string {
  if (min === max) return String(min);
  return max === UNBOUNDED ? `at least ${min}` : `${min} to ${max}`;
}

function lineText({ source, line, text }: Line): string {
  return `${source}${line === null ? '' : `:${line}`}  ${text}`;
}

/** Its logs and telemetry: a sample keeps them in a folder of that name. */
function evidenceFolder(sandbox: string): string {
  const inside = join(sandbox, 'sandbox');
  return existsSync(inside) ? inside : sandbox;
}

function causeLines(judged: Judged, rule: string | undefined, most: number): readonly string[] {
  const { causes, findings } = judged.diagnosis;
  const at = rule === undefined ? 0 : findings.findIndex((f) => f.rule === rule);
  const found = rule === undefined ? causes[0] : findings[at];
  if (found === undefined) return ['no cause is named'];
  const print = (rule === undefined ? causesOf : findingsOf)(judged.diagnosis)[at];
  const title = `${print === undefined ? found.rule : fingerprintText(print)}: ${found.message}`;
  return [title, ...evidenceOf(judged, found.rule, most).map((line) => `  ${lineText(line)}`)];
}

function flowLine({ diagnosis }: Judged, from: string, to: string): string {
  const flow = diagnosis.flows.find((f) => short(f.from) === from && short(f.to) === to);
  if (flow === undefined) return `${from} > ${to}: no such direction`;
  const frames =
    flow.frames.sent === null || flow.frames.delivered === null
      ? ''
      : ` (frames ${intervalText(flow.frames.sent)} and ${intervalText(flow.frames.delivered)})`;
  return `${from} > ${to}: sent ${intervalText(flow.sent)} bytes, delivered ${intervalText(flow.delivered)}, lost ${intervalText(flow.lost)}${frames}, ${flow.state}`;
}

interface SessionRow {
  readonly channel?: string;
  readonly peer?: string;
}

function peerLines(sandbox: string, party: string): readonly string[] {
  const live = telemetryOf(sandbox, party)['live'] as
    { sessions_out?: readonly SessionRow[]; sessions_in?: readonly SessionRow[] } | undefined;
  const rows = (way: string, sessions: readonly SessionRow[] = []): readonly string[] =>
    sessions.map(({ channel = '', peer = '' }) => `${party}: ${way} on ${channel}, peer ${short(peer)}`);
  return [...rows('outbound', live?.sessions_out), ...rows('inbound', live?.sessions_in)];
}

function programLines({ completed, programs }: Judged): readonly string[] {
  if (completed === true) return ['all programs came to their end, every message as it was sent'];
  return programs.map(({ email, phase, waitingFor }) => {
    const waits = waitingFor === null ? '' : `, waits for ${short(waitingFor)}`;
    return `${short(email)}: stopped in ${phase}${waits}`;
  });
}

function logOf(sandbox: string, log: string, match: string, most: number): readonly Line[] {
  return linesOf(evidenceFolder(sandbox), log, new RegExp(match), most);
}

/** The lines of one piece. */
export function selected(judged: Judged, select: Select): readonly string[] {
  const { diagnosis, sandbox } = judged;
  switch (select.show) {
    case 'verdict':
      return [`verdict ${diagnosis.verdict}${diagnosis.causes.length === 0 ? ', no cause' : ''}`];
    case 'cause':
      return causeLines(judged, select.rule, select.most ?? MOST_EVIDENCE);
    case 'flow':
      return [flowLine(judged, select.from, select.to)];
    case 'telemetry': {
      const told = telemetryOf(evidenceFolder(sandbox), select.party);
      return [`${select.party}: ${select.keys.map((key) => `${key}=${JSON.stringify(told[key] ?? null)}`).join(' ')}`];
    }
    case 'peers':
      return peerLines(evidenceFolder(sandbox), select.party);
    case 'log':
      return logOf(sandbox, select.log, select.match, select.most).map(lineText);
    case 'count':
      return [`${select.log}: ${logOf(sandbox, select.log, select.match, Infinity).length} lines match /${select.match}/`];
    case 'programs':
      return programLines(judged);
    case 'excluded':
      return diagnosis.excluded
        .filter(({ rule, why }) => rule === select.rule && new RegExp(select.match ?? '').test(why))
        .slice(0, 2)
        .map(({ rule, why }) => `not ${rule}: ${why}`);
    default:
      return select satisfies never;
  }
}

/** What is stored for a run, by the piece that it answers. */
export type Answers = Readonly<Record<string, readonly string[]>>;

export function selectKey(select: Select): string {
  return JSON.stringify(select);
}

export function answersOf(judged: Judged, selects: readonly Select[]): Answers {
  return Object.fromEntries(selects.map((select) => [selectKey(select), selected(judged, select)]));
}

export function readJson(path: string): unknown {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as unknown) : {};
}

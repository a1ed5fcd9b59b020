/** What runners say of a flow's steps: Desktop's step logs and port audit, and the tables `step=Status` of scenarios (field guide 2.7, F-23). */
import type { TextAnswer, TextHandler, TextLine } from './handler.ts';
import { numberIn, readBy, runnerRow, stepOfLog, unwrap, variablesIn, type Reading, type Said } from './runner-rows.ts';

const EMAIL = /(?<![\w.+-])[\w.+-]+@[\w.-]+\.\w+/g;

/** Two roles with one participant: an address stands twice among those of a map. */
function twiceIn(text: string): string | undefined {
  const seen = new Set<string>();
  for (const [email] of text.matchAll(EMAIL)) {
    if (seen.has(email)) return email;
    seen.add(email);
  }
  return undefined;
}

function roleMap(text: string): Said {
  const twice = twiceIn(text);
  return { kind: 'role-map', subject: twice, status: twice === undefined ? undefined : 'duplicate', detail: text };
}

const READINGS: readonly Reading[] = [
  [
    /\bPORT CONFLICT \[(E_PORT_CONFLICT\w*)\]:? ?(.*)/,
    (m) => ({
      kind: 'port-conflict',
      subject: m[1],
      port: numberIn(/\bport[= :]+(\d+)/i.exec(m[2] ?? '')?.[1] ?? /:(\d{4,5})\b/.exec(m[2] ?? '')?.[1]),
      partyIndex: numberIn(/\bCP(\d+)/.exec(m[2] ?? '')?.[1] ?? /\bparty(?:_id)?[= ](\d+)/.exec(m[2] ?? '')?.[1]),
      detail: m[2],
    }),
  ],
  [/^step_(started|completed|shared|sharing_started|retry)\b(.*)/, (m, line) => step(line, m[1] ?? '', m[2])],
  [/^step_failed:?(.*)/, (m, line) => step(line, 'failed', m[1])],
  [/^step_(forced|republished) status=(\w+)/, (m, line) => step(line, (m[2] ?? '').toLowerCase(), m[1])],
  [/^step_force_rerun:?(.*)/, (m, line) => step(line, 'started', m[1])],
  [/^barrier_completed\b(.*)/, (m) => ({ kind: 'barrier', status: 'completed', detail: m[1] })],
  [/^(?:syqure_participant_map|syqure_party_order|secure_aggregate_role_debug): ?(.*)/, (m) => roleMap(m[1] ?? '')],
  [/^syqure_coordination: ?(.*)/, (m) => ({ kind: 'host-context', detail: m[1] })],
  [/^syqure_runtime_env: ?(.*)/, (m) => variablesIn(m[1] ?? '')],
];

function step(line: TextLine, status: string, detail: string | undefined): Said {
  return { kind: 'step', subject: stepOfLog(line.path) ?? /\bstep(?:_id)?=(\w+)/.exec(detail ?? '')?.[1], status, detail };
}

/** Longest line of a table that is read. */
const TABLE_CHARACTERS = 4096;

/** Words with which tables of steps say how a step stands. */
const STATUS: Readonly<Record<string, string>> = {
  failed: 'failed',
  completed: 'completed',
  shared: 'shared',
  sharing: 'sharing',
  running: 'running',
  inprogress: 'running',
  in_progress: 'running',
  ready: 'ready',
  pending: 'pending',
  waitingforinputs: 'pending',
  skipped: 'skipped',
  '-': 'not-started',
};
const STEP = /(?<![\w.@-])([a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z][a-z0-9]+)=([A-Za-z_]+|-)(?=[\s,;|)\]]|$)/g;
const WHO = /^[\s|>•*-]*\[?([A-Za-z][\w.+-]*(?:@[\w.-]+\w)?)\]?:?\s+(?=\S)/;
/** Not steps, though they have such words. */
const NO_STEP = /(?:^|_)(?:status|state|result|level|mode|strict|debug|log|filter|on|conclusion|outcome)$/;

/** `client1 align_counts=Failed secure_aggregate=- | client2 …`: one row for each step of each party. */
function stepTable(text: string): Said[] {
  const out: Said[] = [];
  for (const part of text.split('|')) {
    const who = WHO.exec(part)?.[1];
    for (const m of part.matchAll(STEP)) {
      const status = STATUS[(m[2] ?? '').toLowerCase()];
      if (status === undefined || NO_STEP.test(m[1] ?? '')) continue;
      out.push({ kind: 'step', subject: m[1], status, party: who?.includes('=') === true ? undefined : who });
    }
  }
  // A word on its own is a step only beside one that looks like a step.
  return out.some((s) => s.subject?.includes('_') === true) ? out : [];
}

export class StepTextHandler implements TextHandler {
  read(given: TextLine): TextAnswer {
    const { line, whose } = unwrap(given);
    const said = readBy(READINGS, line) ?? (line.text.includes('=') ? stepTable(line.text.slice(0, TABLE_CHARACTERS)) : []);
    return said.length === 0 ? undefined : said.map((one) => runnerRow(line, one, whose));
  }
}

/** What the programs of a run saw against what the diagnosis of it says: false all-clears, alarms and figures. Pure. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { upperBound } from '../util/statistics.ts';
import { causesOf, fingerprintText } from './fingerprint.ts';
import { CONFIDENCE, percentUp } from './verify.ts';

export const SOAK_SCHEMA = 'hotlink-doctor/soak@1';

/** One direction as its two programs saw it. */
export interface Witnessed {
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  readonly received: number;
  /** First byte that arrived and was not sent at that place. */
  readonly deviatesAt: number | null;
}

/** What programs report of a run; no log and no counter of hotlink has a part in it. */
export interface Witness {
  /** All programs came to their end, every message as it was sent. */
  readonly completed: boolean;
  readonly streams: readonly Witnessed[];
}

/** altered: bytes arrived that were not sent, or not there · lost: fewer arrived than were sent · stopped: a program did not come to its end. */
export type Truth = 'whole' | 'stopped' | 'lost' | 'altered';

export type Outcome =
  'told' | 'unsure' | 'false-all-clear' | 'clear' | 'recovered' | 'unsure-whole' | 'false-alarm' | 'false-figure' | 'not-made';

/** What a seed fails by; the others are as they should be, or admit that they do not know. */
const FAILURES: readonly Outcome[] = ['false-all-clear', 'false-alarm', 'false-figure'];

export interface SoakRun {
  readonly seed: number;
  readonly clean: boolean;
  readonly settings: string;
  readonly truth: Truth | null;
  readonly outcome: Outcome;
  readonly verdict: Diagnosis['verdict'] | null;
  /** First cause that the diagnosis names. */
  readonly cause: string | null;
  /** Bytes that programs sent and received. */
  readonly sent: number;
  readonly received: number;
  readonly seconds: number;
  /** Of a failure: what is wrong; of a run that could not be made: why. */
  readonly note: string | null;
}

export function truthOf({ completed, streams }: Witness): Truth {
  if (streams.some(({ deviatesAt }) => deviatesAt !== null)) return 'altered';
  if (streams.some(({ sent, received }) => received < sent)) return 'lost';
  return completed ? 'whole' : 'stopped';
}

/**
 * A figure that cannot be: what a client took from a program is at most what that wrote, what was written to a program is at least what it
 * read, and lost is at most what it did not read. Where bytes were altered or came twice nothing is compared.
 */
function falseFigure({ streams }: Witness, { flows }: Diagnosis): string | undefined {
  for (const { from, to, sent, received, deviatesAt } of streams) {
    const flow = flows.find((one) => one.from === from && one.to === to);
    if (flow === undefined || deviatesAt !== null) continue;
    const says = (what: string): string => `${from} to ${to}: ${what}`;
    if (flow.sent.min > sent) return says(`at least ${flow.sent.min} bytes sent, but the program wrote ${sent}`);
    if (flow.delivered.max < received) return says(`at most ${flow.delivered.max} bytes delivered, but the program read ${received}`);
    if (flow.lost.min > sent - received) return says(`at least ${flow.lost.min} bytes lost, but only ${sent - received} are missing`);
  }
  return undefined;
}

export function outcomeOf(
  witness: Witness,
  diagnosis: Diagnosis,
  clean: boolean,
): { readonly outcome: Outcome; readonly note: string | null } {
  const truth = truthOf(witness);
  const { verdict, because } = diagnosis;
  const passed = verdict === 'healthy' || verdict === 'degraded';
  if (truth !== 'whole' && passed) return { outcome: 'false-all-clear', note: `bytes ${truth}, and the verdict is ${verdict}: ${because}` };
  const error = diagnosis.findings.find(({ severity }) => severity === 'error');
  if (truth === 'whole' && (verdict === 'failed' || error !== undefined))
    return { outcome: 'false-alarm', note: `everything arrived, but ${error === undefined ? because : `${error.rule}: ${error.message}`}` };
  const figure = falseFigure(witness, diagnosis);
  if (figure !== undefined) return { outcome: 'false-figure', note: figure };
  if (truth !== 'whole') return verdict === 'failed' ? { outcome: 'told', note: null } : { outcome: 'unsure', note: because };
  if (!passed) return { outcome: 'unsure-whole', note: because };
  return { outcome: clean ? 'clear' : 'recovered', note: null };
}

export interface Made {
  readonly witness: Witness | null;
  readonly diagnosis: Diagnosis | null;
  readonly seconds: number;
  readonly problem: string | null;
}

type Scenario = Pick<SoakRun, 'seed' | 'clean' | 'settings'>;

export function soakRun({ seed, clean, settings }: Scenario, { witness, diagnosis, seconds, problem }: Made): SoakRun {
  const scenario = { seed, clean, settings };
  if (witness === null || diagnosis === null)
    return { ...scenario, truth: null, outcome: 'not-made', verdict: null, cause: null, sent: 0, received: 0, seconds, note: problem };
  const [cause] = causesOf(diagnosis);
  const sum = (what: 'sent' | 'received'): number => witness.streams.reduce((total, stream) => total + stream[what], 0);
  return {
    ...scenario,
    truth: truthOf(witness),
    ...outcomeOf(witness, diagnosis, clean),
    verdict: diagnosis.verdict,
    cause: cause === undefined ? null : fingerprintText(cause),
    sent: sum('sent'),
    received: sum('received'),
    seconds,
  };
}

export function isFailure({ outcome }: Pick<SoakRun, 'outcome'>): boolean {
  return FAILURES.includes(outcome);
}

/** So many of so many, and what rate that leaves possible. */
interface Rate {
  readonly of: number;
  readonly count: number;
  readonly below: number;
}

export interface SoakResult {
  readonly schema: typeof SOAK_SCHEMA;
  readonly runs: number;
  readonly notMade: number;
  readonly faulty: number;
  readonly clean: number;
  readonly confidence: number;
  /** Among runs in which bytes were lost or altered, or that stopped. */
  readonly falseAllClear: Rate;
  /** Among runs in which everything arrived, faulty ones that recovered included. */
  readonly falseAlarm: Rate;
  /** Among clean runs. */
  readonly cleanAlarm: Rate;
  readonly falseFigure: Rate;
  readonly outcomes: readonly { readonly outcome: Outcome; readonly faulty: number; readonly clean: number }[];
  readonly causes: readonly { readonly cause: string; readonly count: number }[];
  readonly sent: number;
  readonly received: number;
  readonly failures: readonly SoakRun[];
  /** The diagnosis does not say: with why. */
  readonly unsure: readonly SoakRun[];
}

function rate(runs: readonly SoakRun[], outcome: Outcome): Rate {
  const count = runs.filter((run) => run.outcome === outcome).length;
  return { of: runs.length, count, below: runs.length === 0 ? 1 : upperBound(count, runs.length, CONFIDENCE) };
}

const ORDER: readonly Outcome[] = [
  'told',
  'unsure',
  'recovered',
  'clear',
  'unsure-whole',
  'false-all-clear',
  'false-alarm',
  'false-figure',
  'not-made',
];

export function soakResult(all: readonly SoakRun[]): SoakResult {
  const runs = all.filter(({ outcome }) => outcome !== 'not-made');
  const causes = new Map<string, number>();
  for (const { cause, truth } of runs) {
    const rule = truth === 'whole' ? undefined : (cause?.split(' ')[0] ?? 'none');
    if (rule !== undefined) causes.set(rule, (causes.get(rule) ?? 0) + 1);
  }
  const count = (outcome: Outcome, clean: boolean): number => all.filter((run) => run.outcome === outcome && run.clean === clean).length;
  const sum = (what: 'sent' | 'received'): number => runs.reduce((total, run) => total + run[what], 0);
  return {
    schema: SOAK_SCHEMA,
    runs: runs.length,
    notMade: all.length - runs.length,
    faulty: runs.filter(({ clean }) => !clean).length,
    clean: runs.filter(({ clean }) => clean).length,
    confidence: CONFIDENCE,
    falseAllClear: rate(
      runs.filter(({ truth }) => truth !== 'whole'),
      'false-all-clear',
    ),
    falseAlarm: rate(
      runs.filter(({ truth }) => truth === 'whole'),
      'false-alarm',
    ),
    cleanAlarm: rate(
      runs.filter(({ clean }) => clean),
      'false-alarm',
    ),
    falseFigure: rate(runs, 'false-figure'),
    outcomes: ORDER.map((outcome) => ({ outcome, faulty: count(outcome, false), clean: count(outcome, true) })).filter(
      ({ faulty, clean }) => faulty + clean > 0,
    ),
    causes: [...causes].map(([cause, n]) => ({ cause, count: n })).toSorted((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1)),
    sent: sum('sent'),
    received: sum('received'),
    failures: all.filter(isFailure),
    unsure: all.filter(({ outcome }) => outcome === 'unsure' || outcome === 'unsure-whole'),
  };
}

const SAYS: Readonly<Record<Outcome, string>> = {
  told: 'bytes missing or a stop, and the diagnosis says failed',
  unsure: 'bytes missing or a stop, and the diagnosis says that it cannot tell',
  recovered: 'something was broken, everything arrived, and the diagnosis does not say failed',
  clear: 'nothing was broken, everything arrived, no alarm',
  'unsure-whole': 'everything arrived, and the diagnosis says that it cannot tell',
  'false-all-clear': 'FALSE ALL-CLEAR: bytes missing or a stop, and the run passed',
  'false-alarm': 'FALSE ALARM: everything arrived, and the run failed',
  'false-figure': 'FALSE FIGURE: bytes that cannot be',
  'not-made': 'could not be made',
};

function rateText(what: string, { of, count, below }: Rate): string {
  const bound = of === 0 ? '' : `: below ${percentUp(below)} with ${CONFIDENCE * 100} % confidence`;
  return `  ${what}: ${count} of ${of}${bound}`;
}

export function runText({ seed, clean, outcome, verdict, cause, note }: SoakRun): string {
  const said = verdict === null ? '' : `; ${verdict}${cause === null ? '' : `, ${cause}`}`;
  return `seed ${seed}${clean ? ' clean' : ''}: ${outcome}${said}${note === null ? '' : `; ${note}`}`;
}

export function soakText(result: SoakResult): string {
  const { runs, notMade, faulty, clean, outcomes, causes, failures, unsure, sent, received } = result;
  const head = failures.length > 0 ? `FAILED   ${failures.length} of ${runs} runs` : `PASSED   ${runs} runs`;
  return [
    `${head}: ${faulty} with faults, ${clean} clean${notMade === 0 ? '' : `; ${notMade} could not be made`}`,
    '',
    rateText('false all-clears among runs that lost bytes or stopped', result.falseAllClear),
    rateText('false alarms among runs in which everything arrived', result.falseAlarm),
    rateText('false alarms among clean runs', result.cleanAlarm),
    rateText('false figures', result.falseFigure),
    `  Programs sent ${sent} bytes and received ${received}, each compared with what was sent.`,
    '',
    ...outcomes.map((one) => `  ${String(one.faulty + one.clean).padStart(6)}  ${SAYS[one.outcome]}`),
    ...(causes.length === 0 ? [] : ['', `  First causes: ${causes.map(({ cause, count }) => `${cause} ${count}`).join(', ')}`]),
    ...listed('  Failed:', failures),
    ...listed('  The diagnosis cannot tell:', unsure),
    '',
  ].join('\n');
}

const MOST_LISTED = 40;

function listed(title: string, runs: readonly SoakRun[]): readonly string[] {
  if (runs.length === 0) return [];
  const more = runs.length > MOST_LISTED ? [`    … and ${runs.length - MOST_LISTED} more`] : [];
  return ['', title, ...runs.slice(0, MOST_LISTED).flatMap((run) => [`    ${runText(run)}`, `      ${run.settings}`]), ...more];
}

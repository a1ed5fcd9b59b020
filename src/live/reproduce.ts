/** From a diagnosis to runs of the lab that may show the same: parties, versions, volumes, and what is to be broken. Pure. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { CANDIDATES, type Candidate } from './candidates.ts';
import { causesOf, findingsOf, localName, type Fingerprint } from './fingerprint.ts';

/** Bytes of one direction that a run of the lab carries at most; larger volumes are scaled down, all alike. */
export const MOST_BYTES = 8_000_000;
const ROUNDS = 4;
/** What stands for it where nothing shows how much a direction carried. */
const DEFAULT_BYTES = 12_000;
const MOST_PARTIES = 16;

/** Names that can be folders and nothing else. */
const SAFE = /^[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$/;

/** Eras as a diagnosis names them, where the lab has another word or none. */
const ERAS: Readonly<Record<string, string>> = {
  E1: 'E1',
  E1b: 'E1b',
  E2: 'E3',
  E3: 'E3',
  E4: 'E4',
  E5: 'E5b',
  E5a: 'E5a',
  E5b: 'E5b',
  E6: 'E6',
};
const UNKNOWN_ERA = 'E6';

export interface Topology {
  /** In the order of their numbers, as the lab will call them. */
  readonly emails: readonly string[];
  /** By email of the diagnosis. */
  readonly nameOf: ReadonlyMap<string, string>;
  readonly settings: string;
  /** What had to be guessed or made smaller. */
  readonly notes: readonly string[];
}

export interface Attempt extends Candidate {
  /** Names filled in, behind those of the topology. */
  readonly settings: string;
}

export interface Plan {
  readonly cause: Fingerprint;
  readonly topology: Topology;
  readonly attempts: readonly Attempt[];
  readonly cure: string | null;
  /** The cause is a symptom: it may be folded under another cause in the runs of the lab. */
  readonly isSymptom: boolean;
}

export interface NoPlan {
  readonly cause: Fingerprint | null;
  readonly not: string;
}

function topologyOf(diagnosis: Diagnosis): Topology | string {
  const { parties } = diagnosis;
  if (parties.length < 2) return `the diagnosis has ${parties.length === 0 ? 'no party' : 'one party only'}, and a run needs two`;
  if (parties.length > MOST_PARTIES) return `the lab runs at most ${MOST_PARTIES} parties, and the diagnosis has ${parties.length}`;
  const notes: string[] = [];
  const inOrder = parties.toSorted((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity) || (a.email < b.email ? -1 : 1));
  if (inOrder.some(({ index }) => index === null)) notes.push('the order of the parties is that of their names: no marker numbers them');
  const areSafe =
    parties.every(({ email }) => SAFE.test(email)) && new Set(parties.map(({ email }) => localName(email))).size === parties.length;
  if (!areSafe) notes.push('parties got other names: theirs cannot be folders here, or are too much alike');
  const emails = inOrder.map(({ email }, index) => (areSafe ? email : `party${index}@sandbox.local`));
  const nameOf = new Map(inOrder.map(({ email }, index) => [email, localName(emails[index] ?? '')]));
  const settings = [`parties=${emails.join('+')}`, ...eraSettings(inOrder, nameOf, notes), ...relaySettings(diagnosis, notes)];
  return { emails, nameOf, settings: [...settings, ...volumeSettings(diagnosis, nameOf, notes)].join(' '), notes };
}

/** One era for all, and those that differ. */
function eraSettings(parties: Diagnosis['parties'], nameOf: ReadonlyMap<string, string>, notes: string[]): readonly string[] {
  const eras = parties.map(({ email, era }) => ({
    name: nameOf.get(email) ?? '',
    told: era.value,
    era: era.value === null ? undefined : ERAS[era.value],
  }));
  const common = mostFrequent(eras.flatMap(({ era }) => (era === undefined ? [] : [era]))) ?? UNKNOWN_ERA;
  for (const { name, told, era } of eras) {
    if (told === null) notes.push(`${name} acts as ${common}: nothing tells its era`);
    else if (era === undefined) notes.push(`${name} acts as ${common}: the lab has no client of ${told}`);
    else if (era !== told) notes.push(`${name} acts as ${era}: its era is told as ${told} only`);
  }
  return [`era=${common}`, ...eras.flatMap(({ name, era }) => (era === undefined || era === common ? [] : [`party-era=${name}:${era}`]))];
}

/** On a tie the newest. */
function mostFrequent(words: readonly string[]): string | undefined {
  const count = (word: string): number => words.filter((one) => one === word).length;
  return words.toSorted((a, b) => count(b) - count(a) || (a < b ? 1 : -1))[0];
}

function relaySettings({ relay }: Diagnosis, notes: string[]): readonly string[] {
  const version = relay?.version ?? null;
  if (version !== null && /^S[012]$/.test(version)) return [`relay=${version}`];
  notes.push(`the relay acts as S2: ${version === null ? 'nothing tells its version' : `its version is told as ${version} only`}`);
  return ['relay=S2'];
}

/** Who sent how much, spread over rounds. */
function volumeSettings({ flows }: Diagnosis, nameOf: ReadonlyMap<string, string>, notes: string[]): readonly string[] {
  const most = Math.max(0, ...flows.map(({ sent }) => sent.min));
  const scale = most > MOST_BYTES ? MOST_BYTES / most : 1;
  if (scale < 1) notes.push(`volumes are ${Math.round(1 / scale)} times smaller than they were`);
  const volumes = flows.flatMap(({ from, to, sent }) => {
    const [a, b] = [nameOf.get(from), nameOf.get(to)];
    const bytes = Math.round((sent.min * scale) / ROUNDS);
    return a === undefined || b === undefined || bytes === 0 ? [] : [`volume=${a}>${b}:${bytes}`];
  });
  return [`rounds=${ROUNDS}`, `bytes=${DEFAULT_BYTES}`, ...volumes];
}

/** Fills in whom a candidate is about; undefined where the finding names nobody of the kind. */
function fill(settings: string, subject: Diagnosis['causes'][number]['subject'], { emails, nameOf }: Topology): string | undefined {
  const name = (email: string | undefined): string | undefined => (email === undefined ? undefined : nameOf.get(email));
  const [from, to] = [name(subject.from), name(subject.to)];
  const party = name(subject.party) ?? to ?? from;
  const others = emails.map(localName).filter((one) => one !== from && one !== to && one !== party);
  const values: Readonly<Record<string, string | undefined>> = { party, from, to, other: others[0] ?? party };
  let isComplete = true;
  const filled = settings.split(' ').flatMap((setting) => {
    if (setting.includes('{others}')) return others.map((one) => setting.replace('{others}', one));
    return [
      setting.replaceAll(/\{(\w+)\}/g, (_all, key: string) => {
        if (values[key] === undefined) isComplete = false;
        return values[key] ?? '';
      }),
    ];
  });
  return isComplete ? filled.filter((setting) => setting !== '').join(' ') : undefined;
}

/** What to run, or why there is nothing to run. `wished`: another cause than the first. */
export function planFor(diagnosis: Diagnosis, wished?: string): Plan | NoPlan {
  const cause = wished === undefined ? diagnosis.causes[0] : diagnosis.causes.find(({ rule }) => rule === wished);
  if (cause === undefined) {
    const has = diagnosis.causes.map(({ rule }) => rule).join(', ');
    return {
      cause: null,
      not: wished === undefined ? 'the diagnosis names no cause' : `it names no cause ${wished}${has === '' ? '' : `, only ${has}`}`,
    };
  }
  const topology = topologyOf(diagnosis);
  if (typeof topology === 'string') return { cause: { rule: cause.rule, where: 'run' }, not: topology };
  const named = causesOf(diagnosis, (email) => topology.nameOf.get(email) ?? localName(email));
  const fingerprint = named[diagnosis.causes.indexOf(cause)] ?? { rule: cause.rule, where: 'run' };
  const row = Object.hasOwn(CANDIDATES, cause.rule) ? CANDIDATES[cause.rule] : undefined;
  if (row === undefined) return { cause: fingerprint, not: `${cause.rule} is no rule of this version` };
  if ('not' in row) return { cause: fingerprint, not: row.not };
  const attempts = row.candidates.flatMap(({ says, settings, parties }) => {
    if (parties !== undefined && parties !== topology.emails.length) return [];
    const filled = fill(settings, cause.subject, topology);
    return filled === undefined ? [] : [{ says, settings: filled }];
  });
  if (attempts.length === 0) return { cause: fingerprint, not: 'the finding does not say at which party or direction' };
  return { cause: fingerprint, topology, attempts, cure: row.cure, isSymptom: row.isSymptom === true };
}

/** Whether a run shows what the diagnosis shows: by its first cause, or by any finding where that is a symptom. */
export function matchOf({ cause, isSymptom }: Pick<Plan, 'cause' | 'isSymptom'>, run: Diagnosis | null): AttemptResult['match'] {
  if (run === null) return 'different';
  const shown = (isSymptom ? findingsOf(run) : causesOf(run).slice(0, 1)).filter(({ rule }) => rule === cause.rule);
  if (shown.length === 0) return 'different';
  return shown.some(({ where }) => where === cause.where) ? 'same' : 'elsewhere';
}

export interface AttemptResult extends Attempt {
  /** The first cause that analyze names of it. */
  readonly cause: Fingerprint | null;
  readonly verdict: Diagnosis['verdict'] | null;
  readonly completed: boolean;
  /** The same cause at the same place, the same cause at another, another cause. */
  readonly match: 'same' | 'elsewhere' | 'different';
  /** Folder with the sandbox and the scenario. */
  readonly folder: string;
  readonly problem: string | null;
}

export const REPRODUCE_SCHEMA = 'hotlink-doctor/reproduce@1';

export interface ReproduceResult {
  readonly schema: typeof REPRODUCE_SCHEMA;
  readonly cause: Fingerprint | null;
  readonly parties: readonly string[];
  readonly settings: string;
  readonly notes: readonly string[];
  readonly attempts: readonly AttemptResult[];
  /** Why nothing was tried. */
  readonly not: string | null;
  readonly next: string | null;
}

export function reproduceText({ cause, settings, notes, attempts, not, next }: ReproduceResult): string {
  const what = cause === null ? 'nothing to reproduce' : `${cause.rule} at ${cause.where}`;
  if (not !== null) return `NOT TRIED   ${what}\n\n  ${not}\n`;
  const same = attempts.filter(({ match }) => match === 'same').length;
  const lines = attempts.flatMap((attempt, index) => {
    const { says, problem, verdict, completed } = attempt;
    const got = attempt.cause === null ? 'no cause' : `${attempt.cause.rule} ${attempt.cause.where}`;
    const end = problem ?? `${got}; ${verdict ?? 'no verdict'}; programs ${completed ? 'came to their end' : 'did not come to their end'}`;
    const word = { same: 'SAME', elsewhere: 'same cause, another place', different: 'different' }[attempt.match];
    return [`  ${index + 1}  ${says}: ${word}`, `     ${attempt.settings}`, `     → ${end}`, `     ${attempt.folder}`];
  });
  const outcome = same > 0 ? 'REPRODUCED' : 'NOT REPRODUCED';
  return [
    `${outcome}   ${what}: ${same} of ${attempts.length} candidates show the same`,
    '',
    `  With ${settings}`,
    ...notes.map((note) => `  • ${note}`),
    '',
    ...lines,
    '',
    ...(next === null
      ? ['  None of what the lab can do shows it. What differs may lie in the program or in the network of the real run.']
      : [`Next: ${next}`]),
    '',
  ].join('\n');
}

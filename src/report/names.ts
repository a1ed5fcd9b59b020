/** Short names for parties and files that stay unambiguous within one report. */
import { figure, volume } from './figures.ts';
import type { Diagnosis, Evidence, Subject } from '../model/diagnosis.ts';

const RELAY = 'relay';
/** Figures of our own sentences that are amounts for certain. */
const AMOUNT = /(?<![\w.])(\d{4,15}) (bytes|frames|packets|lines|blocks)\b/g;

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function tally(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function allEvidence(d: Diagnosis): Evidence[] {
  return [
    ...[...d.causes, ...d.findings, ...d.excluded, ...d.waits].flatMap((item) => item.evidence),
    ...d.parties.flatMap((party) => party.era.evidence),
  ];
}

/** Owner of a file: a party's email, "relay", or nothing that the evidence names. */
function ownersOf(d: Diagnosis): Map<string, string> {
  const emails = new Set(d.parties.map((party) => party.email));
  const owners = new Map<string, string>();
  const add = (source: string) => {
    if (owners.has(source)) return;
    const first = source.split('/')[0] ?? '';
    owners.set(source, emails.has(first) ? first : source === d.relay?.log || first === RELAY ? RELAY : '');
  };
  for (const { source, party, kind } of d.accounting.sources) owners.set(source, party ?? (kind.startsWith(RELAY) ? RELAY : ''));
  for (const { source } of allEvidence(d)) if (source !== undefined) add(source);
  for (const { source } of [...d.timeline.events, ...d.sequence]) add(source);
  if (d.relay !== null) owners.set(d.relay.log, RELAY);
  return owners;
}

export class Names {
  readonly #roles = new Map<string, string>();
  readonly #owners: Map<string, string>;
  /** Files that were read, against those that evidence only misses. */
  readonly #read: ReadonlySet<string>;
  readonly #short = new Map<string, string>();
  readonly #perOwner: Map<string, number>;
  readonly #cited = new Map<string, string>();

  constructor(d: Diagnosis) {
    const roles = tally(d.parties.map((party) => party.role));
    for (const { email, role } of d.parties) this.#roles.set(email, roles.get(role) === 1 && role !== '' ? role : email);
    this.#read = new Set(d.accounting.sources.map(({ source }) => source));
    this.#owners = ownersOf(d);
    this.#perOwner = tally([...this.#owners].map(([source, owner]) => `${owner}\n${baseOf(source)}`));
    this.#shortenSources([...this.#owners.keys()]);
  }

  /** The role of a party where it tells the parties apart, else the email. */
  role(party: string): string {
    return this.#roles.get(party) ?? party;
  }

  /** The shortest of `log`, `party/…/log`, `party/…/folder/log`, …, the whole path that no other file shares. */
  #shortenSources(sources: readonly string[]): void {
    let open = sources;
    for (let tail = 1; open.length > 0 && tail < 64; tail += 1) {
      const candidates = open.map((source) => [source, this.#candidate(source, tail)] as const);
      const counts = tally([...candidates.map(([, short]) => short), ...this.#short.values()]);
      for (const [source, short] of candidates) if (counts.get(short) === 1 || short === source) this.#short.set(source, short);
      open = open.filter((source) => !this.#short.has(source));
    }
    for (const source of open) this.#short.set(source, source);
  }

  #candidate(source: string, step: number): string {
    const parts = source.split('/');
    if (step === 1) return baseOf(source);
    const [first = ''] = parts;
    if (parts.length <= step) return source;
    return `${this.role(first)}/…/${parts.slice(parts.length - step + 1).join('/')}`;
  }

  /** A file's short name; beside its owner's name (`besides`) the base name is enough when the owner has only one such file. */
  source(source: string, besides?: string): string {
    const owner = this.#owners.get(source) ?? '';
    const base = baseOf(source);
    const alone = owner !== '' && besides === owner && this.#perOwner.get(`${owner}\n${base}`) === 1;
    const short = alone ? base : (this.#short.get(source) ?? source);
    if (short !== source) this.#cited.set(source, alone ? `${this.role(owner)} ${base}` : short);
    return short;
  }

  /** file:line, file#/pointer, or what kind of evidence it is when no file holds it. `besides`: the party named next to it. */
  place(evidence: Evidence, besides?: string): string {
    if (evidence.source === undefined) return evidence.kind === 'told' ? '(told)' : evidence.kind === 'computed' ? '(computed)' : '';
    const file = this.source(evidence.source, besides);
    if (evidence.absent === true) return this.#read.has(evidence.source) ? `no line in ${file}` : `no ${file}`;
    if (evidence.line !== undefined) return `${file}:${evidence.line}`;
    return evidence.pointer === undefined ? file : `${file}#${evidence.pointer}`;
  }

  /** Whom a finding is about: "aggregator → client1", "client2", or nothing. */
  subject({ party, from, to }: Subject): string {
    const direction = from !== undefined && to !== undefined ? `${this.role(from)} → ${this.role(to)}` : undefined;
    const one = party ?? (direction === undefined ? (from ?? to) : undefined);
    return [one === undefined ? undefined : this.role(one), direction].filter((part) => part !== undefined).join(' · ');
  }

  /** Our own sentences with parties called by their role; log text keeps its emails. */
  prose(text: string): string {
    let out = text.replaceAll(AMOUNT, (_, digits: string, unit: string) =>
      unit === 'bytes' ? volume(Number(digits)) : `${figure(Number(digits))} ${unit}`,
    );
    for (const [email, role] of this.#roles) {
      if (email === '' || !out.includes(email)) continue;
      out = out
        .split(email)
        .reduce((before, after) => before + (/[\w.@/-]$/.test(before) || /^(?:[\w@/-]|\.\w)/.test(after) ? email : role) + after);
    }
    return out;
  }

  /** Whole paths of the files that were called by a short name, with that name. */
  cited(): { readonly short: string; readonly source: string }[] {
    return [...this.#cited].map(([source, short]) => ({ short, source })).toSorted((a, b) => (a.source < b.source ? -1 : 1));
  }
}

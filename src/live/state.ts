/**
 * What is known of a running system at a moment, and what of it is news. A run that goes on is not a failed run: what the judgement finds is a
 * suspicion until it was found twice some seconds apart or nothing moves any more, and before the end nothing is called healthy.
 */
import type { Diagnosis } from '../model/diagnosis.ts';
import { WATCH_SCHEMA } from '../model/schema-id.ts';
import type { WatchCause, WatchDirection, WatchNews, WatchParty, WatchState, WatchView } from '../model/watch.ts';
import type { Container } from './docker.ts';
import type { PartySigns } from './follow.ts';
import type { Judgement } from './judgement.ts';
import { runOfContainer } from '../ingest/files/docker.ts';

/** As `analyze` has it: healthy runs pause up to 4.5 s (field guide F-33), hangs last 17 s and more. */
const STANDING_MS = 10_000;
const QUIET_MS = 5000;
/** Clients write telemetry and log each 3 s, so when nothing changed for so long nobody writes. */
const SILENT_MS = 15_000;
/** A cause that is still found after this time was no frame under way. */
const CONFIRM_MS = 4000;
/** Two flushes. */
const ALIVE_MS = 6500;
const RATE_MS = 6000;
const MOST_NOTICES = 8;
const DOCKER_NOTICE_MS = 15_000;

type Flow = Diagnosis['flows'][number];

interface Tracked {
  cause: Judgement['causes'][number];
  readonly sinceMs: number;
  readonly since: string;
  confirmed: boolean;
}

interface Way {
  figures: string;
  changedMs: number;
  isSeenToMove: boolean;
  samples: { readonly ms: number; readonly bytes: number }[];
}

export interface Clocks {
  /** Runs on only, milliseconds. */
  readonly now: () => number;
  /** Of the watching machine, ISO 8601 UTC. */
  readonly time: () => string;
}

export class WatchModel {
  state: WatchState = 'waiting';
  judgement: Judgement | undefined;
  private readonly sandbox: string;
  private readonly clocks: Clocks;
  private readonly startedMs: number;
  private readonly causes = new Map<string, Tracked>();
  private readonly ways = new Map<string, Way>();
  private readonly notices: { readonly code: string; readonly words: string; readonly ms: number }[] = [];
  private judgedMs: number | undefined;
  private judgeMs: number | undefined;
  private runId: string | undefined;
  private said = '';
  private signs: readonly PartySigns[] = [];
  private relayMs: number | undefined;
  private changedMs: number | undefined;
  private containers: readonly Container[] = [];

  constructor(sandbox: string, clocks: Clocks) {
    this.sandbox = sandbox;
    this.clocks = clocks;
    this.startedMs = clocks.now();
  }

  start(record: string | null): WatchNews {
    return { kind: 'start', schema: WATCH_SCHEMA, sandbox: this.sandbox, record };
  }

  /** What the follower sees: by parties, of the relay's log, and of all files. */
  seen(signs: readonly PartySigns[], relayMs: number | undefined, changedMs: number | undefined): readonly WatchNews[] {
    this.signs = signs;
    this.relayMs = relayMs;
    this.changedMs = changedMs;
    return this.settle();
  }

  seenContainers(containers: readonly Container[]): readonly WatchNews[] {
    this.containers = containers;
    return containers.length === 0 ? [] : [{ kind: 'containers', containers: [...containers] }];
  }

  notice(code: Extract<WatchNews, { kind: 'notice' }>['code'], words: string): readonly WatchNews[] {
    if (this.notices.some((one) => one.words === words)) return [];
    this.notices.push({ code, words, ms: this.clocks.now() });
    this.notices.splice(0, this.notices.length - MOST_NOTICES);
    return [{ kind: 'notice', code, words }];
  }

  judged(judgement: Judgement, ms: number): readonly WatchNews[] {
    this.judgement = judgement;
    this.judgedMs = this.clocks.now();
    this.judgeMs = Math.round(ms);
    const news: WatchNews[] = [];
    const { run } = judgement;
    if (run !== null && run.id !== this.runId) {
      if (this.runId !== undefined) this.forget();
      this.runId = run.id;
      news.push({ kind: 'run', id: run.id, flow: run.flow });
    }
    const moved = judgement.flows.filter((flow) => this.follow(flow));
    const directions = moved.map(({ from, to, sent, delivered, lost }) => ({ from, to, sent, delivered, lost }));
    if (directions.length > 0) news.push({ kind: 'moved', directions });
    return [...news, ...this.settle(), ...this.weigh(judgement), ...this.sayDiagnosis(judgement)];
  }

  /** An error was found and held: the run fails, or has failed. */
  get isFailing(): boolean {
    return [...this.causes.values()].some(({ cause, confirmed }) => confirmed && cause.severity === 'error');
  }

  /** Milliseconds since any file changed. */
  get silentMs(): number {
    return this.clocks.now() - (this.changedMs ?? this.startedMs);
  }

  /** What belongs to one run only. */
  private forget(): void {
    this.ways.clear();
    this.causes.clear();
  }

  // ---- state

  private settle(): readonly WatchNews[] {
    const before = this.state;
    this.state = this.stateNow();
    return before === this.state ? [] : [{ kind: 'state', state: this.state, before, words: this.words() }];
  }

  private stateNow(): WatchState {
    const { judgement } = this;
    if (judgement === undefined || (judgement.run === null && judgement.flows.length === 0)) return 'waiting';
    if (judgement.run?.finished === true) return 'finished';
    if (this.silentMs >= SILENT_MS) return 'silent';
    const still = judgement.run?.stoodStillMs ?? 0;
    const begun = judgement.flows.some((flow) => flow.sent.min > 0 || flow.delivered.min > 0);
    if (!begun && !judgement.causes.some((cause) => cause.severity === 'error')) return 'starting';
    if (still >= STANDING_MS) return 'standing';
    if (!begun) return 'starting';
    return still >= QUIET_MS ? 'quiet' : 'moving';
  }

  // oxlint-disable-next-line typescript/consistent-return -- the switch knows every state
  private words(): string {
    const still = this.judgement?.run?.stoodStillMs ?? 0;
    const seconds = (ms: number): string => `${Math.floor(ms / 1000)} s`;
    switch (this.state) {
      case 'waiting':
        return 'no evidence of a run yet';
      case 'starting':
        return still >= STANDING_MS ? `no byte of a run yet, and nothing happened for ${seconds(still)}` : 'no byte of a run yet';
      case 'moving':
        return 'bytes move';
      case 'quiet':
        return `nothing moved for ${seconds(still)}, as in healthy runs too`;
      case 'standing':
        return `nothing moved for ${seconds(still)} and more, and nothing says that the run is done`;
      case 'finished':
        return 'the run is done';
      case 'silent':
        return `no file has changed for ${seconds(this.silentMs)}: clients and relay have ended, or write elsewhere`;
    }
  }

  /** Nothing moves any more: what is found now stays. */
  private isOver(): boolean {
    return this.state === 'standing' || this.state === 'finished' || this.state === 'silent';
  }

  // ---- causes

  private weigh({ causes }: Judgement): readonly WatchNews[] {
    const news: WatchNews[] = [];
    const now = this.clocks.now();
    const isOver = this.isOver();
    for (const cause of causes) {
      let known = this.causes.get(cause.fingerprint);
      const isNew = known === undefined;
      known ??= { cause, sinceMs: now, since: this.clocks.time(), confirmed: false };
      const isWorse = known.confirmed && known.cause.severity !== cause.severity;
      known.cause = cause;
      this.causes.set(cause.fingerprint, known);
      const holds = isOver || now - known.sinceMs >= CONFIRM_MS;
      if (isWorse || (holds && !known.confirmed)) {
        known.confirmed = true;
        news.push({ kind: 'cause', what: 'confirmed', cause: shown(known) });
      } else if (isNew) news.push({ kind: 'cause', what: 'suspected', cause: shown(known) });
    }
    const found = new Set(causes.map((cause) => cause.fingerprint));
    for (const [fingerprint, known] of this.causes) {
      if (found.has(fingerprint)) continue;
      this.causes.delete(fingerprint);
      news.push({ kind: 'cause', what: 'gone', cause: shown(known) });
    }
    return news;
  }

  private shownCauses(): WatchCause[] {
    return (this.judgement?.causes ?? []).flatMap((cause) => {
      const known = this.causes.get(cause.fingerprint);
      return known === undefined ? [] : [shown(known)];
    });
  }

  /** Only when it says something else than the last time; seconds that went by are nothing else. */
  private sayDiagnosis({ verdict, because, run, waits }: Judgement): readonly WatchNews[] {
    const causes = this.shownCauses();
    const key = [
      this.state,
      verdict,
      because.replaceAll(/\d+/g, '0'),
      run?.id,
      run?.finished,
      ...causes.map((c) => `${c.fingerprint} ${c.severity} ${String(c.confirmed)}`),
    ].join('\n');
    if (key === this.said) return [];
    this.said = key;
    return [
      {
        kind: 'diagnosis',
        state: this.state,
        verdict,
        because,
        run: run?.id ?? null,
        stoodStillMs: run?.stoodStillMs ?? null,
        finished: run?.finished ?? 'unknown',
        causes,
        waits: waits.map(({ party, for: whom, since, why }) => ({ party, for: whom, since, why })),
        judgeMs: this.judgeMs ?? 0,
      },
    ];
  }

  // ---- directions

  /** Keeps what a direction carried; whether that changed. */
  private follow(flow: Flow): boolean {
    const key = `${flow.from}\n${flow.to}`;
    const figures = JSON.stringify([flow.sent, flow.delivered]);
    const now = this.clocks.now();
    const way = this.ways.get(key);
    if (way === undefined) {
      this.ways.set(key, { figures, changedMs: now, isSeenToMove: false, samples: [{ ms: now, bytes: flow.delivered.min }] });
      return flow.sent.min > 0 || flow.delivered.min > 0;
    }
    way.samples.push({ ms: now, bytes: flow.delivered.min });
    // One sample beyond the window stays, so that a slow judgement still has a rate.
    while (way.samples.length > 2 && (way.samples[1]?.ms ?? now) < now - RATE_MS) way.samples.shift();
    if (way.figures === figures) return false;
    way.figures = figures;
    way.changedMs = now;
    way.isSeenToMove = true;
    return true;
  }

  private direction(flow: Flow, transports: Judgement['transports']): WatchDirection {
    const way = this.ways.get(`${flow.from}\n${flow.to}`);
    const [first] = way?.samples ?? [];
    const last = way?.samples.at(-1);
    const spanMs = first === undefined || last === undefined ? 0 : last.ms - first.ms;
    const bytes = Math.max(0, (last?.bytes ?? 0) - (first?.bytes ?? 0));
    return {
      from: flow.from,
      to: flow.to,
      sent: flow.sent,
      delivered: flow.delivered,
      lost: flow.lost,
      neverUsed: flow.state === 'never-used',
      rate: spanMs === 0 ? null : Math.round((bytes * 1000) / spanMs),
      stillMs: this.clocks.now() - (way?.changedMs ?? this.startedMs),
      isAtLeast: way?.isSeenToMove !== true,
      transport: transports[`${flow.from}\n${flow.to}`] ?? 'unknown',
    };
  }

  // ---- parties

  private party({ email, role, era, index }: Judgement['parties'][number] | Bare): WatchParty {
    const now = this.clocks.now();
    const signs = this.signs.find((one) => one.email === email);
    const age = (ms: number | undefined): number | null => (ms === undefined ? null : now - ms);
    const logAgeMs = age(signs?.logChangedMs);
    const telemetryAgeMs = age(signs?.telemetryChangedMs);
    const ages = [logAgeMs, telemetryAgeMs].filter((ms) => ms !== null);
    const pulse = signs?.pulse;
    const container = this.containers.find((one) => {
      const { run, partyIndex } = runOfContainer(one.name);
      return index !== null && partyIndex === index && run === this.runId;
    });
    return {
      email,
      role,
      alive: ages.length === 0 ? null : Math.min(...ages) < ALIVE_MS,
      era: era.value,
      logAgeMs,
      telemetryAgeMs,
      sent: pulse?.txBytes ?? null,
      received: pulse?.rxBytes ?? null,
      way: pulse === undefined ? '' : wayOf(pulse.txP2p, pulse.txWs, pulse.direct),
      cpuPercent: container?.cpuPercent ?? null,
    };
  }

  /** As the judgement names them; before it, whose files there are. */
  private knownParties(): readonly (Judgement['parties'][number] | Bare)[] {
    const judged = this.judgement?.parties ?? [];
    if (judged.length > 0) return judged;
    return this.signs.map(({ email }): Bare => ({ email, role: email.split('@')[0] ?? email, era: { value: null }, index: null }));
  }

  // ---- all of it

  view(record: WatchView['record']): WatchView {
    const { judgement } = this;
    const now = this.clocks.now();
    return {
      sandbox: this.sandbox,
      state: this.state,
      words: this.words(),
      watchedMs: now - this.startedMs,
      run: judgement?.run == null ? null : { id: judgement.run.id, flow: judgement.run.flow },
      verdict: judgement?.verdict ?? null,
      because: judgement?.because ?? '',
      isFinal: this.isFailing || this.isOver(),
      judgedAgoMs: this.judgedMs === undefined ? null : now - this.judgedMs,
      judgeMs: this.judgeMs ?? null,
      causes: this.shownCauses(),
      waits: judgement?.waits ?? [],
      directions: (judgement?.flows ?? []).map((flow) => this.direction(flow, judgement?.transports ?? {})),
      parties: this.knownParties().map((party) => this.party(party)),
      events: (judgement?.events ?? []).map(({ t, clock, what, source, line }) => ({
        time: new Date(t).toISOString(),
        clock,
        what,
        place: `${source}:${line}`,
      })),
      relayAgeMs: this.relayMs === undefined ? null : now - this.relayMs,
      // That docker is not there is soon known.
      notices: this.notices.filter((one) => one.code !== 'docker' || now - one.ms < DOCKER_NOTICE_MS).map((one) => one.words),
      record,
    };
  }
}

/** A party of which only files are known. */
type Bare = Pick<Judgement['parties'][number], 'email' | 'role' | 'index'> & { readonly era: { readonly value: string | null } };

function shown({ cause, since, confirmed }: Tracked): WatchCause {
  const { rule, severity, confidence, subject, message, remedy, fingerprint, evidence } = cause;
  return { rule, severity, confidence, subject, message, remedy, fingerprint, confirmed, since, evidence };
}

function wayOf(direct: number, relayed: number, channels: number): string {
  if (direct > 0) return relayed > 0 ? 'mixed' : 'peer to peer';
  if (relayed > 0) return 'websocket';
  return channels > 0 ? 'peer to peer' : '';
}

/** The loop of a watch: follow, record, judge when something changed, say what is news, end when it is told to. */
import { setTimeout as delay } from 'node:timers/promises';
import { DoctorError } from '../model/errors.ts';
import type { WatchEvent, WatchNews, WatchView } from '../model/watch.ts';
import { containersOf, DockerProbe, type DockerAnswer } from './docker.ts';
import { Follower, POLL_MS, type FileNews } from './follow.ts';
import { Judge } from './judge.ts';
import type { Recorder } from './record.ts';
import { WatchModel, type Clocks } from './state.ts';

/** A judgement is followed by a pause of so many times its own length: at most a fifth of one processor goes into judging. */
const PAUSE_PER_JUDGEMENT = 4;
const DOCKER_MS = 5000;
/** Samples of CPU that are kept. */
const MOST_STATS = 4000;
/** Nobody has written for so long that nothing will change any more. */
const OVER_MS = 30_000;

export interface Until {
  readonly stalled: boolean;
  readonly finished: boolean;
  readonly seconds: number | undefined;
}

export interface WatchOptions {
  readonly root: string;
  /** How it is called on the screen and in events. */
  readonly sandbox: string;
  readonly recorder: Recorder;
  /** What is judged, by whether the recorder still keeps everything. */
  readonly input: (isWhole: boolean) => { readonly input: string; readonly also: readonly string[] };
  /** null: only the telemetry is kept, and nobody asked for it. */
  readonly recordFolder: string | null;
  readonly judgeCommand: readonly string[];
  readonly dockerCommand: string | undefined;
  readonly intervalMs: number;
  readonly until: Until;
  readonly clocks: Clocks;
  readonly wall: () => number;
  readonly signal: AbortSignal;
  readonly say: (event: WatchEvent) => void;
  /** After each look. */
  readonly show: (view: WatchView) => void;
}

export type WatchWhy = Extract<WatchEvent, { kind: 'end' }>['why'];

export interface Watched {
  readonly why: WatchWhy;
  readonly view: WatchView;
  /** The run fails or stands still: 1; it is done and whole: 0; neither is known: 3. */
  readonly outcome: 'failed' | 'done' | 'unknown';
}

export async function watch(options: WatchOptions): Promise<Watched> {
  const loop = new Watch(options);
  try {
    return await loop.run();
  } finally {
    await loop.close();
  }
}

class Watch {
  private readonly o: WatchOptions;
  private readonly follower: Follower;
  private readonly model: WatchModel;
  private readonly judge: Judge;
  private readonly docker: DockerProbe | undefined;
  private readonly startedMs: number;
  private readonly startedAt: string;
  private readonly stats: string[] = [];
  private judging: Promise<void> | undefined;
  private nextJudgeMs = -Infinity;
  private isStale = false;
  private failure: Error | undefined;

  constructor(options: WatchOptions) {
    this.o = options;
    const { clocks, root, recorder, wall } = options;
    this.follower = new Follower(root, recorder, clocks.now, wall);
    this.model = new WatchModel(options.sandbox, clocks);
    this.judge = new Judge(options.judgeCommand);
    this.docker = options.dockerCommand === undefined ? undefined : new DockerProbe(options.dockerCommand, DOCKER_MS, clocks.now);
    this.startedMs = clocks.now();
    this.startedAt = clocks.time();
  }

  async run(): Promise<Watched> {
    const { signal } = this.o;
    this.say([this.model.start(this.o.recordFolder)]);
    this.manifest({});
    for (;;) {
      const behind = this.look();
      this.askDocker();
      this.judgeIfDue();
      this.o.show(this.view());
      if (this.failure !== undefined) throw this.failure;
      const why = signal.aborted ? 'interrupted' : this.over();
      const ended = why === undefined ? undefined : await this.end(why);
      if (ended !== undefined) return ended;
      await delay(behind ? 0 : POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.judge.stop();
    this.follower.close();
    await this.docker?.stop();
  }

  private say(news: readonly WatchNews[]): void {
    const t = this.o.clocks.time();
    for (const one of news) this.o.say({ t, ...one });
  }

  private look(isLast = false): boolean {
    const { follower, model } = this;
    const { news, changed, behind } = follower.poll(isLast);
    this.isStale ||= changed;
    this.say(news.map((one) => fileNews(one)));
    this.say(model.seen(follower.parties(), follower.relayChangedMs(), follower.changedMs()));
    const { recorder } = this.o;
    if (recorder.stopped === 'full') this.say(model.notice('record-full', 'the record is full (--max-bytes): nothing more is kept'));
    if (recorder.stopped === 'failed')
      this.say(model.notice('record-failed', `the record cannot be written (${recorder.reason}): nothing more is kept`));
    return behind;
  }

  private askDocker(): void {
    this.docker?.tick(
      (answer) => this.keepDocker(answer),
      (why, isMissing) => {
        if (!isMissing) this.say(this.model.notice('docker', `docker does not answer (${why}): no CPU of containers`));
      },
    );
  }

  private keepDocker({ ps, stats }: DockerAnswer): void {
    this.stats.push(...stats);
    this.stats.splice(0, this.stats.length - MOST_STATS);
    const { recorder } = this.o;
    if (ps.length > 0) recorder.own('docker-ps.jsonl', `${ps.join('\n')}\n`);
    if (this.stats.length > 0) recorder.own('docker-stats.jsonl', `${this.stats.join('\n')}\n`);
    this.isStale ||= ps.length + stats.length > 0;
    this.say(this.model.seenContainers(containersOf(stats)));
  }

  // ---- judging

  private judgeIfDue(): void {
    if (this.judging !== undefined || !this.isStale || this.o.clocks.now() < this.nextJudgeMs) return;
    this.judging = this.judgeOnce().finally(() => (this.judging = undefined));
  }

  private async judgeOnce(): Promise<void> {
    const { clocks, recorder, intervalMs } = this.o;
    this.isStale = false;
    const { input, also } = this.o.input(recorder.stopped === undefined);
    const judged = await this.judge.judge(input, also);
    this.nextJudgeMs = clocks.now() + Math.max(intervalMs, PAUSE_PER_JUDGEMENT * judged.ms);
    if (this.o.signal.aborted) return;
    if ('judgement' in judged) this.say(this.model.judged(judged.judgement, judged.ms));
    // Nothing recognisable yet, or a file that went away while it was read.
    else if (judged.isFinal)
      this.failure = new DoctorError('HLD_WATCH_CANNOT_JUDGE', { path: this.o.sandbox, reason: judged.error, code: judged.code });
    else if (judged.code !== 'HLD_INPUT_NOTHING_RECOGNISED')
      this.say(this.model.notice('judge-failed', `could not be judged: ${judged.error}`));
  }

  // ---- the end

  private over(): WatchWhy | undefined {
    const { until, clocks } = this.o;
    const { model } = this;
    const isOver = model.state === 'silent' && model.silentMs >= OVER_MS;
    if ((until.finished || until.stalled) && model.state === 'finished') return 'finished';
    if (until.stalled && (model.state === 'standing' || isOver)) return 'stalled';
    // Who waits for the end of a run that nobody drives any more waits for ever.
    if (until.finished && isOver) return 'stalled';
    return until.seconds !== undefined && clocks.now() - this.startedMs >= until.seconds * 1000 ? 'time' : undefined;
  }

  /** undefined: with a last look at the files as they are, it is not over. */
  private async end(why: WatchWhy): Promise<Watched | undefined> {
    if (why !== 'interrupted') {
      await this.judging;
      while (this.look());
      if (this.isStale || this.model.judgement === undefined) await this.judgeOnce();
      if (this.failure !== undefined) throw this.failure;
      if (!this.o.signal.aborted && this.over() === undefined) return undefined;
    }
    while (this.look(true));
    const { recorder, clocks } = this.o;
    this.manifest({ endedAt: clocks.time(), why, bytes: recorder.bytes, leftOut: recorder.leftOut, stopped: recorder.stopped ?? null });
    const view = this.view();
    const outcome = outcomeOf(view, this.model.isFailing);
    return { why, view, outcome };
  }

  /** What the record is, and how it ended: without an end the watch was killed. */
  private manifest(end: Readonly<Record<string, string | number | null>>): void {
    if (this.o.recordFolder === null) return;
    const about = { what: 'record of a watch', sandbox: this.o.sandbox, startedAt: this.startedAt, pollMs: POLL_MS, ...end };
    this.o.recorder.own('manifest.json', `${JSON.stringify(about, null, 2)}\n`);
  }

  private view(): WatchView {
    const { recorder, recordFolder } = this.o;
    const stopped = recorder.stopped === undefined ? null : recorder.stopped === 'full' ? 'full' : `failed: ${recorder.reason}`;
    return this.model.view(recordFolder === null ? null : { folder: recordFolder, bytes: recorder.bytes, stopped });
  }
}

/** Only a run that is done can be whole. */
function outcomeOf({ state, verdict }: WatchView, isFailing: boolean): Watched['outcome'] {
  if (isFailing || state === 'standing' || (state === 'silent' && verdict === 'failed')) return 'failed';
  if (state !== 'finished') return 'unknown';
  return verdict === 'failed' ? 'failed' : verdict === 'inconclusive' ? 'unknown' : 'done';
}

function fileNews(news: FileNews): WatchNews {
  return { kind: 'file', ...news };
}

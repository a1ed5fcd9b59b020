/** The happenings of the sequence diagram: messages with both their ends where lines show them, and what each party did. */
import type { Diagnosis, SequenceEvent } from '../../model/diagnosis.ts';
import { groupBy } from '../../util/group.ts';
import { counted, volume } from '../figures.ts';
import type { View } from './view.ts';

export const RELAY_LANE = 'relay';

export interface Step {
  /** Milliseconds since 1970, for the order; a coarse stamp of the relay stands at the end of its second. */
  readonly t: number;
  readonly coarse: boolean;
  readonly from: string;
  /** null: something that `from` did by itself. */
  readonly to: string | null;
  readonly word: string;
  /** More than the drawing has room for. */
  readonly why?: string;
  readonly session: string | null;
  readonly tone: 'plain' | 'data' | 'bad' | 'open-ended';
  readonly source: string;
  readonly line: number;
  readonly times: number;
  /** A cause cites this line, or the line of the other end. */
  readonly cited: boolean;
}

/** What a party or the relay did by itself. */
const WORDS = new Map(
  Object.entries({
    'relay-start': 'starts',
    'daemon-start': 'starts',
    'hotlink-enabled': 'hotlink starts',
    'hub-registered': 'registers',
    'hub-removed': 'drops the connection of',
    'bind-failed': 'cannot bind a port',
    'app-connected': 'its program connects',
    'app-closed': 'its program disconnects',
    'accept-timeout': 'no accept in time',
    fallback: 'falls back to WebSocket',
    'session-adopted': 'sends on its peer’s session',
    'self-route-discarded': 'discards a route to itself',
    'write-skipped': 'drops a frame: no writer',
    'ipc-write-failed': 'gives up waiting for a local reader',
    'write-failed': 'cannot write to its program',
    'webrtc-open': 'peer to peer is up',
    'webrtc-setup-failed': 'peer to peer cannot be set up',
    'ws-disconnected': 'loses its connection',
    'send-open-failed': 'cannot send an open',
    'app-send-failed': 'discards what its program wrote',
    'strict-fallback': 'refuses to fall back',
    'p2p-send-failed': 'cannot send peer to peer',
    'reader-buffer-full': 'drops a message: queue full',
    'send-buffer-full': 'queue to a client full',
    'decoded-open': 'reads an open',
    'session-accepted': 'reads an accept',
  }),
);

/** What the relay refused of what a party sent. */
const REFUSED = new Map<string, readonly [string, string]>(
  Object.entries({
    'data-not-sender': ['data refused', 'not the sender'],
    'open-denied': ['open refused', 'no permission'],
    'open-target-denied': ['open refused', 'target not permitted'],
    'signal-not-participant': ['signal refused', 'not a participant'],
  } as const),
);

const BAD = new Set([
  'bind-failed',
  'accept-timeout',
  'write-skipped',
  'ipc-write-failed',
  'write-failed',
  'webrtc-setup-failed',
  'ws-disconnected',
  'send-open-failed',
  'app-send-failed',
  'strict-fallback',
  'p2p-send-failed',
  'reader-buffer-full',
  'send-buffer-full',
  'session-adopted',
  'hub-removed',
]);

/** Beginning and end of a message that leaves a line at both. */
const PAIRS = [
  { said: 'session-new', heard: 'decoded-open', word: 'open' },
  { said: 'accept-sending', heard: 'session-accepted', word: 'accept' },
] as const;

type Cited = (event: { readonly source: string; readonly line: number }) => boolean;

function citedBy(d: Diagnosis): Cited {
  const places = new Set(d.causes.flatMap(({ evidence }) => evidence.map(({ source, line }) => `${source ?? ''}:${line ?? ''}`)));
  return ({ source, line }) => places.has(`${source}:${line}`);
}

function base(event: SequenceEvent, cited: boolean): Omit<Step, 'to' | 'word' | 'tone'> {
  const t = Date.parse(event.time ?? '');
  const coarse = event.clock === RELAY_LANE && t % 1000 === 0;
  return {
    t: coarse ? t + 999 : t,
    coarse,
    from: event.from,
    session: event.session,
    source: event.source,
    line: event.line,
    times: 1,
    cited,
  };
}

/** Messages first: an end that was used for one is no happening of its own. */
function messagesOf(
  events: readonly SequenceEvent[],
  isCited: Cited,
): { readonly steps: readonly Step[]; readonly used: ReadonlySet<SequenceEvent> } {
  const used = new Set<SequenceEvent>();
  const steps: Step[] = [];
  const bySession = groupBy(events, ({ session }) => session ?? '');
  for (const { said, heard, word } of PAIRS) {
    for (const event of events.filter(({ what, session }) => what === said && session !== null)) {
      const end = bySession
        .get(event.session ?? '')
        ?.find((other) => other.what === heard && other.clock !== event.clock && !used.has(other));
      used.add(event);
      if (end !== undefined) used.add(end);
      const cited = isCited(event) || (end !== undefined && isCited(end));
      const to = end?.from ?? (event.to === event.from ? null : event.to);
      const unseen = end === undefined ? { why: 'no line of its arrival', tone: 'open-ended' as const } : { tone: 'plain' as const };
      steps.push({ ...base(event, cited), to, word, ...unseen });
    }
  }
  return { steps, used };
}

function single(event: SequenceEvent, isCited: Cited, view: View): Step {
  const cited = isCited(event);
  const refused = REFUSED.get(event.what);
  if (refused !== undefined && event.to !== null)
    return { ...base(event, cited), from: event.to, to: RELAY_LANE, word: refused[0], why: refused[1], tone: 'bad' };
  if (event.what === 'decoded-reject' && event.to !== null)
    return { ...base(event, cited), from: event.to, to: event.from, word: 'reject', tone: 'bad' };
  const word = WORDS.get(event.what) ?? event.what;
  const whom = event.what.startsWith('hub-') && event.to !== null ? ` ${view.names.role(event.to)}` : '';
  return { ...base(event, cited), to: null, word: word + whom, tone: BAD.has(event.what) ? 'bad' : 'plain' };
}

function frameSteps(view: View, isCited: Cited): Step[] {
  return (view.detail?.frames ?? []).map((run) => {
    const numbers = run.firstSeq === run.lastSeq ? `${run.firstSeq}` : `${run.firstSeq}–${run.lastSeq}`;
    const size = run.bytes === null ? counted(run.frames, 'frame') : volume(run.bytes);
    const heard = run.received !== null;
    return {
      t: run.sent ?? run.received ?? run.until,
      coarse: false,
      from: run.from,
      to: run.to,
      word: `data ${numbers} · ${size}`,
      session: run.session.slice(0, 8),
      ...(heard ? {} : { why: 'no line of its arrival' }),
      tone: heard ? 'data' : 'open-ended',
      source: run.source,
      line: run.line,
      times: 1,
      cited: isCited(run),
    };
  });
}

/** The same thing again and again is one step with a count. */
function folded(steps: readonly Step[]): Step[] {
  const out: Step[] = [];
  for (const step of steps) {
    const last = out.at(-1);
    const same =
      last !== undefined && last.word === step.word && last.from === step.from && last.to === step.to && last.session === step.session;
    if (same) out[out.length - 1] = { ...last, times: last.times + step.times, cited: last.cited || step.cited };
    else out.push(step);
  }
  return out;
}

export function stepsOf(view: View): Step[] {
  const isCited = citedBy(view.d);
  const events = view.d.sequence.filter(({ time }) => time !== null && !Number.isNaN(Date.parse(time)));
  const { steps, used } = messagesOf(events, isCited);
  const rest = events.filter((event) => !used.has(event)).map((event) => single(event, isCited, view));
  const all = [...steps, ...rest, ...frameSteps(view, isCited)];
  return folded(
    all
      .map((step, i) => ({ step, i }))
      .toSorted((a, b) => a.step.t - b.step.t || a.i - b.i)
      .map(({ step }) => step),
  );
}

/** Steps to show at once: from a little before the first that a cause cites, else from the first session. */
export function focusOf(steps: readonly Step[], most: number): { readonly start: number; readonly end: number } {
  const firstCited = steps.findIndex(({ cited }) => cited);
  const lastCited = steps.findLastIndex(({ cited }) => cited);
  const firstOpen = steps.findIndex(({ word }) => word.startsWith('open'));
  const anchor = firstCited >= 0 ? firstCited : Math.max(0, firstOpen);
  const start = Math.max(0, anchor - 6);
  const wished = firstCited >= 0 ? Math.max(lastCited + 9, start + 24) : start + 40;
  return { start, end: Math.min(steps.length, wished, start + most) };
}

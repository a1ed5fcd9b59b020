/** What each direction carried, in words and marks shared by the picture and the table. */
import type { Diagnosis, Flow, Interval, Party } from '../model/diagnosis.ts';
import { figure, interval, rounded } from './figures.ts';
import { span, type Span, type Style } from './text.ts';

type Mark = '✓' | '✗' | '?' | '';

export function flowBetween(d: Diagnosis, from: Party, to: Party): Flow | undefined {
  return d.flows.find((flow) => flow.from === from.email && flow.to === to.email);
}

const MARKS: Readonly<Record<Flow['state'], Mark>> = { delivered: '✓', lossy: '✗', 'in-doubt': '?', unknown: '?', 'never-used': '' };

export function markOf(flow: Flow): Mark {
  return MARKS[flow.state];
}

const MARK_STYLE: Readonly<Record<string, Style>> = { '✓': 'green', ok: 'green', '✗': 'red', X: 'red', '?': 'yellow' };

/** Colours the marks of a laid-out line; words for what carried nothing are dimmed. */
export function coloured(line: string): Span[] {
  return line
    .split(/((?<=^|[ \u00A0])(?:✓|✗|\?|ok|X)(?=$|[ \u00A0])|never used|no record|not known)/)
    .filter((part) => part !== '')
    .map((part) => {
      const style = MARK_STYLE[part] ?? (/^(?:never|no|not) (?:used|record|known)$/.test(part) ? 'dim' : undefined);
      return style === undefined ? span(part) : span(part, style);
    });
}

/** True when the evidence gives no figure at all for a direction. */
export function isBlank({ sent, delivered }: Flow): boolean {
  return interval(sent) === '?' && interval(delivered) === '?';
}

/** "13 ✓", "0 of 12 021 ✗": what arrived of what was sent. `compact` says what matters in the least room: "8 lost ✗", "1.5 MiB ✓". */
export function arrived(flow: Flow | undefined, compact: boolean): string {
  if (flow === undefined) return 'no record';
  if (flow.state === 'never-used') return 'never used';
  if (isBlank(flow)) return 'not known';
  const mark = markOf(flow);
  if (compact && flow.state === 'lossy') return `${interval(flow.lost, rounded)} lost ${mark}`;
  if (compact && flow.state === 'in-doubt') return `${interval(flow.lost, rounded)} in doubt ${mark}`;
  const show = compact ? rounded : figure;
  const received = interval(flow.delivered, show);
  const sent = interval(flow.sent, show);
  return `${received === sent ? received : `${received} of ${sent}`} ${mark}`;
}

const STAGES = ['sent', 'relayed', 'received', 'written'] as const;
const PLACE: Readonly<Record<string, string>> = {
  offered: 'the program',
  sent: 'the sender',
  relayed: 'the relay',
  received: 'the receiver',
  written: 'its local socket',
};

/** Hops of a direction in their order, the program's own words only where a line proves them. */
export function stagesOf(flow: Flow): (readonly [string, Interval | null])[] {
  const stages = STAGES.map((stage): [string, Interval | null] => [stage, flow.hops[stage]]);
  return flow.offered === null ? stages : [['offered', flow.offered], ...stages];
}

/** The way of a direction's bytes, as far as evidence knows it, and between which two hops they were lost. */
export function wayOf(flow: Flow): string {
  const known = stagesOf(flow);
  const parts = known.map(([stage, bounds]) => `${stage}\u00A0${bounds === null ? '?' : interval(bounds)}`);
  const lost = lossOf(known);
  return parts.join(' → ') + (lost === undefined ? '' : `, lost between ${PLACE[lost.after]} and ${PLACE[lost.before]}`);
}

/** The hops around the first loss that is certain: the last that surely had more, and the first that surely had less. */
export function lossOf(
  known: readonly (readonly [string, Interval | null])[],
): { readonly after: string; readonly before: string } | undefined {
  for (const [i, [stage, bounds]] of known.entries()) {
    if (bounds === null) continue;
    // More came out behind it: those bytes went another way, as peer to peer past the relay.
    if (known.slice(i + 1).some(([, more]) => more !== null && more.min > bounds.max)) continue;
    const earlier = known.slice(0, i).findLast(([, more]) => more !== null && more.min > bounds.max);
    if (earlier !== undefined) return { after: earlier[0], before: stage };
  }
  return undefined;
}

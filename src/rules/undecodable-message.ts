/**
 * A message that cannot be decoded is dropped and the connection stays (field guide 6.3). Its sender hears nothing: where it was a frame,
 * everything behind it is parked; where it was an open or an accept, the opener waits. The line of the one who dropped it is the only trace.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, plural, refs } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

const DECODED = ['decoded-open', 'decoded-accept', 'decoded-hello'];
const DROPPED = ['relay-decode-error', 'ws-decode-error'];
const TROUBLES = [...DROPPED, 'reader-buffer-full', 'send-buffer-full'];

export const undecodableMessage = defineRule({
  meta: {
    id: 'undecodable-message',
    title: 'A message could not be decoded and was dropped',
    severity: 'error',
    failures: ['F-16'],
    needs: ['client-log|relay-log'],
    proves: 'The relay, or a client, threw away at least this many messages of one connection because their bytes were no message.',
    notEvidence: {
      decoded: 'Lines of messages that were decoded, of whatever type.',
      'queue-full': 'Messages that were dropped because a queue was full: those could be decoded.',
    },
    blindTo: 'Which messages they were: what cannot be decoded has no id, and neither end says which one is missing.',
    remedy: 'Compare the versions of client and relay, and look for what changes bytes between them: a proxy, a filter, a middlebox.',
    explains: ['sequence-gap', 'asymmetric-growth', 'unanswered-open', 'stalled-counters', 'silent-application'],
  },
  judge(c, steps) {
    const { rows } = steps
      .of('what relay and clients say of their messages', c.events.of(...DECODED, ...TROUBLES))
      .that('that something was wrong with it', (e) => TROUBLES.includes(e.kind))
      .that('and it was its bytes that no codec could read', (e) => DROPPED.includes(e.kind));
    const users = new Map(c.events.of('hub-registered').map((e) => [e.conn, e.user]));
    const drops = new Map<string, LogEvent[]>();
    for (const e of rows) {
      // The relay drops what a client sent, a client what it was sent.
      const key = `${e.party === null ? 'from' : 'to'} ${e.party ?? users.get(e.conn) ?? ''}`;
      drops.set(key, [...(drops.get(key) ?? []), e]);
    }
    return [...drops.values()].map((lines) => draftFor(c, lines, users));
  },
});

function draftFor(c: CaseFile, lines: readonly LogEvent[], users: ReadonlyMap<string | null, string | null>): Draft {
  const [first] = lines;
  const isRelay = first?.party == null;
  const who = first?.party ?? users.get(first?.conn ?? null) ?? null;
  const lossy = c.directions.some((d) => (isRelay ? d.from : d.to) === who && d.lost.max > 0);
  const n = plural(lines.length, 'message');
  return {
    subject: who === null ? {} : { party: who },
    severity: lossy ? harm(c, true) : 'info',
    confidence: 'certain',
    message: isRelay
      ? `the relay could not decode ${n} of ${who === null ? 'a connection' : name(who, c)} and dropped ${lines.length === 1 ? 'it' : 'them'}`
      : `${name(who, c)} could not decode ${n} of the relay and dropped ${lines.length === 1 ? 'it' : 'them'}`,
    evidence: refs(...lines.slice(0, 3)),
    metrics: { dropped: lines.length },
    ...firstTime(lines),
    touches: who === null ? '*' : [who],
  };
}

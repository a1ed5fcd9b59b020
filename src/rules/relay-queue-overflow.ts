/** The relay's queues hold 256 messages; what comes to a full one is dropped, and this line is the only trace. */
import { defineRule } from './engine/rule.ts';
import { firstTime, harm, name, plural, ref } from './engine/ask.ts';

const ENDS = ['client-closed', 'reader-shutdown', 'writer-shutdown'];
const ERRORS = ['reader-error', 'relay-decode-error'];
const DROPS = ['reader-buffer-full', 'send-buffer-full', 'relay-write-error'];

export const relayQueueOverflow = defineRule({
  meta: {
    id: 'relay-queue-overflow',
    title: 'A queue of the relay was full and messages were dropped',
    severity: 'error',
    failures: ['F-16'],
    needs: ['relay-log'],
    proves: 'At least this many messages of the named connection were dropped.',
    notEvidence: { 'slow-client': 'A slow client whose queue is not full.', 'written-lines': 'Ordinary writer lines.' },
    blindTo: 'Which messages were dropped.',
    remedy: 'Find the slow receiver (a program that does not read, huge log lines), and send less at once.',
    explains: ['sequence-gap', 'asymmetric-growth', 'stalled-counters', 'unanswered-open', 'silent-application'],
  },
  judge(c, steps) {
    const { rows: full } = steps
      .of('what the relay says of its connections', c.events.of(...ENDS, ...ERRORS, ...DROPS))
      .that('that something went wrong', (e) => !ENDS.includes(e.kind))
      .that('and a message was dropped: a queue was full or a write failed', (e) => DROPS.includes(e.kind));
    const users = new Map(c.events.of('hub-registered').map((e) => [e.conn, e.user]));
    const by = new Map<string, (typeof full)[number][]>();
    for (const e of full) {
      const who = e.user ?? users.get(e.conn) ?? '';
      by.set(who, [...(by.get(who) ?? []), e]);
    }
    return [...by].map(([who, lines]) => ({
      subject: who === '' ? {} : { party: who },
      severity:
        c.finished === true
          ? ('info' as const)
          : harm(
              c,
              c.directions.some((d) => d.lost.min > 0),
            ),
      confidence: 'certain' as const,
      message: `the relay dropped ${plural(lines.length, 'message')} of ${who === '' ? 'a connection' : `${name(who, c)}'s connection`}`,
      evidence: lines.slice(0, 3).flatMap((e) => ref(e)),
      metrics: { dropped: lines.length },
      ...firstTime(lines),
      touches: '*' as const,
    }));
  },
});

/** The relay wrote one frame to more than one connection or party, a party decoded one number of a session twice, or more arrived than was sent. */
import { defineRule, type Draft } from './engine/rule.ts';
import type { Steps } from './engine/steps.ts';
import { counter, name, names, plural } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import { UNBOUNDED } from './facts/transport.ts';

export const duplicateDelivery = defineRule({
  meta: {
    id: 'duplicate-delivery',
    title: 'Frames were delivered more than once',
    severity: 'warning',
    failures: ['F-12', 'F-19'],
    needs: ['client-log|relay-log|capture'],
    proves:
      'The same frame went to several connections or parties, or arrived twice, or all parties together counted more received than sent.',
    notEvidence: {
      'large-receiver': 'A receiver with large counters: its peer may have sent that much.',
      'two-sessions': 'Equal numbers of two sessions on one path.',
      'flush-skew': 'More received than sent while the run moves: counters of two parties are not flushed at the same moment.',
    },
    blindTo: 'Copies that went peer to peer, unless the sums show them.',
    remedy: 'See duplicate-daemon and wrong-acceptor for who takes the copies.',
    explains: [],
    slowsOnly: true,
  },
  judge: (c, steps) => [...copied(c, steps), ...fannedOut(c, steps), ...decodedTwice(c, steps), ...moreThanSent(c, steps)],
});

const WRITTEN = 'directions as the relay wrote them';

function copied(c: CaseFile, steps: Steps): Draft[] {
  return steps
    .of(WRITTEN, c.relayed)
    .to('with a known receiver', (r) => (r.to === null ? null : { ...r, to: r.to }))
    .that('of which a frame was written to more than one connection', (r) => r.copies > 1)
    .rows.map((r) => ({
      subject: { from: r.from, to: r.to },
      severity: 'warning',
      confidence: 'certain',
      message: `the relay wrote ${plural(r.frames, 'frame')} of ${name(r.from, c)} to ${r.copies} connections of ${name(r.to, c)}`,
      evidence: [{ sourceId: r.sourceId, line: r.firstLine }],
      metrics: { frames: r.frames, copies: r.copies },
    }));
}

/** One frame, several parties: a relay before S2 serves everybody who accepted (field guide F-12). */
function fannedOut(c: CaseFile, steps: Steps): Draft[] {
  const spread = steps
    .of(WRITTEN, c.relayed)
    .to('with a known receiver', (r) => (r.to === null ? null : { ...r, to: r.to }))
    .that('of which a frame was written to more than one party', (r) => r.receivers > 1).rows;
  return [...new Set(spread.map((r) => r.from))].toSorted().map((from) => {
    const mine = spread.filter((r) => r.from === from);
    const to = [...new Set(mine.map((r) => r.to))].toSorted();
    const frames = Math.max(...mine.map((r) => r.frames));
    return {
      subject: { party: from },
      severity: 'warning',
      confidence: 'certain',
      message: `the relay wrote ${plural(frames, 'frame')} of ${name(from, c)} to ${names(to, c)} at once`,
      evidence: mine.slice(0, 2).map((r) => ({ sourceId: r.sourceId, line: r.firstLine })),
      metrics: { frames, receivers: to.length },
      touches: [from, ...to],
    };
  });
}

function decodedTwice(c: CaseFile, steps: Steps): Draft[] {
  return steps
    .of('sessions as a party decoded them', c.received)
    .that('with a number that came twice', (r) => r.frames > r.distinct)
    .rows.map((r) => {
      const stream = c.sessions.flatMap((s) => s.streams).find((x) => x.sid === r.sid && x.to === r.party);
      return {
        subject: stream === undefined ? { party: r.party } : { from: stream.from, to: r.party },
        severity: 'warning',
        confidence: 'certain',
        message: `${name(r.party, c)} decoded ${plural(r.frames - r.distinct, 'frame')} of session ${r.sid} twice`,
        evidence: [{ sourceId: r.sourceId, line: r.lastLine }],
        metrics: { repeated: r.frames - r.distinct },
      };
    });
}

/** Sums over all parties, each of which has a whole log and exact counters, in a run that stands still: nothing is under way, no life is forgotten. */
function moreThanSent(c: CaseFile, steps: Steps): Draft[] {
  const sent = c.parties.reduce((sum, p) => sum + p.sent.bytes.max, 0);
  const received = c.parties.reduce((sum, p) => sum + p.received.bytes.min, 0);
  const counted = c.parties.every((p) => p.hasCounters && p.logComplete && p.telemetry !== null);
  const sums = steps
    .of('sums of all parties', [{ sent, received }])
    .that('of which each has a whole log and exact counters', () => counted && sent < UNBOUNDED)
    .that('in a run that stands still', () => c.stillness.standing)
    .that('with more received than sent', () => received > sent);
  if (sums.rows.length === 0) return [];
  return [
    {
      subject: {},
      severity: 'warning',
      confidence: 'likely',
      message: `all parties together received ${received} bytes, ${received - sent} more than they sent`,
      evidence: c.parties.flatMap((p) => [
        ...counter(p, 'tx_bytes', p.telemetry?.txBytes ?? null),
        ...counter(p, 'rx_bytes', p.telemetry?.rxBytes ?? null),
      ]),
      metrics: { sent, received },
      touches: '*',
    },
  ];
}

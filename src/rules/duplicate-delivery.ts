/** The relay wrote one frame to more than one connection, or a party decoded one number of a session twice. */
import { defineRule, type Draft } from './engine/rule.ts';
import { name, plural } from './engine/ask.ts';

export const duplicateDelivery = defineRule({
  meta: {
    id: 'duplicate-delivery',
    title: 'Frames were delivered more than once',
    severity: 'warning',
    failures: ['F-12', 'F-19'],
    needs: ['client-log|relay-log|capture'],
    proves: 'The same frame went to several connections, or arrived twice.',
    notEvidence: {
      'large-receiver': 'A receiver with large counters: its peer may have sent that much.',
      'two-sessions': 'Equal numbers of two sessions on one path.',
    },
    blindTo: 'Copies that went peer to peer.',
    remedy: 'See duplicate-daemon and wrong-acceptor for who takes the copies.',
    explains: [],
    slowsOnly: true,
  },
  judge(c, steps) {
    const drafts: Draft[] = [];
    const copied = steps
      .of('directions as the relay wrote them', c.relayed)
      .to('with a known receiver', (r) => (r.to === null ? null : { ...r, to: r.to }))
      .that('of which a frame was written to more than one connection', (r) => r.copies > 1);
    for (const r of copied.rows) {
      drafts.push({
        subject: { from: r.from, to: r.to },
        severity: 'warning',
        confidence: 'certain',
        message: `the relay wrote ${plural(r.frames, 'frame')} of ${name(r.from, c)} to ${r.copies} connections of ${name(r.to, c)}`,
        evidence: [{ sourceId: r.sourceId, line: r.firstLine }],
        metrics: { frames: r.frames, copies: r.copies },
      });
    }
    const repeated = steps
      .of('sessions as a party decoded them', c.received)
      .that('with a number that came twice', (r) => r.frames > r.distinct);
    for (const r of repeated.rows) {
      const stream = c.sessions.flatMap((s) => s.streams).find((x) => x.sid === r.sid && x.to === r.party);
      drafts.push({
        subject: stream === undefined ? { party: r.party } : { from: stream.from, to: r.party },
        severity: 'warning',
        confidence: 'certain',
        message: `${name(r.party, c)} decoded ${plural(r.frames - r.distinct, 'frame')} of session ${r.sid} twice`,
        evidence: [{ sourceId: r.sourceId, line: r.lastLine }],
        metrics: { repeated: r.frames - r.distinct },
      });
    }
    return drafts;
  },
});

/**
 * The relay forwards data of a session only from the user who opened it. A client that sends on a session which its peer
 * opened (inbound adoption, E3 always, later only in p2p-only mode) loses every such frame, and nobody tells it. The relay's
 * warning is proof by itself; without a relay log the same fact shows at the sender, who falls back to the WebSocket on
 * a session that it accepted. Two sessions on one path are no conflict: the relay's table is keyed by session id.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, names, plural, ref, subjectOf } from './engine/ask.ts';
import type { CaseFile, Ref, SessionFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';
import { groupBy } from '../util/group.ts';

export const senderLockDrop = defineRule({
  meta: {
    id: 'sender-lock-drop',
    title: 'A party sends on a session that it did not open, and the relay drops that',
    severity: 'error',
    failures: ['F-3'],
    needs: ['client-log|relay-log|capture'],
    proves: 'Every frame that this party sent over the WebSocket on the named session was dropped at the relay.',
    notEvidence: {
      'own-session': 'A session that the sender opened itself, on whatever path: the relay forwards its frames.',
      'signal-refused': 'A refused signal of the same session: that is the offer race and costs peer to peer only.',
      'one-sided-counters': 'Counters of one side that stand still, without a refused frame.',
    },
    blindTo: 'Frames of an adopted session that went peer to peer: no relay sees them. Sessions of a relay log that was truncated.',
    remedy: 'Run clients from E5b on: each direction then has a session of its own. Until then let only one side of a channel speak first.',
    explains: [
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'sequence-gap',
      'self-route',
      'unanswered-open',
      'missing-channel',
      'absent-application',
      'late-application',
      'read-loop-blockage',
      'mixed-versions',
    ],
  },
  judge(c, steps) {
    const refused = c.events.of('data-not-sender');
    const bySession = groupBy(refused, (e) => e.sid);
    const usersOf = (s: SessionFact): readonly (string | null)[] => [...new Set((bySession.get(s.sid) ?? []).map((e) => e.user))];
    const proven = steps
      .of('sessions', c.sessions)
      .into('each with those who sent on it, by a frame, telemetry or a refusal', (s) =>
        sendersOf(s, usersOf(s)).map((sender) => ({ s, sender })),
      )
      .that('where that party did not open it', ({ s, sender }) => s.opener !== sender)
      // With an open data channel only what was sent before it opened meets the relay: its refusal or the sender's fallback line tells.
      .that(
        'over the relay: refused, or without a data channel, or fallen back',
        ({ s, sender }) => usersOf(s).includes(sender) || s.p2pOpen.length === 0 || s.fallbacks.some((e) => e.party === sender),
      ).rows;
    return [...new Set(proven.map((x) => x.sender))].toSorted().map((sender) =>
      draftFor(
        c,
        sender,
        proven.filter((x) => x.sender === sender).map((x) => x.s),
        refused.filter((e) => e.user === sender),
      ),
    );
  },
});

/** Who sent on a session: the opener as a rule; a party that the relay refused; a party that took a session of its peer's. */
function sendersOf(s: SessionFact, refused: readonly (string | null)[]): readonly string[] {
  return [...new Set([...s.streams.filter((x) => x.adopted || x.from === s.opener).map((x) => x.from), ...refused])].filter(
    (x) => x !== null,
  );
}

function draftFor(c: CaseFile, sender: string, proven: readonly SessionFact[], refused: readonly LogEvent[]): Draft {
  const targets = [...new Set(proven.map((s) => s.opener).filter((x) => x !== null))].toSorted();
  const directions = targets.map((to) => c.direction(sender, to));
  const lost = directions.some((d) => d !== undefined && d.lost.max > 0 && d.delivered.max < d.sent.max);
  const frames = refused.length;
  const bytes = c.party(sender)?.sent.bytes;
  // Which receiver lost how much may be open when the sum is not.
  const total = Math.max(
    directions.reduce((sum, d) => sum + (d?.lost.min ?? 0), 0),
    (bytes?.min ?? 0) -
      c.directions.filter((d) => d.from === sender).reduce((sum, d) => sum + (targets.includes(d.to) ? d.delivered.max : d.sent.max), 0),
  );
  return {
    subject: subjectOf(sender, targets),
    severity: harm(c, lost),
    confidence: refused.length > 0 ? 'certain' : 'likely',
    message: `${name(sender, c)} sent on ${plural(proven.length, 'session')} that ${targets.length === 0 ? 'another party' : names(targets, c)} had opened; the relay drops that${frames > 0 ? ` (${plural(frames, 'frame')} refused)` : ''}`,
    evidence: [...proven.flatMap((s) => trail(s, sender)), ...refused.slice(0, 3).flatMap((e) => ref(e))],
    metrics: {
      frames_refused: frames,
      sessions: proven.length,
      bytes_lost: total,
      sender_tx_bytes: bytes !== undefined && bytes.min === bytes.max ? bytes.min : null,
    },
    ...firstTime(refused.length > 0 ? refused : proven.flatMap((s) => s.fallbacks)),
    touches: [sender, ...targets],
  };
}

/** Opened by the peer, accepted here, used here for sending. */
function trail(s: SessionFact, sender: string): Ref[] {
  const opened = s.opened !== null && s.opened.party === s.opener ? s.opened : null;
  const accepted = s.accepting.find((e) => e.party === sender) ?? null;
  const used = s.adoptions.find((e) => e.party === sender) ?? s.fallbacks.find((e) => e.party === sender) ?? null;
  const sent = s.streams.find((x) => x.adopted && x.from === sender)?.sent ?? null;
  return [...ref(opened), ...ref(accepted), ...ref(used), ...(sent === null ? [] : [{ sourceId: sent.sourceId, line: sent.firstLine }])];
}

/**
 * A chunk above the data channel's message limit cannot go peer to peer. In ordinary mode it goes over the WebSocket with the same
 * number; in p2p-only and strict mode it is refused after its number was taken, which leaves a hole for ever.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, plural, ref, subjectOf } from './engine/ask.ts';
import type { Steps } from './engine/steps.ts';
import type { CaseFile } from './facts/case-file.ts';
import { largest } from '../util/extent.ts';
import type { LogEvent } from './facts/events.ts';
import { channelBefore } from './facts/offers.ts';

/** Message limit of the data channel, header included (field guide 8.2). */
const LIMIT = 65_536;

export const oversizePacket = defineRule({
  meta: {
    id: 'oversize-packet',
    title: 'Chunks are larger than the data channel takes',
    severity: 'error',
    failures: ['F-9'],
    needs: ['client-log'],
    proves: 'Frames above the message limit of the data channel were made: they went over the WebSocket or were refused.',
    notEvidence: {
      'websocket-run': 'Large frames of a session without a data channel: there the limit does not apply.',
      'below-limit': 'Full chunks of 60 KiB: they fit.',
      'not-ready': 'A refusal before any data channel was open.',
    },
    blindTo: 'The chunk size that the client was given, unless it says so.',
    remedy: 'Set SYFTBOX_HOTLINK_TCP_PROXY_CHUNK_SIZE to 61440 or less, or leave it unset.',
    explains: ['strict-violation', 'sequence-gap', 'asymmetric-growth', 'websocket-fallback', 'stalled-counters', 'silent-application'],
    slowsOnly: true,
  },
  judge: (c, steps) => [...refused(c, steps), ...detoured(c, steps)],
});

function refused(c: CaseFile, steps: Steps): Draft[] {
  const { rows: lines } = steps
    .of(
      'sends that failed, were refused or whose chunk was made smaller',
      c.events.of('chunk-reduced', 'webrtc-send-error', 'strict-fallback'),
    )
    .that('because of the size', (e) => e.kind === 'chunk-reduced' || (e.reason ?? '').includes('larger than maximum'))
    .that('at a known party', (e) => c.parties.some((p) => p.email === e.party));
  return c.parties.flatMap((p) => {
    const mine = lines.filter((e) => e.party === p.email);
    const untrue = refusedOnOpenChannel(c, p.email);
    const all = [...mine, ...untrue];
    const first = all[0];
    if (first === undefined) return [];
    const hard = c.events.ofParty(p.email, 'strict-fallback', 'p2p-send-failed', 'p2p-dropped', 'chunk-reduced').length > 0;
    const target = c.sessions.find((s) => all.some((e) => e.sid === s.sid))?.peer ?? null;
    const how = hard ? '; refused after their numbers were taken' : '; they went over the WebSocket';
    return [
      {
        subject: subjectOf(p.email, target === null ? [] : [target]),
        severity: hard ? harm(c, true) : ('info' as const),
        confidence: mine.length > 0 ? ('certain' as const) : ('likely' as const),
        message:
          mine.length > 0
            ? `${name(p.email, c)} made chunks larger than the data channel takes${how}`
            : `${name(p.email, c)}'s client refused what it should have sent over an open data channel: the line blames the connection, but most likely the chunk was larger than the channel takes (or its buffer was full)`,
        evidence: [...all.slice(0, 3).flatMap((e) => ref(e)), ...untrue.slice(0, 1).flatMap((e) => ref(channelBefore(c, p.email, e)))],
        ...firstTime(all),
      },
    ];
  });
}

/** P2p-only mode has one text for every failed send; on an open channel it is not true (field guide 4.5). */
function refusedOnOpenChannel(c: CaseFile, party: string): readonly LogEvent[] {
  return c.events
    .ofParty(party, 'p2p-send-failed', 'p2p-dropped')
    .filter((e) => (e.seq ?? 0) > 1 && channelBefore(c, party, e) !== undefined);
}

/** Without debug lines: frames above the limit that were decoded from the WebSocket on a session whose channel was open. */
function detoured(c: CaseFile, steps: Steps): Draft[] {
  const open = c.sessions.filter((s) => s.p2pOpen.length > 0);
  const { rows: large } = steps
    .of('sessions as a party decoded them from the WebSocket', c.received)
    .that('whose data channel was open', (r) => open.some((s) => s.sid === r.sid))
    .that("with frames above the data channel's limit, on average", (r) => r.frames > 0 && r.bytes / r.frames > LIMIT);
  const first = large[0];
  if (first === undefined) return [];
  return [
    {
      subject: {},
      severity: 'info',
      confidence: 'likely',
      message: `${plural(large.length, 'direction')} used chunks above the data channel's limit of ${LIMIT} bytes; those frames went through the relay although peer to peer was up`,
      evidence: large.slice(0, 3).map((r) => ({ sourceId: r.sourceId, line: r.lastLine })),
      metrics: { largest_mean_frame: Math.round(largest(large.map((r) => r.bytes / r.frames))) },
      touches: '*',
    },
  ];
}

/**
 * A program that does not read fills the kernel's buffers (some megabytes on loopback); then the socket write blocks the client's read
 * loop, without any line: rx stands at megabytes, the program is connected, decoded lines stop, the process lives.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { counter, harm, name, proxyOf } from './engine/ask.ts';
import { blockedLoop, BUFFERS } from './facts/blocked.ts';
import type { CaseFile, DirectionFact, PartyFact } from './facts/case-file.ts';

export const stalledReader = defineRule({
  meta: {
    id: 'stalled-reader',
    title: 'A program does not read what arrives for it',
    severity: 'error',
    failures: ['F-7', 'F-32'],
    needs: ['client-log', 'telemetry'],
    proves: 'Megabytes were decoded for a connected program and not written, without any error.',
    notEvidence: {
      'still-fits': 'Megabytes that all fit into the buffers: nothing is blocked yet.',
      'no-writer': 'Frames that met no writer.',
      'moving-run': 'A difference while counters move.',
    },
    blindTo: 'Whether the program reads slowly or not at all.',
    remedy: "Look at that party's program: why does it not read this connection?",
    explains: [
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'unanswered-open',
      'read-loop-blockage',
      'relay-standstill',
      'relay-queue-overflow',
      'sequence-gap',
    ],
  },
  judge: (c, steps) =>
    steps
      .of('directions', c.directions)
      .that('of a run that stands still and did not finish', () => c.stillness.standing && c.finished !== true)
      .to('whose receiver has counters', (d) => {
        const p = c.party(d.to);
        return p?.hasCounters === true ? { d, p } : null;
      })
      .that('which may have got as many bytes as its buffers take', ({ d }) => d.delivered.max >= BUFFERS)
      .that('without a write that failed or met no writer', ({ d }) => c.events.ofParty(d.to, 'write-skipped', 'write-failed').length === 0)
      .that('whose sender was not refused by the relay', ({ d }) => !c.events.of('data-not-sender').some((e) => e.user === d.from))
      .that("and whose receiver's program is not shown as gone", ({ d, p }) => proxyOf(p, d.from)?.connected !== false)
      .that('with bytes that came and were not counted as received', ({ d, p }) => isBlocked(c, d, p))
      .rows.map(({ d, p }) => draftFor(c, d, p)),
});

/** Over the WebSocket the frame whose write blocks was decoded; peer to peer only the difference shows. */
function isBlocked(c: CaseFile, d: DirectionFact, p: PartyFact): boolean {
  const decoded = c.received.filter((r) => r.party === d.to).reduce((sum, r) => sum + r.prefixBytes, 0);
  return decoded > p.received.bytes.max || (d.hidden && d.lost.min > 0) || neverCameBack(c, d, p);
}

/** E1 and E2 flush their counters only when something happens, so what was written is not told; that the loop never came back is. */
function neverCameBack(c: CaseFile, d: DirectionFact, p: PartyFact): boolean {
  return (p.era.value === 'E1' || p.era.value === 'E2') && blockedLoop(c, p)?.direction === d;
}

function draftFor(c: CaseFile, d: DirectionFact, p: PartyFact): Draft {
  const last = d.streams
    .map((s) => s.received)
    .filter((r) => r !== null)
    .toSorted((a, b) => (b.lastT ?? 0) - (a.lastT ?? 0))[0];
  const proxy = proxyOf(p, d.from);
  const how = neverCameBack(c, d, p)
    ? `its client never came back from writing a frame after ${last?.bytes ?? 0} bytes`
    : `${d.delivered.max} bytes fit into its buffers, and the next write blocks`;
  return {
    subject: { party: d.to },
    severity: harm(c, true),
    confidence: 'likely',
    message: `${name(d.to, c)}'s program does not read what ${name(d.from, c)} sends: ${how}`,
    evidence: [
      ...(last === undefined ? [] : [{ sourceId: last.sourceId, line: last.lastLine }]),
      ...counter(p, 'rx_bytes', p.telemetry?.rxBytes ?? null),
      ...(proxy === undefined ? [] : [proxy.ref]),
    ],
    ...(last?.lastT == null ? {} : { at: last.lastT }),
    touches: '*',
  };
}

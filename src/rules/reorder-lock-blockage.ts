/**
 * Up to E2 a client holds one lock for the order of all its channels, and keeps it while it writes a frame into a program's socket. A program
 * that does not read one connection therefore stops every channel into that party, over the WebSocket and beside it, and opens too.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, names, plural, proxyOf, refs } from './engine/ask.ts';
import { blockedLoop, type BlockedLoop } from './facts/blocked.ts';
import type { CaseFile, DirectionFact, PartyFact } from './facts/case-file.ts';

export const reorderLockBlockage = defineRule({
  meta: {
    id: 'reorder-lock-blockage',
    title: 'One connection that is not read stopped all channels into a party',
    severity: 'error',
    failures: ['F-8'],
    needs: ['client-log'],
    proves:
      'A client of E1 or E2 decoded nothing more after a frame of a channel that had carried megabytes, while frames or opens of other channels were on their way to it and its process lived on.',
    notEvidence: {
      'newer-version': 'A client of E3 or later: it lets go of the lock before it writes (stalled-reader).',
      'one-channel': 'A party into which nothing else was under way: only the reader is to blame (stalled-reader).',
      'still-fits': 'A party that stopped below the size of the kernel buffers: it waits for nothing.',
      'no-writer': 'A frame that met no writer: then the loop waits for one.',
    },
    blindTo:
      'Channels that run over QUIC or a data channel: their frames leave no line, so that they stopped too shows in no log. Which socket is full: ask the machine (ss -tn, Recv-Q).',
    remedy: 'Run E3 or later at this party; until then look why its program does not read this connection.',
    explains: [
      'stalled-reader',
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'unanswered-open',
      'relay-standstill',
      'relay-queue-overflow',
      'sequence-gap',
    ],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .that('of E1 or E2', (p) => p.era.value === 'E1' || p.era.value === 'E2')
      .to('whose client lives and decoded nothing after a frame of a channel that had carried megabytes', (p) => {
        const blocked = blockedLoop(c, p);
        return blocked === undefined ? null : { p, blocked };
      })
      .to('while something of another channel was under way to it', ({ p, blocked }) => {
        const senders = otherSenders(blocked);
        return senders.length === 0 ? null : { p, blocked, senders };
      })
      .rows.map((x) => draftFor(c, x.p, x.blocked, x.senders)),
});

function others(blocked: BlockedLoop): readonly DirectionFact[] {
  return blocked.behind.filter((d) => d.from !== blocked.direction.from);
}

function otherSenders(blocked: BlockedLoop): readonly string[] {
  const openers = blocked.unheard.map((s) => s.opener).filter((x) => x !== null && x !== blocked.direction.from);
  return [...new Set([...others(blocked).map((d) => d.from), ...openers])].filter((x) => x !== null).toSorted();
}

function draftFor(c: CaseFile, p: PartyFact, blocked: BlockedLoop, senders: readonly string[]): Draft {
  const { direction, last } = blocked;
  const opens = blocked.unheard.filter((s) => s.opener !== direction.from);
  const lines = others(blocked)
    .flatMap((d) => d.streams)
    .map((s) => s.received)
    .filter((r) => r !== null);
  const proxy = proxyOf(p, direction.from);
  return {
    subject: { party: p.email },
    severity: harm(c, true),
    confidence: 'likely',
    message: `${name(p.email, c)}'s client stopped reading inside the write of a frame of ${name(direction.from, c)} (${plural(last.bytes, 'byte')} into that channel), and with it everything from ${names(senders, c)}`,
    evidence: [
      { sourceId: last.sourceId, line: last.lastLine },
      ...lines.slice(0, 2).map((r) => ({ sourceId: r.sourceId, line: r.lastLine })),
      ...refs(opens[0]?.opened),
      ...(proxy === undefined ? [] : [proxy.ref]),
    ],
    metrics: { bytes: last.bytes, channels: senders.length + 1 },
    ...(last.lastT === null ? {} : { at: last.lastT }),
    touches: '*',
  };
}

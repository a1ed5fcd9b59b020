/**
 * Three heartbeats of one client: the summary line (the process), the sync pass (HTTP) and decoded messages (WebSocket). When
 * the packets of its path vanish without a reset, the first goes on and the other two stop at one moment without any error.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name } from './engine/ask.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import type { Family, Flush } from './facts/load.ts';

/** A sync pass is made every 104 ms; this long without one, in a living process, is a dead path. */
const SILENT_US = 5_000_000;

export const frozenLink = defineRule({
  meta: {
    id: 'frozen-link',
    title: "A party's path to the relay went silent",
    severity: 'error',
    failures: ['F-35'],
    needs: ['client-log'],
    proves: 'The client lives, but nothing of its HTTP or WebSocket traffic got through from this moment on.',
    notEvidence: {
      'dead-process': 'A log that ends: the summary lines stop too.',
      'blocked-loop': 'Decoded messages that stop while sync passes go on: the read loop waits for a writer.',
      'relay-gone': 'Sync errors, disconnects, refused connections: the relay or the link broke aloud.',
    },
    blindTo: 'Which hop drops the packets.',
    remedy: "Check that machine's network (suspend, NAT, firewall), then restart its client and the programs.",
    explains: [
      'unanswered-open',
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'sequence-gap',
      'relay-standstill',
      'absent-application',
      'missing-channel',
    ],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('with sync passes and summary lines in their log', (p) => beatsOf(c, p))
      .that('whose summary lines went on 5 s or more after the last sync pass', ({ last, from }) => last.t - from >= SILENT_US)
      .that('without a line of an error about then', ({ p, from }) => !hasErrors(c, p, from))
      .that('which decoded no message after it', ({ p, from }) => lastDecoded(c, p) <= from + 2_000_000)
      .rows.map((beats) => draftFor(c, beats)),
});

interface Beats {
  readonly p: PartyFact;
  readonly pass: Family;
  readonly last: Flush;
  /** When the last sync pass was made. */
  readonly from: number;
}

function beatsOf(c: CaseFile, p: PartyFact): Beats | undefined {
  const pass = c.families.find((f) => f.family === 'sync-pass' && f.party === p.email && f.sourceId === p.log?.id);
  const last = p.managers.at(-1)?.last ?? null;
  if (pass?.lastUs == null || last === null || p.log === null) return undefined;
  return { p, pass, last, from: c.common(pass.lastUs, p.email) };
}

function hasErrors(c: CaseFile, p: PartyFact, from: number): boolean {
  return c.events
    .ofParty(p.email, 'sync-error', 'ws-disconnected', 'ws-connect-error', 'ping-failed', 'ws-send-error')
    .some((e) => e.t !== null && e.t > from - 1_000_000);
}

function lastDecoded(c: CaseFile, p: PartyFact): number {
  return Math.max(
    -Infinity,
    ...c.received.filter((r) => r.party === p.email).map((r) => r.lastT ?? -Infinity),
    ...c.events.ofParty(p.email, 'decoded-open', 'decoded-accept', 'decoded-signal').map((e) => e.t ?? -Infinity),
  );
}

function draftFor(c: CaseFile, { p, pass, last, from }: Beats): Draft {
  const evidence: Ref[] = [{ sourceId: last.sourceId, line: last.line }];
  if (pass.lastLine !== null) evidence.unshift({ sourceId: pass.sourceId, line: pass.lastLine });
  const heartbeat = c.families.find((f) => f.party === null && f.subject === p.email && f.family === 'healthz');
  if (heartbeat?.lastLine != null) evidence.push({ sourceId: heartbeat.sourceId, line: heartbeat.lastLine });
  const others = c.parties.filter((o) => o.email !== p.email && o.log !== null);
  const alone = others.every((o) => {
    const f = c.families.find((x) => x.family === 'sync-pass' && x.sourceId === o.log?.id);
    return f?.lastUs == null || (o.logEnd ?? 0) - c.common(f.lastUs, o.email) < SILENT_US;
  });
  return {
    subject: { party: p.email },
    severity: harm(c, false),
    confidence: alone ? 'certain' : 'likely',
    message: `${name(p.email, c)}'s path to the relay has been silent for ${Math.round((last.t - from) / 1_000_000)} s while its client lives: no sync pass, no message, no error`,
    evidence,
    metrics: { silent_seconds: Math.round((last.t - from) / 1_000_000) },
    at: from,
    touches: '*',
  };
}

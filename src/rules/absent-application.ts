/**
 * A client listens, but no program ever connected to any of its proxies, while the programs of other parties are there. Nobody is
 * told: whoever needs that party waits. Telemetry lists every proxy of it as not connected and it never opened a session.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, names, ref, stopped } from './engine/ask.ts';
import type { Sieve } from './engine/steps.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import type { Telemetry } from './facts/load-files.ts';
import { classifySkips, stillOpen } from './facts/skips.ts';

export const absentApplication = defineRule({
  meta: {
    id: 'absent-application',
    title: "No program ever connected to a party's proxies",
    severity: 'error',
    failures: ['F-39'],
    needs: ['telemetry'],
    proves: 'At the last flush no proxy of this party had a program, and the party never sent or took a byte.',
    notEvidence: {
      'not-begun': 'A run in which no party has a program yet.',
      'went-away': 'A party whose proxies are not connected at the end but which had carried bytes.',
      'locked-sample': 'A sample that shows all proxies as not connected for an instant while counters move.',
    },
    blindTo: 'A program that connected and left without a byte between two samples.',
    remedy: "Start that party's program, or find in the runner's log why it did not start.",
    explains: [
      'stalled-counters',
      'silent-application',
      'asymmetric-growth',
      'late-application',
      'read-loop-blockage',
      'unanswered-open',
      'missing-channel',
      'sequence-gap',
    ],
  },
  judge(c, steps) {
    const beside = (p: PartyFact): boolean =>
      c.parties.some((o) => o.email !== p.email && (o.sent.frames.min > 0 || o.telemetry?.proxies.some((x) => x.connected) === true));
    const sampled = steps
      .of('parties', c.parties)
      .that('beside a party whose program is there', beside)
      .to('with a live sample of telemetry, and one hotlink manager', (p) =>
        p.telemetry?.hasLive === true && p.managers.length <= 1 ? { p, t: p.telemetry } : null,
      );
    return [...neverCame(c, sampled), ...neverAtOne(c, sampled)];
  },
});

interface Sampled {
  readonly p: PartyFact;
  readonly t: Telemetry;
}

function neverCame(c: CaseFile, sampled: Sieve<Sampled>): Draft[] {
  return sampled
    .that('that lists proxies, none of them connected', ({ t }) => t.proxies.length > 0 && !t.proxies.some((x) => x.connected))
    .that('which sent and received no frame', ({ p }) => p.sent.frames.min <= 0 && p.received.frames.min <= 0)
    .that(
      'whose log has no session and no bind that failed',
      ({ p }) => c.events.ofParty(p.email, 'session-new', 'bind-failed').length === 0,
    )
    .that('whose log has no program that connected and stayed', ({ p }) => stillOpen(c, p.email).length === 0)
    .rows.flatMap((x) => draftFor(c, x));
}

function draftFor(c: CaseFile, { p, t }: Sampled): Draft[] {
  const waiting = c.parties.filter((o) => o.email !== p.email && o.sent.frames.min > 0).map((o) => o.email);
  const skip = classifySkips(c).find((s) => s.party === p.email);
  const evidence: Ref[] = t.proxies
    .slice(0, 3)
    .map((x) => ({ source: t.source, pointer: x.pointer, text: `port ${String(x.port)} connected: ${String(x.connected)}` }));
  evidence.push({ source: t.source, pointer: '/tx_packets', text: `tx_packets: ${String(t.txPackets)}` });
  if (skip !== undefined) evidence.unshift({ event: skip.event });
  return [
    {
      subject: { party: p.email },
      // Quiet alone is no failure: an error only when something that was sent to it met nobody.
      severity: c.finished === true ? 'info' : skip !== undefined ? harm(c, true) : 'warning',
      confidence: 'likely',
      message: `no program ever connected to ${name(p.email, c)}'s proxies${waiting.length > 0 ? `, while ${names(waiting, c)} sent and wait` : ''}`,
      evidence,
      touches: '*',
    },
  ];
}

/** The program is there, but not at one of its proxies: it dials another port, or never got that far. */
function neverAtOne(c: CaseFile, sampled: Sieve<Sampled>): Draft[] {
  return (
    sampled
      .that('that lists a connected proxy, in a run that stands still', ({ t }) => stopped(c) && t.proxies.some((x) => x.connected))
      .that(
        'whose log has no bind that failed and no connection that closed',
        ({ p }) => c.events.ofParty(p.email, 'bind-failed', 'app-closed').length === 0,
      )
      .into('their proxies', ({ p, t }) => t.proxies.map((x) => ({ p, t, x, peer: x.from === p.email ? x.to : x.from })))
      .to('not connected, for a known peer', ({ p, t, x, peer }) => (x.connected || peer === null ? null : { p, t, x, peer }))
      .that('for which the party opened no session', ({ p, peer }) => !c.sessions.some((s) => s.opener === p.email && s.peer === peer))
      // A proxy of an older run on the same port is listed twice; which entry is whose is not said.
      .that('with a port of its own', ({ t, x }) => !t.proxies.some((o) => o !== x && o.port === x.port))
      .that('over which nothing was delivered', ({ p, peer }) => (c.direction(peer, p.email)?.delivered.min ?? 0) <= 0)
      .rows.map(({ p, t, x, peer }): Draft => {
        const skip = classifySkips(c).find((k) => k.party === p.email && k.sender === peer);
        return {
          subject: { from: p.email, to: peer },
          severity: skip === undefined ? 'warning' : harm(c, true),
          confidence: 'likely',
          message: `${name(p.email, c)}'s program never connected to its proxy for ${name(peer, c)} (port ${String(x.port)}), though it did to another`,
          evidence: [{ source: t.source, pointer: x.pointer, text: `port ${String(x.port)} connected: false` }, ...ref(skip?.event)],
          touches: [p.email, peer],
        };
      })
  );
}

/**
 * A client listens, but no program ever connected to any of its proxies, while the programs of other parties are there. Nobody is
 * told: whoever needs that party waits. Telemetry lists every proxy of it as not connected and it never opened a session.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, names, ref, stopped } from './engine/ask.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import { classifySkips } from './facts/skips.ts';

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
  judge(c) {
    const others = (p: PartyFact): boolean =>
      c.parties.some((o) => o.email !== p.email && (o.sent.frames.min > 0 || o.telemetry?.proxies.some((x) => x.connected) === true));
    return c.parties.flatMap((p) => (others(p) ? [...judgeParty(c, p), ...judgeProxies(c, p)] : []));
  },
});

function judgeParty(c: CaseFile, p: PartyFact): Draft[] {
  const t = p.telemetry;
  if (t === null || !t.hasLive || t.proxies.length === 0 || t.proxies.some((x) => x.connected)) return [];
  if (p.sent.frames.min > 0 || p.received.frames.min > 0 || p.managers.length > 1) return [];
  if (c.events.ofParty(p.email, 'session-new', 'bind-failed').length > 0) return [];
  const debugSeen = c.events.ofParty(p.email, 'app-connected');
  if (debugSeen.some((e) => !c.events.ofParty(p.email, 'app-closed').some((x) => x.path === e.path && x.line > e.line))) return [];
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
function judgeProxies(c: CaseFile, p: PartyFact): Draft[] {
  const t = p.telemetry;
  if (t === null || !t.hasLive || !stopped(c) || p.managers.length > 1 || !t.proxies.some((x) => x.connected)) return [];
  if (c.events.ofParty(p.email, 'bind-failed', 'app-closed').length > 0) return [];
  return t.proxies.flatMap((x): Draft[] => {
    const peer = x.from === p.email ? x.to : x.from;
    if (x.connected || peer === null || c.sessions.some((s) => s.opener === p.email && s.peer === peer)) return [];
    const skip = classifySkips(c).find((k) => k.party === p.email && k.sender === peer);
    // A proxy of an older run on the same port is listed twice; which entry is whose is not said.
    if (t.proxies.some((o) => o !== x && o.port === x.port) || (c.direction(peer, p.email)?.delivered.min ?? 0) > 0) return [];
    return [
      {
        subject: { from: p.email, to: peer },
        severity: skip === undefined ? 'warning' : harm(c, true),
        confidence: 'likely',
        message: `${name(p.email, c)}'s program never connected to its proxy for ${name(peer, c)} (port ${String(x.port)}), though it did to another`,
        evidence: [{ source: t.source, pointer: x.pointer, text: `port ${String(x.port)} connected: false` }, ...ref(skip?.event)],
        touches: [p.email, peer],
      },
    ];
  });
}

/**
 * A proxy that cannot bind its port gives up for good, while telemetry goes on listing the channel as not connected. The program then
 * talks to whatever owns the port. After a reconnect the same line only means that the process holds its own port (F-18).
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, proxyOf, ref } from './engine/ask.ts';
import { WITHOUT_LISTENER } from './engine/follows.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';
import type { RunnerEvent } from './facts/load-runner.ts';
import { carried, lineRef, partyOf, runnerLines, speakerOf } from './facts/runner.ts';
import { portsTakenByTwin } from './facts/twins.ts';
import type { Steps } from './engine/steps.ts';

export const portConflict = defineRule({
  meta: {
    id: 'port-conflict',
    title: 'A proxy could not bind its port because something else has it',
    severity: 'error',
    failures: ['F-6', 'F-20'],
    needs: ['client-log'],
    proves: 'The client never listened on this port; the program reached a stranger or nobody.',
    notEvidence: {
      reconnect: 'A failed bind after a second start of hotlink in one process: its own dead manager holds the port.',
      'bound-later': 'A failed bind of an era that tries again and succeeds.',
      twin: 'Failed binds for every own port while the relay has two connections of this user: a second client in the same folder.',
      probed: 'A failed probe of a runner by itself: the proxy may not have been up yet.',
      'older-marker': "A failed bind when an older run's marker of the same client has the port: that proxy serves the program.",
    },
    blindTo: 'Which process holds the port: the sandbox does not say.',
    remedy: 'See who listens on the port (ss -ltnp), stop it or choose another port base, then restart this client and its program.',
    explains: ['missing-channel', ...WITHOUT_LISTENER],
  },
  judge(c, steps) {
    const seen = steps
      .of('parties', c.parties)
      .into('with a bind that failed', (p) => c.events.ofParty(p.email, 'bind-failed', 'bind-timeout').map((fail) => ({ p, fail })))
      .that(
        'that was not for all its ports, with a second client of its identity at the relay',
        ({ p, fail }) => !portsTakenByTwin(c, p.email).includes(fail),
      )
      .that('before a reconnect made a second manager', ({ p, fail }) => fail.line <= (p.managers[1]?.enabled?.line ?? Infinity))
      .to('for a port that no older run of this party holds', ({ p, fail }) => {
        const port = Number(fail.addr?.split(':').at(-1) ?? NaN);
        return heldByOlderRun(c, p, port) ? null : { p, fail, port, peer: peerOfPort(c, p, port) };
      })
      .that('whose proxy telemetry does not show connected', ({ p, peer }) => peer === null || proxyOf(p, peer)?.connected !== true)
      .rows.map(({ p, fail, peer, port }) => draftFor(c, p, fail, peer, port));
    return [...seen, ...audited(c, steps, seen)];
  },
});

function draftFor(c: CaseFile, p: PartyFact, fail: LogEvent, peer: string | null, port: number): Draft {
  const proxy = peer === null ? undefined : proxyOf(p, peer);
  return {
    subject: peer === null ? { party: p.email } : { from: p.email, to: peer },
    severity: harm(c, false),
    confidence: 'certain',
    message: `${name(p.email, c)}'s proxy for ${name(peer, c)} could not bind port ${Number.isNaN(port) ? '' : String(port)}: something else has it`,
    evidence: [...ref(fail), ...(proxy === undefined ? [] : [proxy.ref]), ...probes(c, p, port)],
    metrics: { port: Number.isNaN(port) ? null : port },
    ...firstTime([fail]),
    touches: peer === null ? [p.email] : [p.email, peer],
  };
}

function peerOfPort(c: CaseFile, p: PartyFact, port: number): string | null {
  const marker =
    c.markers.find((m) => m.party === p.email && m.localPort === port && (c.run === null || m.run === c.run.id)) ??
    c.markers.find((m) => m.party === p.email && m.localPort === port);
  if (marker === undefined) return null;
  return marker.from === p.email ? marker.to : marker.from;
}

/** Two runs' markers of this party name the port: the older proxy has it. */
function heldByOlderRun(c: CaseFile, p: PartyFact, port: number): boolean {
  return new Set(c.markers.filter((m) => m.party === p.email && m.localPort === port).map((m) => m.run)).size > 1;
}

/** What runners say of this port: Desktop's audit, and probes that found no listener. */
function probes(c: CaseFile, p: PartyFact, port: number): Ref[] {
  const said = runnerLines(c, 'port-check', 'port-conflict').filter(
    (e) => e.port === port && e.status !== 'CONNECT_OK' && e.status !== 'LISTENING' && (partyOf(c, e) ?? p) === p,
  );
  return said.slice(0, 2).flatMap(lineRef);
}

/** Codes of Desktop's audit that speak of ports; those of markers speak of files (field guide 2.7). */
const BUSY = 'E_PORT_CONFLICT_LOCAL_BUSY';
const PLANS = /^E_PORT_CONFLICT_(?:MISSING_BASE|PARTICIPANT_BASE|SELECTED_BASE|MARKER_BASE|MARKER_PORT)$/;

/** Desktop looked before the start and refused. Nothing where the run carried bytes of that party all the same. */
function audited(c: CaseFile, steps: Steps, seen: readonly Draft[]): Draft[] {
  const done = new Set(seen.map((d) => d.metrics?.['port']));
  return steps
    .of("conflicts of Desktop's audit", runnerLines(c, 'port-conflict'))
    .that('of a port or of the plan of ports', (e) => e.subject === BUSY || PLANS.test(e.subject ?? ''))
    .that('of a party that carried nothing', (e) => !carried(c, partyOf(c, e)))
    .that('not yet told', (e) => {
      const key = e.port ?? `${e.subject ?? ''} ${partyOf(c, e)?.email ?? ''}`;
      return done.size < done.add(key).size;
    })
    .rows.map((e) => auditDraft(c, e, partyOf(c, e)));
}

function auditDraft(c: CaseFile, e: RunnerEvent, party: PartyFact | undefined): Draft {
  const who = speakerOf(c, e) ?? 'a party';
  const port = e.port === null ? '' : ` ${e.port}`;
  return {
    subject: party === undefined ? {} : { party: party.email },
    severity: 'error',
    confidence: e.subject === BUSY ? 'certain' : 'likely',
    message:
      e.subject === BUSY
        ? `Desktop refused to start ${who}: something else has its port${port}`
        : `Desktop refused to start ${who}: the port plan of the parties does not agree (${e.subject ?? ''})`,
    evidence: lineRef(e),
    metrics: { port: e.port },
    touches: '*',
  };
}

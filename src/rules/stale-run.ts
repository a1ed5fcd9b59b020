/**
 * Markers of an older run in the tree start proxies on the same ports. The new run's proxies cannot bind, and its bytes travel
 * under the old run's paths. When every party has the old markers that even works; when only some have, the paths
 * do not meet. Traffic is attributed by time, so the old id in a path is a finding and not another run.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, plural, ref, stopped } from './engine/ask.ts';
import { classifySkips } from './facts/skips.ts';

export const staleRun = defineRule({
  meta: {
    id: 'stale-run',
    title: 'Markers of an older run took over the ports and paths of this one',
    severity: 'error',
    failures: ['F-20'],
    needs: ['marker'],
    proves: "Sessions of this run carry the id of an older run, or an older run's proxies hold its ports.",
    notEvidence: {
      'own-ports': 'Markers of an older run with other ports: both proxies listen.',
      'earlier-traffic': 'Sessions of the older run from its own time.',
      'own-paths': "Traffic under this run's own paths.",
    },
    blindTo: 'Programs of the older run that still run: only what docker lists shows them (stale-container).',
    remedy:
      "Stop all clients, remove the older run's _mpc/**/stream.tcp at every party (and its containers), then start the clients again.",
    explains: [
      'port-conflict',
      'missing-channel',
      'absent-application',
      'lost-writer',
      'late-application',
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'unanswered-open',
      'read-loop-blockage',
      'peer-key-mismatch',
    ],
    slowsOnly: true,
  },
  judge(c, steps) {
    const run = c.run;
    if (run === null) return { notApplicable: 'no run id is visible' };
    const { rows: foreign } = steps
      .of('sessions of this run', c.sessions)
      .that('with a run id in their path and a line of their opening', (s) => s.run !== null && s.opened !== null)
      .that('under the path of another run', (s) => s.run !== run.id);
    const { rows: binds } = steps
      .of('binds that failed', c.events.of('bind-failed'))
      .that('on a port that markers of two runs of the party name', (e) => {
        const port = Number(e.addr?.split(':').at(-1) ?? NaN);
        return new Set(c.markers.filter((m) => m.party === e.party && m.localPort === port).map((m) => m.run)).size > 1;
      });
    const markers = c.markers.filter((m) => m.run !== null && m.run !== run.id);
    if (foreign.length === 0 && binds.length === 0) return [];
    const dead =
      classifySkips(c).some((s) => s.reason === 'stale') ||
      c.directions.some((d) => d.lost.min > 0) ||
      (stopped(c) && c.sessions.some((x) => x.accepted === null));
    const old = [...new Set([...foreign.map((s) => s.run), ...markers.map((m) => m.run)])].filter((x) => x !== null).toSorted();
    const draft: Draft = {
      subject: {},
      severity: dead && c.finished !== true ? harm(c, true) : 'warning',
      confidence: 'certain',
      message: `markers of the older run ${old.join(', ')} are still there: ${plural(foreign.length, 'session')} of this run went under its paths${binds.length > 0 ? `, and ${plural(binds.length, 'port')} of this run could not be bound` : ''}`,
      evidence: [
        ...foreign.slice(0, 2).flatMap((s) => ref(s.opened)),
        ...binds.slice(0, 2).flatMap((e) => ref(e)),
        ...markers.slice(0, 1).map((m) => ({ source: m.source, pointer: '/ports', text: `marker ${m.channel} of run ${m.run ?? ''}` })),
      ],
      metrics: { sessions: foreign.length, failed_binds: binds.length },
      ...firstTime([...foreign.map((s) => s.opened).filter((e) => e !== null), ...binds]),
      touches: '*',
    };
    return [draft];
  },
});

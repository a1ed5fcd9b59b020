/**
 * Containers of an older run are still up. All runs with the same base share their ports, so the old programs keep connections to the
 * proxies, and the first writer on a channel may be one of them. What they put there does not belong to this run.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { plural } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import { isOlderRun, runningContainers, type StrangerContainer } from './facts/programs.ts';

/** What docker allows in a name: nothing that a shell would take for more. */
const PLAIN_NAME = /^[A-Za-z0-9][\w.-]*$/;

export const staleContainer = defineRule({
  meta: {
    id: 'stale-container',
    title: 'Containers of an older run are still up beside this one',
    severity: 'warning',
    failures: ['F-20'],
    needs: ['container|container-load'],
    proves: "Docker lists or measures a running program of another, older run while this run's ports may be the same.",
    notEvidence: {
      'same-run': 'Containers of the judged run.',
      exited: 'Old containers that have exited: they hold no connection.',
      'newer-run': 'Containers of a run that began later: the listing was taken after this run.',
      'own-ports': 'An older run whose markers or published ports are all other ones.',
    },
    blindTo: 'Whether the old program touched a channel of this run.',
    remedy: 'Remove the containers of the older run before the next one.',
    explains: [],
  },
  judge(c, steps) {
    if (c.run === null) return { notApplicable: 'no run id is visible' };
    const mine = portsOfRun(c, c.run.id);
    const stale = steps
      .of('running containers', runningContainers(c))
      .that('of an older run', (x) => isOlderRun(c, x.run))
      .that('whose ports may be those of this run', (x) => !hasOtherPorts(c, x, mine)).rows;
    const [first] = stale;
    if (first === undefined) return [];
    const runs = [...new Set(stale.map((x) => x.run))].toSorted();
    const shared = stale.some((x) => [...portsOfRun(c, x.run)].some((port) => mine.has(port)));
    const names = stale.map((x) => x.name).filter((name) => PLAIN_NAME.test(name));
    const draft: Draft = {
      subject: {},
      severity: c.finished === true ? 'info' : 'warning',
      confidence: shared ? 'certain' : 'likely',
      message: `${plural(stale.length, 'container')} of the older ${runs.length === 1 ? 'run' : 'runs'} ${runs.join(', ')} still ${stale.length === 1 ? 'runs' : 'run'} and may hold connections on ${shared ? 'the same ports' : 'ports that runs share'}: ${stale.map((x) => x.name).join(', ')}`,
      evidence: stale.map((x) => x.ref),
      metrics: { containers: stale.length },
      ...(names.length === 0 ? {} : { remedy: `docker rm -f ${names.join(' ')}` }),
      touches: '*',
    };
    return [draft];
  },
});

function portsOfRun(c: CaseFile, run: string): ReadonlySet<number> {
  return new Set(c.markers.filter((m) => m.run === run).flatMap((m) => [m.localPort, m.port].filter((port) => port !== null)));
}

/** Its run's markers, or what docker publishes for it, name ports, and none is one of this run's. */
function hasOtherPorts(c: CaseFile, x: StrangerContainer, mine: ReadonlySet<number>): boolean {
  const published = [...(x.ports ?? '').matchAll(/:(\d{1,5})->/g)].map((m) => Number(m[1]));
  const theirs = [...portsOfRun(c, x.run), ...published];
  return mine.size > 0 && theirs.length > 0 && theirs.every((port) => !mine.has(port));
}

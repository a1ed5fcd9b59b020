/**
 * Docker refuses to start a party's container because a folder cannot be mounted: its source is missing, or its path holds an `@`
 * that docker cannot make a folder for. The program never starts, hotlink carries nothing and all counters stay at 0.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { WITHOUT_PROGRAM } from './engine/follows.ts';
import { counter, name } from './engine/ask.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import type { Container, RunnerEvent } from './facts/load-runner.ts';
import { carried, isAfter, lineRef, partyOf, runnerLines, speakerOf } from './facts/runner.ts';

export const unmountableSource = defineRule({
  meta: {
    id: 'unmountable-source',
    title: 'A container did not start because docker could not mount a folder',
    severity: 'error',
    failures: ['F-21'],
    needs: ['runner|container'],
    proves: 'Docker itself refused the mount and with it the container, and hotlink carried no byte of that party.',
    notEvidence: {
      'fell-back': 'A refused mount after which the runner mounted a folder above: it healed it.',
      'fallback-alone': 'The line of the fallback by itself.',
      'carried-bytes': 'A refused mount of a party that then sent or got bytes: its container did start.',
      'other-run': "A refused mount of another run's container.",
    },
    blindTo: 'A container that started with an empty folder in place of a missing one: docker says nothing then.',
    remedy:
      'Make the folder before the run, or mount the sandbox above it and set SEQURE_DATASITES_ROOT (newer runners do both by themselves, "Docker mount fallback").',
    explains: [...WITHOUT_PROGRAM, 'unroutable-container', 'failed-before-transport'],
  },
  judge(c, steps) {
    const healed = runnerLines(c, 'mount-fallback', 'done');
    const seen = new Set<string>();
    const said = steps
      .of('mounts that docker refused', runnerLines(c, 'mount-failed'))
      .that('and that nothing healed', (e) => !healed.some((h) => isAfter(h, e)))
      .to('for a party that carried nothing', (e) => {
        const party = partyOf(c, e) ?? partyOfPath(c, e.subject);
        return carried(c, party) ? null : { e, party };
      })
      .that('not yet told', ({ e, party }) => seen.size < seen.add(party?.email ?? e.subject ?? '').size);
    if (said.rows.length > 0) return said.rows.map(({ e, party }) => draftFor(c, e, party));
    return steps
      .of('containers', c.around.containers)
      .that('of this run', (x) => x.run === null || c.run === null || x.run === c.run.id)
      .to('that docker could not start for a mount', (x) =>
        x.error !== null && /mount/i.test(x.error)
          ? { x, error: x.error, party: partyOf(c, { party: null, partyIndex: x.partyIndex }) }
          : null,
      )
      .that('of a party that carried nothing', ({ party }) => !carried(c, party))
      .rows.map(({ x, error, party }) => fromContainer(c, x, error, party));
  },
});

const WHY: Readonly<Record<string, string>> = {
  'no-such-file': 'does not exist',
  denied: 'may not be read',
  'invalid-spec': 'has a path that docker does not take',
};

function draftFor(c: CaseFile, e: RunnerEvent, party: PartyFact | undefined): Draft {
  const who = party?.role ?? speakerOf(c, e) ?? emailIn(e.subject)?.split('@')[0] ?? null;
  const why = WHY[e.status ?? ''] ?? 'cannot be mounted';
  return {
    subject: party === undefined ? {} : { party: party.email },
    severity: 'error',
    confidence: party !== undefined && party.hasCounters ? 'certain' : 'likely',
    message: `docker did not start ${who === null ? 'a container' : `${who}'s container`}: the folder to mount ${why}${(e.subject ?? '').includes('@') ? ' (its path holds an @)' : ''}`,
    evidence: [...lineRef(e), ...counter(party, 'tx_packets', party?.telemetry?.txPackets ?? null)],
    metrics: { folder: e.subject },
    touches: '*',
  };
}

/** The error that docker keeps with a container that it could not start. */
function fromContainer(c: CaseFile, x: Container, error: string, party: PartyFact | undefined): Draft {
  const place: Ref[] = x.line === null ? [{ source: x.source, pointer: x.pointer ?? '', text: error }] : lineRef(x);
  return {
    subject: party === undefined ? {} : { party: party.email },
    severity: 'error',
    confidence: 'likely',
    message: `docker did not start ${party === undefined ? x.name : `${name(party.email, c)}'s container`}: a folder cannot be mounted`,
    evidence: place,
    touches: '*',
  };
}

function emailIn(path: string | null): string | undefined {
  return /([^/\s'":]+@[^/\s'":]+)/.exec(path ?? '')?.[1];
}

function partyOfPath(c: CaseFile, path: string | null): PartyFact | undefined {
  const email = emailIn(path);
  return email === undefined ? undefined : c.party(email);
}

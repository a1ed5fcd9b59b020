/**
 * A marker that the client cannot use is skipped without a word and tried again at every pass, so the only symptoms are a proxy that
 * telemetry does not list and a program that finds nobody at its port (field guide 8.3).
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, proxyOf } from './engine/ask.ts';
import { WITHOUT_LISTENER } from './engine/follows.ts';
import type { CaseFile, PairFact, Ref } from './facts/case-file.ts';
import type { Marker } from './facts/load-files.ts';
import { portFor, PROBLEMS } from './facts/markers.ts';

export const invalidMarker = defineRule({
  meta: {
    id: 'invalid-marker',
    title: 'A marker is there, but the client cannot use it',
    severity: 'error',
    failures: ['F-27'],
    needs: ['marker'],
    proves: 'The client skips this marker silently: no proxy listens for the channel.',
    notEvidence: {
      'other-run': 'An unusable marker of another run in the same tree.',
      'second-copy': 'An unusable copy when another marker of the same pair works in this tree.',
      'foreign-port': 'The pair port field, when ports names the local one.',
    },
    blindTo: 'A marker that was valid when the client started and was overwritten later: the proxy then still listens.',
    remedy:
      'Write the marker anew (from, to, ports with both parties) in the named directory; the client picks it up within a second, then restart the programs.',
    explains: ['missing-channel', ...WITHOUT_LISTENER],
  },
  judge(c, steps) {
    const unusable = steps
      .of(
        'markers by party and peer',
        c.pairs.flatMap((pair) => sidesOf(pair)),
      )
      .to('with a marker that cannot be used', ({ me, peer, mine }) => {
        const broken = mine.find((m) => m.problem !== null);
        return broken === undefined ? null : { me, peer, mine, broken };
      })
      .that('and none that can', ({ mine }) => mine.every((m) => m.problem !== null))
      .that('for which telemetry lists no proxy', ({ me, peer }) => proxyOf(c.party(me), peer) === undefined);
    const ports = steps
      .of(
        'pairs whose both markers can be used',
        c.pairs.flatMap((pair) => sidesOf(pair).flatMap((side) => bothOf(side))),
      )
      .to("where the peer's marker says another port", (x) => {
        const said = portFor(x.theirs, x.me);
        return x.port === null || said === undefined || said === x.port ? null : { ...x, port: x.port, said };
      })
      .to('and no program is connected to the own one', (x) => {
        const proxy = proxyOf(c.party(x.me), x.peer);
        return proxy?.connected === false ? { ...x, proxy } : null;
      });
    return [...unusable.rows.map((x) => unusableDraft(c, x)), ...ports.rows.map((x) => portsDraft(c, x))];
  },
});

interface Side {
  readonly me: string;
  readonly peer: string;
  readonly mine: readonly Marker[];
  readonly theirs: readonly Marker[];
}

function sidesOf(pair: PairFact): readonly Side[] {
  return [...pair.markers].map(([me, mine]) => {
    const peer = me === pair.a ? pair.b : pair.a;
    return { me, peer, mine, theirs: pair.markers.get(peer) ?? [] };
  });
}

interface Both {
  readonly me: string;
  readonly peer: string;
  readonly mine: Marker;
  readonly theirs: Marker;
  /** Port that the own marker names for the own program. */
  readonly port: number | null;
}

function bothOf(side: Side): readonly Both[] {
  const [mine, theirs] = [side.mine, side.theirs].map((list) => list.find((m) => m.problem === null));
  return mine === undefined || theirs === undefined ? [] : [{ me: side.me, peer: side.peer, mine, theirs, port: mine.localPort }];
}

function unusableDraft(c: CaseFile, { me, peer, broken }: { readonly me: string; readonly peer: string; readonly broken: Marker }): Draft {
  return {
    subject: { from: me, to: peer },
    severity: harm(c, false),
    confidence: c.party(me)?.telemetry?.hasLive === true ? 'certain' : 'likely',
    message: `${name(me, c)}'s marker for ${name(peer, c)} cannot be used: ${PROBLEMS[broken.problem ?? ''] ?? broken.problem ?? ''}`,
    evidence: proof(c, me, peer, broken),
    metrics: { problem: broken.problem },
    touches: [me, peer],
  };
}

function proof(c: CaseFile, me: string, peer: string, broken: Marker): Ref[] {
  const telemetry = c.party(me)?.telemetry;
  const evidence: Ref[] = [placeOf(broken)];
  if (telemetry?.hasLive === true)
    evidence.push({ source: telemetry.source, pointer: '/live/proxies', text: `live.proxies lists no proxy for ${peer}` });
  return evidence;
}

/** Where the fault stands. An address alone (`host:port`, a number) is no JSON object that a pointer could enter. */
function placeOf(broken: Marker): Ref {
  if (broken.problem === 'not-json') return { sourceId: broken.sourceId, line: 1 };
  if (broken.problem === 'empty') return { source: broken.source, absent: true, text: 'the marker has no content' };
  if (broken.from === null && broken.to === null && broken.ports === null)
    return { source: broken.source, absent: true, text: 'the marker names no parties' };
  return { source: broken.source, pointer: '', text: `marker ${broken.channel}: ${broken.problem ?? ''}` };
}

/** The two markers of a pair name different ports for one party: its program dials the one, its client listens on the other. */
function portsDraft(
  c: CaseFile,
  { me, peer, mine, theirs, port, said, proxy }: Both & { readonly said: number; readonly proxy: { readonly ref: Ref } },
): Draft {
  return {
    subject: { from: me, to: peer },
    severity: harm(c, false),
    confidence: 'likely',
    message: `${name(me, c)}'s client listens on port ${String(port)} for ${name(peer, c)}, but the peer's marker says ${said}: the program may dial the wrong one`,
    evidence: [
      { source: mine.source, pointer: '/ports', text: `own port ${String(port)}` },
      { source: theirs.source, pointer: '/ports', text: `the peer says ${said}` },
      proxy.ref,
    ],
    touches: [me, peer],
  };
}

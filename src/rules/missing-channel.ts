/**
 * A direction needs a marker in the sender's tree: without it the client starts no proxy, the program finds nobody at its port
 * and not a byte can leave, and what the peer sends on the pair meets no writer. The absence is seen against the peer's
 * marker of the same pair. Only the judged run's markers count, in whichever namespace they lie.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, hasOwnEvidence, name } from './engine/ask.ts';
import { WITHOUT_LISTENER } from './engine/follows.ts';
import type { CaseFile, PairFact, PartyFact, Ref } from './facts/case-file.ts';
import type { Marker } from './facts/load-files.ts';
import { expectedPath } from './facts/markers.ts';
import { lineRef, partyOf, runnerLines } from './facts/runner.ts';

export const missingChannel = defineRule({
  meta: {
    id: 'missing-channel',
    title: 'A party has no marker for a channel that its peer has one for',
    severity: 'error',
    failures: ['F-6', 'F-27'],
    needs: ['marker'],
    proves: "The party's tree holds no marker for this pair, so its client listens on no port for it.",
    notEvidence: {
      'silent-channel': 'A channel with all its links that carried nothing: the program may not need it yet.',
      'no-party-folder': 'A party whose folder is not in the sandbox: its markers were not collected, which proves nothing.',
      'markers-elsewhere': "A marker of the pair in the peer's namespace of the same tree: the client finds it there.",
    },
    blindTo: 'A marker that existed when the client started and was removed since: the client never reads it again.',
    remedy:
      "Write the missing stream.tcp (and its syft.pub.yaml) and restart that party's client and program, or find why the runner did not write it.",
    explains: ['port-conflict', ...WITHOUT_LISTENER],
  },
  judge(c, steps) {
    if (c.pairs.every((p) => p.markers.size === 0)) return { notApplicable: 'the sandbox holds no marker of this run' };
    return steps
      .of(
        'directions of pairs',
        c.pairs.flatMap((pair) => [sideOf(pair, pair.a, pair.b), sideOf(pair, pair.b, pair.a)]),
      )
      .that('whose sender has no marker for it', ({ mine }) => mine.length === 0)
      .that('while the peer has one', ({ theirs }) => theirs.length > 0)
      .to("of whose sender's tree a log or telemetry was collected", (side) => {
        const party = c.party(side.me);
        return party !== undefined && hasOwnEvidence(party) ? { ...side, party } : null;
      })
      .that(
        'and a log or a marker, so that the missing one would be there too',
        ({ me, party }) => party.log !== null || c.markers.some((m) => m.party === me),
      )
      .that('on which the sender opened no session', ({ me, peer }) => !c.sessions.some((s) => s.opener === me && s.peer === peer))
      .that(
        'for which telemetry lists no proxy',
        ({ peer, party }) => party.telemetry?.proxies.some((p) => p.from === peer || p.to === peer) !== true,
      )
      .rows.flatMap((side) => draftFor(c, side));
  },
});

interface Side {
  readonly me: string;
  readonly peer: string;
  readonly mine: readonly Marker[];
  readonly theirs: readonly Marker[];
}

function sideOf(pair: PairFact, me: string, peer: string): Side {
  return { me, peer, mine: pair.markers.get(me) ?? [], theirs: pair.markers.get(peer) ?? [] };
}

function draftFor(c: CaseFile, { me, peer, theirs, party: { telemetry } }: Side & { readonly party: PartyFact }): Draft[] {
  const example = theirs[0];
  const evidence: Ref[] = [{ source: expectedPath(c, me, example), absent: true, text: `no stream.tcp of ${me} for ${peer}` }];
  if (example !== undefined)
    evidence.push({ source: example.source, pointer: '/to', text: `the peer has it: ${example.channel} to ${example.to ?? ''}` });
  if (telemetry?.hasLive === true)
    evidence.push({ source: telemetry.source, pointer: '/live/proxies', text: `live.proxies lists no proxy for ${peer}` });
  evidence.push(...saidByRunner(c, me, peer));
  return [
    {
      subject: { from: me, to: peer },
      severity: harm(c, false),
      confidence: telemetry?.hasLive === true ? 'certain' : 'likely',
      message: `${name(me, c)} has no marker for its channel to ${name(peer, c)}: its client listens for no program there, nothing can leave and nothing that ${name(peer, c)} sends finds a writer`,
      evidence,
      touches: [me, peer],
    },
  ];
}

const NO_LISTENER = /^(?:CONNECT_FAIL|NOT_LISTENING)$/;

/** The runner saw the same: Desktop's audit misses the marker, a probe of this pair found no listener, the file is missing. */
function saidByRunner(c: CaseFile, me: string, peer: string): Ref[] {
  const mine = c.party(me);
  const [a, b] = [mine?.index ?? null, c.party(peer)?.index ?? null];
  if (mine === undefined || a === null || b === null) return [];
  const pair = `CP${Math.min(a, b)}<->CP${Math.max(a, b)}`;
  const own = runnerLines(c, 'port-conflict', 'port-check', 'path').filter((e) => partyOf(c, e) === mine);
  const lines = own.filter(
    (e) =>
      (e.kind === 'port-conflict' && e.subject === 'E_PORT_CONFLICT_MARKER_MISSING' && (e.detail ?? '').includes(String(b))) ||
      (e.kind === 'port-check' && NO_LISTENER.test(e.status ?? '') && (e.subject === pair || e.subject === `CP${b}`)) ||
      (e.kind === 'path' && e.status === 'missing' && (e.subject ?? '').includes(`${a}_to_${b}`)),
  );
  return lines.slice(0, 2).flatMap(lineRef);
}

/**
 * A relay that restarts loses its table of sessions, and every client reconnects into a new manager (F-18) at the same
 * moment. Its own log is truncated at each start, so it begins later than the clients' or holds two start blocks.
 */
import { defineRule } from './engine/rule.ts';
import { WITHOUT_CONNECTION } from './engine/follows.ts';
import { firstTime, harm, isWhole, plural, ref } from './engine/ask.ts';

/** Clients start within this time of their relay; a relay that is younger than that was restarted. */
const YOUNGER_US = 3_000_000;
/** A development relay stamps its start with the whole second. */
const STAMP_US = 1_000_000;

export const relayRestart = defineRule({
  meta: {
    id: 'relay-restart',
    title: 'The relay restarted under the run',
    severity: 'error',
    failures: ['F-17'],
    needs: ['client-log'],
    proves: 'The relay went away while clients were connected; sessions and frames under way are gone, and no client resumes.',
    notEvidence: {
      'one-client': 'One client alone that reconnects: its own link was cut.',
      'all-cut': "All clients that reconnect at once while the relay's log goes on: something between them cut idle links.",
      'later-start': 'A relay that starts before any client does.',
    },
    blindTo: 'Why it restarted: its earlier log is gone.',
    remedy: "Restart all clients and programs; keep the relay's log appended, or save it before a restart.",
    explains: [
      ...WITHOUT_CONNECTION,
      'split-client',
      'port-conflict',
      'lost-writer',
      'frozen-link',
      'dead-client',
      'duplicate-daemon',
      'rejected-session',
    ],
  },
  judge(c, steps) {
    const cuts = c.events.of('ws-disconnected');
    const cutParties = new Set(cuts.map((e) => e.party));
    const refused = c.events
      .of('ws-connect-error')
      .filter((e) => (e.reason ?? '').includes('ConnectionRefused') && cuts.some((x) => x.party === e.party && x.line < e.line));
    const starts = c.events.of('relay-start');
    const began = c.parties.flatMap((p) => (p.managers[0]?.enabled?.t == null ? [] : [p.managers[0].enabled.t]));
    const firstClient = began.length === 0 ? Infinity : Math.min(...began);
    const firstCut = Math.min(...cuts.map((e) => e.t ?? Infinity));
    const again =
      starts.find((e) => e.t !== null && (e.t > firstClient + YOUNGER_US || (e.t > firstClient && e.t > firstCut - STAMP_US))) ??
      (starts.length > 1 ? starts.at(-1) : undefined);
    const logged = c.parties.filter((p) => p.log !== null).length;
    const allRefused = logged > 1 && new Set(refused.map((e) => e.party)).size === logged;
    const { rows: hit } = steps
      .of('parties', c.parties)
      .that('whose connection to the relay was cut', (p) => cutParties.has(p.email))
      .that(
        'by a relay whose log begins anew, or that refused all clients when its log is missing',
        () => again !== undefined || (allRefused && c.relay === null),
      );
    if (hit.length === 0) return [];
    return [
      {
        subject: {},
        // Peer connections do without the relay. What goes through it has nobody to go to any more, though all that was sent before has arrived.
        severity: harm(c, !c.sessions.every((s) => s.p2pOpen.length > 0) || !c.directions.every((d) => isWhole(d))),
        confidence: again !== undefined ? 'certain' : 'likely',
        message: `the relay went away under ${plural(cutParties.size, 'client')} and came back without their sessions`,
        evidence: [...ref(again), ...[...cutParties].flatMap((party) => ref(cuts.find((e) => e.party === party))), ...ref(refused[0])],
        ...firstTime(cuts),
        touches: '*',
      },
    ];
  },
});

/** Claims of the notes from the new root-cause hypothesis to the assessment after patch D, in their order. */
import type { Claim } from './claim.ts';

const TOTALS = ['tx_bytes', 'tx_packets', 'rx_bytes', 'rx_packets', 'ws_fallbacks', 'webrtc_connected'] as const;

export const CLAIMS_LATE: readonly Claim[] = [
  {
    id: 'WRITER-1',
    at: 'New Root-Cause Hypothesis',
    says: 'A second connection of a program is ignored and never takes over: a channel can lose its writer for good.',
    verdict: 'confirmed',
    why: 'It shows in E1b and E3 when something connects before the program does and leaves.',
    shows: [{ run: 'probe-poisons', select: [{ show: 'cause', most: 4 }] }],
  },
  {
    id: 'WRITER-2',
    at: 'New Root-Cause Hypothesis',
    says: 'That is the main cause of the stall.',
    verdict: 'refuted',
    why: 'With the writers mended (patch D) E3 loses just as much as without (KEY-2 has it without), and no frame ever met a missing writer. The frames are lost at the relay, before any writer.',
    shows: [
      {
        run: 'seed-D',
        select: [
          { show: 'programs' },
          { show: 'cause', most: 2 },
          { show: 'count', log: 'client2', match: 'no writer' },
          { show: 'telemetry', party: 'client2', keys: TOTALS },
        ],
      },
    ],
  },
  {
    id: 'REPRO-1',
    at: 'Repro Commands',
    says: 'The smoke test of two parties reproduces it fast.',
    verdict: 'confirmed',
    why: 'Two parties are enough: whoever answers is dropped. It takes seconds.',
    shows: [{ run: 'two-party-stall', select: [{ show: 'verdict' }, { show: 'cause', most: 3 }] }],
  },
  {
    id: 'KEY-1',
    at: '1) Initial Docker mount issue (fixed)',
    says: 'The first mount error stopped the start and not the transport.',
    verdict: 'confirmed',
    why: 'A container that does not start leaves every counter at zero; the stalled runs have megabytes.',
    shows: [
      { run: 'mount-error', select: [{ show: 'cause', most: 1 }] },
      { run: 'published-29509775', select: [{ show: 'telemetry', party: 'client1', keys: ['tx_bytes', 'rx_bytes'] }] },
    ],
  },
  {
    id: 'KEY-2',
    at: '2) Transport stall signature',
    says: 'Typical totals: client1 sends two blocks, client2 one; client2 receives nothing.',
    verdict: 'confirmed',
    why: "E3 without any patch gives just that: all that client1 answers goes out on client2's session and is dropped.",
    shows: [
      { run: 'published-plateau', select: [{ show: 'flow', from: 'client1', to: 'client2' }] },
      {
        run: 'seed-E3',
        select: [
          { show: 'telemetry', party: 'client1', keys: TOTALS },
          { show: 'telemetry', party: 'client2', keys: TOTALS },
          { show: 'cause', most: 3 },
        ],
      },
    ],
  },
  {
    id: 'KEY-3',
    at: '3) Session anomalies in telemetry',
    says: 'A session whose peer is the party itself was routed back to it.',
    verdict: 'refuted',
    why: 'Telemetry takes the peer from the owner of the path: the aggregator lists itself for a session that client1 opened. In a run that completed with all bytes delivered every client has such sessions: with directional paths each outbound path has the own name.',
    shows: [
      { run: 'directional', select: [{ show: 'verdict' }, { show: 'peers', party: 'client1' }, { show: 'programs' }] },
      {
        run: 'seed',
        select: [
          { show: 'peers', party: 'client1' },
          { show: 'peers', party: 'aggregator' },
          { show: 'excluded', rule: 'self-route' },
        ],
      },
    ],
  },
  {
    id: 'KEY-4',
    at: '4) Rejections when forcing remote-owner routing',
    says: "Sending under the peer's name (patch B) is denied, and each frame is then answered with unknown session.",
    verdict: 'confirmed',
    why: 'The relay denies the open, stores nothing, and the client sends all the same.',
    shows: [
      {
        run: 'seed-B',
        select: [
          { show: 'log', log: 'relay', match: 'permission denied', most: 1 },
          { show: 'log', log: 'client1', match: 'HotlinkReject', most: 2 },
          { show: 'cause', most: 2 },
        ],
      },
    ],
  },
  {
    id: 'KEY-5',
    at: '4) Rejections when forcing remote-owner routing',
    says: 'The access lists expect the canonical path.',
    verdict: 'refuted',
    why: "They expect that a party opens where it may write, which is its own folder, or a channel whose list lets it. Paths that are canonical and in the peer's folder are denied as well without such a list; directional paths need none.",
    shows: [
      { run: 'open-denied', select: [{ show: 'cause', most: 3 }] },
      { run: 'seed-E5b', select: [{ show: 'programs' }, { show: 'verdict' }] },
    ],
  },
  {
    id: 'ROOT-1',
    at: 'Current Understanding (Most Likely Root Cause)',
    says: 'The canonical path may belong to the sender itself.',
    verdict: 'confirmed',
    why: 'It belongs to the smaller email, which sends on it too.',
    shows: [{ run: 'two-party-stall', select: [{ show: 'log', log: 'client1', match: 'session new', most: 1 }] }],
  },
  {
    id: 'ROOT-2',
    at: 'Current Understanding (Most Likely Root Cause)',
    says: 'The sender makes or takes a session that leads back to itself.',
    verdict: 'refuted',
    why: "The session that it takes is the peer's, and leads to the peer. What drops the frame is the relay, which takes data from the opener of a session alone.",
    shows: [
      {
        run: 'seed',
        select: [
          { show: 'log', log: 'client1', match: 'reusing inbound session', most: 1 },
          { show: 'log', log: 'relay', match: 'not sender', most: 1 },
          { show: 'excluded', rule: 'self-route' },
        ],
      },
    ],
  },
  {
    id: 'ROOT-3',
    at: 'Current Understanding (Most Likely Root Cause)',
    says: 'One direction works, and the other never comes about cleanly.',
    verdict: 'confirmed',
    why: 'The direction of the opener works. The answer goes into the same session and is dropped.',
    shows: [
      {
        run: 'two-party-stall',
        select: [
          { show: 'flow', from: 'client1', to: 'client2' },
          { show: 'flow', from: 'client2', to: 'client1' },
        ],
      },
    ],
  },
  {
    id: 'ROOT-4',
    at: 'Current Understanding (Most Likely Root Cause)',
    says: 'The programs then wait for ever for frames that are missing.',
    verdict: 'confirmed',
    why: 'Nothing sends again, and nothing tells the program.',
    shows: [{ run: 'seed', select: [{ show: 'programs' }] }],
  },
  {
    id: 'ROOT-5',
    at: 'Current Understanding (Most Likely Root Cause)',
    says: 'The choice of a session must know the peer and exclude the own one; paths and access lists must go together.',
    verdict: 'refuted',
    why: 'As far as it says what is needed: without adoption the run completes with canonical paths, without a guard and without knowing the peer. That paths and access lists must go together is right (KEY-4).',
    shows: [
      { run: 'seed-E', select: [{ show: 'programs' }, { show: 'verdict' }] },
      { run: 'no-adoption', select: [{ show: 'programs' }, { show: 'verdict' }] },
    ],
  },
  {
    id: 'PATCH-A',
    at: 'A) Docker datasite mount fallback (kept)',
    says: 'Patch A is good and needed for docker.',
    verdict: 'confirmed',
    why: 'Runs made after it have counters above zero. It touches the runner alone; the stall is the same with it.',
    shows: [{ run: 'published-29509970', select: [{ show: 'telemetry', party: 'client2', keys: ['tx_bytes', 'rx_bytes'] }] }],
  },
  {
    id: 'PATCH-B',
    at: 'B) Remote-owner outbound routing in hotlink (reverted)',
    says: 'Patch B is not viable by itself.',
    verdict: 'confirmed',
    why: 'Its opens are denied (KEY-4); client2 receives nothing.',
    shows: [
      { run: 'seed-B', select: [{ show: 'programs' }, { show: 'cause', most: 2 }, { show: 'telemetry', party: 'client2', keys: TOTALS }] },
    ],
  },
  {
    id: 'PATCH-C',
    at: 'C) Self-route guard wait/reuse inbound (partial, not sufficient)',
    says: 'Patch C is not enough; it needs better checks of who the peer is.',
    verdict: 'confirmed',
    why: 'Not enough, yes: it loses one frame instead of the whole stream, the one that goes out before the guard gives the session up. Better checks of the peer do not help: with the peer known (frm) the whole stream is lost again.',
    shows: [
      {
        run: 'seed-C',
        select: [
          { show: 'cause', most: 2 },
          { show: 'telemetry', party: 'client2', keys: TOTALS },
        ],
      },
      { run: 'seed-frm-guard', select: [{ show: 'telemetry', party: 'client2', keys: TOTALS }] },
    ],
  },
  {
    id: 'PATCH-D',
    at: 'D) Writer standby/promotion fix (in progress)',
    says: 'Patch D mends the writers and is not enough alone.',
    verdict: 'confirmed',
    why: 'It cures the poisoned writer and changes nothing in the stall.',
    shows: [
      { run: 'probe-mended', select: [{ show: 'programs' }, { show: 'verdict' }] },
      {
        run: 'seed-D',
        select: [
          { show: 'cause', most: 1 },
          { show: 'telemetry', party: 'client2', keys: TOTALS },
        ],
      },
    ],
  },
  {
    id: 'AFTER-D-1',
    at: 'Verification Progress After Patch D',
    says: 'Run 29509799 stalled with these totals.',
    verdict: 'confirmed',
    why: 'The programs and the client of that day give all eighteen figures.',
    shows: [
      {
        run: 'seed',
        select: [
          { show: 'telemetry', party: 'aggregator', keys: TOTALS },
          { show: 'telemetry', party: 'client1', keys: TOTALS },
          { show: 'telemetry', party: 'client2', keys: TOTALS },
        ],
      },
      { run: 'published-29509799', select: [{ show: 'cause', most: 3 }] },
    ],
  },
  {
    id: 'AFTER-D-2',
    at: 'Verification Progress After Patch D',
    says: 'The guard lines on 1_to_2 show sessions of client1 with itself.',
    verdict: 'refuted',
    why: "The id that the guard gives up is the one that was reused a moment before: the peer's session. The lines come as a pair, and each pair costs one frame.",
    shows: [
      {
        run: 'seed',
        select: [
          { show: 'log', log: 'client1', match: 'reusing inbound session|self-route guard|session new', most: 4 },
          { show: 'log', log: 'client1', match: 'hotlink open received', most: 2 },
        ],
      },
    ],
  },
  {
    id: 'ASSESS-1',
    at: 'Current Assessment',
    says: 'Poisoned writers were real, and not the only thing that blocks.',
    verdict: 'confirmed',
    why: 'Real as a mechanism; in the published run they have no part.',
    shows: [
      { run: 'probe-poisons', select: [{ show: 'cause', most: 1 }] },
      { run: 'seed-D', select: [{ show: 'cause', most: 1 }] },
    ],
  },
  {
    id: 'ASSESS-2',
    at: 'Current Assessment',
    says: 'What is left is the choice of sessions on 1_to_2 at client1.',
    verdict: 'confirmed',
    why: 'There the one frame is lost, and with the choice changed (patch E) nothing is.',
    shows: [
      { run: 'seed', select: [{ show: 'cause', most: 3 }] },
      { run: 'seed-C-D-E', select: [{ show: 'programs' }, { show: 'verdict' }] },
    ],
  },
];

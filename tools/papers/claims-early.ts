/** Claims of the notes up to the new root-cause hypothesis, in their order. */
import type { Claim } from './claim.ts';

const TOTALS = ['tx_bytes', 'tx_packets', 'rx_bytes', 'rx_packets', 'ws_fallbacks', 'webrtc_connected'] as const;

export const CLAIMS_EARLY: readonly Claim[] = [
  {
    id: 'SUM-1',
    at: 'Summary',
    says: 'The computation stalls in its secure step when the programs run in containers.',
    verdict: 'confirmed',
    why: 'It stalls; the containers have no part in it. The same programs stall without any container, with every counter of the published run to the byte.',
    shows: [
      { run: 'seed', select: [{ show: 'verdict' }, { show: 'cause', most: 2 }, { show: 'telemetry', party: 'client2', keys: TOTALS }] },
      { run: 'published-29509799', select: [{ show: 'telemetry', party: 'client2', keys: TOTALS }] },
    ],
  },
  {
    id: 'SUM-2',
    at: 'Summary',
    says: 'Containers stay up with an idle processor until they are killed (exit code 137).',
    verdict: 'undecidable',
    why: 'It fits programs that wait for bytes, but no output of docker was published with the figures of a run. 137 is the kill itself, no error of a program.',
    separates:
      'docker ps, docker stats and the exit code, collected with the sandbox: `analyze` reads all three (sample `stale-containers`).',
    shows: [{ run: 'published-29509799', select: [{ show: 'verdict' }] }],
  },
  {
    id: 'SUM-3',
    at: 'Summary',
    says: 'The programs wait in receive.',
    verdict: 'confirmed',
    why: 'client2 misses the eight bytes of one length and waits for client1; the others wait in turn.',
    shows: [{ run: 'seed', select: [{ show: 'programs' }, { show: 'flow', from: 'client1', to: 'client2' }] }],
  },
  {
    id: 'F08-1',
    at: 'Latest Findings (2026-02-08)',
    says: 'Run 29509775 stopped with unequal counters: partial delivery.',
    verdict: 'confirmed',
    why: 'All parties together sent 8 bytes more than they received, and only client1 can have sent them. Everything else balances.',
    shows: [
      {
        run: 'published-29509775',
        select: [
          { show: 'cause', most: 3 },
          { show: 'flow', from: 'client1', to: 'client2' },
        ],
      },
    ],
  },
  {
    id: 'F08-2',
    at: 'Latest Findings (2026-02-08)',
    says: 'One party still computed while others were idle, which matches a deadlock.',
    verdict: 'undecidable',
    why: 'The figures of docker stats were not published. Waiting for a lost frame and waiting for a peer that computes look the same from outside.',
    separates: "samples of docker stats, or a line that the program writes at each step (the runner's phase file).",
    shows: [{ run: 'published-29509775', select: [{ show: 'verdict' }] }],
  },
  {
    id: 'F08-3',
    at: 'Latest Findings (2026-02-08)',
    says: 'The relay does not send an open back to its opener, so sessions do not loop back there.',
    verdict: 'confirmed',
    why: 'In a live run each open that client1 sent went to another connection; `self-route` is excluded.',
    shows: [
      {
        run: 'two-party-stall',
        select: [
          { show: 'log', log: 'relay', match: 'HOTLINK_OPEN', most: 3 },
          { show: 'excluded', rule: 'self-route' },
        ],
      },
    ],
  },
  {
    id: 'F09-1',
    at: 'Latest Findings (2026-02-09)',
    says: 'Addressing containers by name made the fast test fail with an unreachable network.',
    verdict: 'undecidable',
    why: 'The message means that a container has no route; why it had none, names or network, does not stand in it. It is a matter of direct TCP, not of hotlink.',
    separates: 'docker network inspect and the addresses that the names resolved to, of a failing run.',
    shows: [{ run: 'console-unroutable', select: [{ show: 'cause', most: 2 }] }],
  },
  {
    id: 'F09-2',
    at: 'Latest Findings (2026-02-09)',
    says: 'With fixed addresses the fast container test passes; it says nothing of hotlink yet.',
    verdict: 'confirmed',
    why: 'That test connects programs directly. Hotlink carries none of its bytes, and it stalls with programs that have no network between them at all.',
    shows: [{ run: 'published-stall', select: [{ show: 'verdict' }, { show: 'cause', most: 1 }] }],
  },
  {
    id: 'FAST-1',
    at: 'Fast-loop status',
    says: 'The fast container test stays green and is a check of the transport.',
    verdict: 'refuted',
    why: 'It checks the network of the containers. The transport that stalls is hotlink, which that test goes past; the stall needs no container to show.',
    shows: [{ run: 'two-party-stall', select: [{ show: 'verdict' }, { show: 'cause', most: 1 }] }],
  },
  {
    id: 'FULL-1',
    at: 'Full distributed Docker status (still failing)',
    says: 'Data grows without reason on the way: client1 received fifteen megabytes and more (runs 29509931, …937, …941).',
    verdict: 'refuted',
    why: 'client2 sent that much: about 17302164 bytes, which is eleven times the block of 1572924. Within the rounding of the published figures nothing was received that nobody sent.',
    shows: [
      {
        run: 'published-29509931',
        select: [
          { show: 'flow', from: 'client2', to: 'client1' },
          { show: 'telemetry', party: 'client2', keys: ['tx_bytes'] },
          { show: 'telemetry', party: 'client1', keys: ['rx_bytes'] },
        ],
      },
      { run: 'stall-e3-debug', select: [{ show: 'excluded', rule: 'duplicate-delivery' }] },
    ],
  },
  {
    id: 'FULL-2',
    at: 'Full distributed Docker status (still failing)',
    says: 'webrtc_connected=0, so all traffic goes over the WebSocket.',
    verdict: 'confirmed',
    why: 'The counter never decreases, so 0 means that no peer connection ever came up. In the live run every session says that it falls back.',
    shows: [
      { run: 'published-29509799', select: [{ show: 'telemetry', party: 'client1', keys: ['webrtc_connected', 'ws_fallbacks'] }] },
      { run: 'seed', select: [{ show: 'log', log: 'client1', match: 'using ws fallback', most: 3 }] },
    ],
  },
  {
    id: 'FULL-3',
    at: 'Full distributed Docker status (still failing)',
    says: 'Unequal counters show the fault.',
    verdict: 'refuted',
    why: 'Parties play different parts: in a run that completed with every byte delivered the counters differ a thousandfold. Only a difference between what was sent and what was received shows loss.',
    shows: [
      {
        run: 'healthy',
        select: [
          { show: 'flow', from: 'aggregator', to: 'client2' },
          { show: 'flow', from: 'client2', to: 'aggregator' },
          { show: 'telemetry', party: 'aggregator', keys: ['tx_bytes', 'rx_bytes'] },
          { show: 'telemetry', party: 'client1', keys: ['tx_bytes', 'rx_bytes'] },
        ],
      },
    ],
  },
  {
    id: 'FULL-4',
    at: 'Full distributed Docker status (still failing)',
    says: 'These three runs deadlock after a partial exchange, as the earlier ones.',
    verdict: 'undecidable',
    why: 'Their figures are rounded and balance within the rounding. Eleven of eleven blocks arrived one way. A stop of the program, slow progress (each frame is printed twice, as numbers) and loss in a full queue all fit.',
    separates:
      "exact telemetry of all three at one moment, a second sample a minute later, and the relay's warnings (`buffer full`, `not sender`).",
    shows: [{ run: 'published-29509931', select: [{ show: 'verdict' }, { show: 'flow', from: 'client1', to: 'client2' }] }],
  },
  {
    id: 'MOUNT-1',
    at: 'New finding: second Docker mount failure mode (fixed)',
    says: 'Docker does not mount a folder whose path holds an @.',
    verdict: 'undecidable',
    why: "The message names the folder that could not be mounted and is recognised. Whether the @ or the missing folder was the reason does not stand in it: the notes' earlier failure of the same kind is about a missing one.",
    separates: 'the same docker run with a folder that exists and has an @, and with one that has none.',
    shows: [{ run: 'mount-error', select: [{ show: 'cause', most: 1 }] }],
  },
  {
    id: 'MOUNT-2',
    at: 'New finding: second Docker mount failure mode (fixed)',
    says: 'After the fallback to the folder above, the mount no longer stops the run.',
    verdict: 'confirmed',
    why: 'Run 29509970, made after it, has megabytes in every counter: its containers started.',
    shows: [{ run: 'published-29509970', select: [{ show: 'telemetry', party: 'client1', keys: ['tx_bytes', 'rx_bytes'] }] }],
  },
  {
    id: 'MOUNT-3',
    at: 'New finding: second Docker mount failure mode (fixed)',
    says: 'Run 29509970: a lopsidedness of the transport may remain.',
    verdict: 'undecidable',
    why: '7744088 bytes from client1 had not arrived when the figures were taken. Whether they were lost or under way, one sample of a run that was then interrupted does not tell.',
    separates: 'a second sample. If the sum of rx still rises they were under way.',
    shows: [
      {
        run: 'published-29509970',
        select: [
          { show: 'cause', most: 3 },
          { show: 'flow', from: 'client1', to: 'client2' },
        ],
      },
    ],
  },
  {
    id: 'STALE-1',
    at: 'New finding: stale-container cross-run interference',
    says: 'Containers of an older run can keep connections and spoil the channels of the next.',
    verdict: 'confirmed',
    why: 'As a mechanism: whoever is connected to a proxy port first gets the bytes (E6, first run), or cuts the program off when he leaves (E3, second run).',
    shows: [
      { run: 'stranger', select: [{ show: 'verdict' }, { show: 'flow', from: 'client1', to: 'client2' }, { show: 'programs' }] },
      { run: 'probe-poisons', select: [{ show: 'cause', most: 3 }] },
    ],
  },
  {
    id: 'STALE-2',
    at: 'New finding: stale-container cross-run interference',
    says: 'They did so in run 29509970.',
    verdict: 'undecidable',
    why: 'They were up; nothing that was published shows a connection of theirs.',
    separates: '`docker ps` with run ids, and debug lines `accepted on` before the program of the run started.',
    shows: [{ run: 'stale-containers', select: [{ show: 'cause', rule: 'stale-container', most: 2 }] }],
  },
  {
    id: 'STALE-3',
    at: 'Current run status (interrupted)',
    says: 'Clean up before each run; the clean run that was begun has no result.',
    verdict: 'confirmed',
    why: 'Nothing can be said of a run that was interrupted before its end: `analyze` says inconclusive of figures that may still move.',
    shows: [{ run: 'published-29509970', select: [{ show: 'verdict' }] }],
  },
  {
    id: 'PATCH-F',
    at: 'F) Targeted Hotlink Open (`to` user)',
    says: 'Patch F, opens that name a peer, does not cure the stall.',
    verdict: 'confirmed',
    why: 'The loss is not in who receives an open, but in who sends on it afterwards.',
    shows: [
      { run: 'seed-F', select: [{ show: 'programs' }, { show: 'cause', most: 2 }, { show: 'flow', from: 'client1', to: 'client2' }] },
    ],
  },
  {
    id: 'PATCH-G',
    at: 'G) TCP stream single-accept guard',
    says: 'Patch G, one acceptor per session, does not cure the stall.',
    verdict: 'confirmed',
    why: 'No session of these runs has two acceptors.',
    shows: [
      { run: 'seed-G', select: [{ show: 'programs' }, { show: 'cause', most: 2 }, { show: 'flow', from: 'client1', to: 'client2' }] },
    ],
  },
  {
    id: 'PATCH-G-2',
    at: 'G) TCP stream single-accept guard',
    says: 'With G the behaviour changed for a moment.',
    verdict: 'undecidable',
    why: 'One sample, not published.',
    separates: 'that sample, and the times of the others.',
    shows: [{ run: 'seed-G', select: [{ show: 'verdict' }] }],
  },
  {
    id: 'HYP-1',
    at: 'Refined Current Hypothesis',
    says: 'Frames are duplicated, or loop, between sessions of the same path.',
    verdict: 'refuted',
    why: 'Of the published run no more packets arrived than were sent, in any direction; in the live run no frame went to two connections.',
    shows: [
      {
        run: 'published-29509799',
        select: [
          { show: 'flow', from: 'client1', to: 'client2' },
          { show: 'flow', from: 'client2', to: 'client1' },
        ],
      },
      { run: 'seed', select: [{ show: 'excluded', rule: 'duplicate-delivery' }] },
    ],
  },
  {
    id: 'HYP-2',
    at: 'Refined Current Hypothesis',
    says: 'Streams of several sessions are mixed up in the order of frames: the published stall.',
    verdict: 'refuted',
    why: 'As the cause of this stall: with frames put in order by session every figure stays as it was. Frames are parked behind others that were delivered, and client2 got the body and nothing before it.',
    shows: [
      {
        run: 'seed-session-order',
        select: [{ show: 'programs' }, { show: 'cause', most: 1 }, { show: 'telemetry', party: 'client2', keys: TOTALS }],
      },
    ],
  },
  {
    id: 'HYP-2b',
    at: 'Refined Current Hypothesis',
    says: 'The same, of the runs of the next morning.',
    verdict: 'undecidable',
    why: 'Their totals balance within the rounding, which speaks against frames that are parked; the rounding is larger than many frames, and no session of those runs was published.',
    separates: 'exact totals, and the lines `session new` per path: two for one path make it possible, one rules it out.',
    shows: [{ run: 'published-29509931', select: [{ show: 'verdict' }, { show: 'flow', from: 'client2', to: 'client1' }] }],
  },
  {
    id: 'HYP-3',
    at: 'Refined Current Hypothesis',
    says: 'Channels on a path of the own name (1_to_2, 0_to_1) are where it fails.',
    verdict: 'confirmed',
    why: 'The loss is on 1_to_2. The reason is not that the path has the own name, but that both directions of a pair share it, so that one finds a session of the other there.',
    shows: [
      {
        run: 'seed',
        select: [
          { show: 'cause', most: 4 },
          { show: 'log', log: 'client1', match: 'reusing inbound session', most: 1 },
        ],
      },
    ],
  },
  {
    id: 'RELAY-1',
    at: 'New Evidence From Server Relay Instrumentation',
    says: 'Each frame that the relay printed went to one recipient: no fan-out.',
    verdict: 'confirmed',
    why: "So it is in our relay's lines and in the recording. The lines are blind to the loss: a frame of the wrong sender is dropped before it is printed.",
    shows: [
      {
        run: 'seed-relay-lines',
        select: [
          { show: 'count', log: 'relay', match: 'hotlink data relay.*recipients=1' },
          { show: 'count', log: 'relay', match: 'hotlink data relay.*recipients=([2-9]|0)' },
          { show: 'log', log: 'relay', match: 'not sender', most: 1 },
        ],
      },
    ],
  },
  {
    id: 'RELAY-2',
    at: 'New Evidence From Server Relay Instrumentation',
    says: "So fan-out does not explain client1's large rx.",
    verdict: 'confirmed',
    why: 'And nothing needs explaining: client2 sent that much.',
    shows: [{ run: 'published-29509931', select: [{ show: 'flow', from: 'client2', to: 'client1' }] }],
  },
  {
    id: 'MISS-1',
    at: 'Updated Narrowed Failure Pattern',
    says: 'client2 sends nothing to the aggregator.',
    verdict: 'confirmed',
    why: 'Where the totals are exact, all that client2 sent arrived at client1.',
    shows: [
      {
        run: 'published-29509775',
        select: [
          { show: 'flow', from: 'client2', to: 'aggregator' },
          { show: 'flow', from: 'client2', to: 'client1' },
        ],
      },
    ],
  },
  {
    id: 'MISS-2',
    at: 'Updated Narrowed Failure Pattern',
    says: 'That this channel is missing is why the run stalls.',
    verdict: 'undecidable',
    why: 'Of the run in which it was seen (29509948) no totals were published, and nothing tells whether its programs had come to need the channel: every channel that is not needed yet looks so. In the published run 29509799 it was not the cause: its programs never get that far, and with patch E alone they complete.',
    separates: "the step in which each program was (the runner's phase file), and `session new` of client2 in its log.",
    shows: [
      { run: 'seed', select: [{ show: 'flow', from: 'client2', to: 'aggregator' }, { show: 'programs' }] },
      { run: 'seed-E', select: [{ show: 'programs' }, { show: 'verdict' }] },
    ],
  },
  {
    id: 'CONTROL-1',
    at: 'Attempted Control Run',
    says: 'A run without docker could not be compared.',
    verdict: 'confirmed',
    why: 'Its stack never started. The comparison can be made here: without docker the stall is the same.',
    shows: [{ run: 'published-stall', select: [{ show: 'verdict' }, { show: 'cause', most: 2 }] }],
  },
  {
    id: 'NEXT-1',
    at: 'Current Best Next Step',
    says: 'It has to be found out whether client2 ever tries to send to the aggregator.',
    verdict: 'confirmed',
    why: 'It does not: by the totals of the published run, and by the lines of the live one, where it opens no such session.',
    shows: [
      { run: 'published-29509799', select: [{ show: 'flow', from: 'client2', to: 'aggregator' }] },
      { run: 'seed', select: [{ show: 'log', log: 'client2', match: 'session new', most: 3 }] },
    ],
  },
  {
    id: 'NEXT-2',
    at: 'Next Immediate Work',
    says: 'If fan-out is found, let one peer receive each session.',
    verdict: 'refuted',
    why: 'There is no fan-out, and the rule (patch G) changes no figure.',
    shows: [
      { run: 'seed-G', select: [{ show: 'telemetry', party: 'client2', keys: TOTALS }] },
      { run: 'seed-E3', select: [{ show: 'telemetry', party: 'client2', keys: TOTALS }] },
    ],
  },
];

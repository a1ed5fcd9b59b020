/** Claims of the notes from the transport finding after `from` propagation on, in their order. */
import type { Claim } from './claim.ts';

const TOTALS = ['tx_bytes', 'tx_packets', 'rx_bytes', 'rx_packets', 'ws_fallbacks', 'webrtc_connected'] as const;

export const CLAIMS_END: readonly Claim[] = [
  {
    id: 'CLEAN-1',
    at: 'Run Cleanup (Latest)',
    says: 'Run 29509799 was stuck for good when it was ended by hand after seventeen minutes.',
    verdict: 'confirmed',
    why: 'A frame that the relay dropped is not sent again by anybody.',
    shows: [{ run: 'seed', select: [{ show: 'flow', from: 'client1', to: 'client2' }, { show: 'programs' }] }],
  },
  {
    id: 'CI-1',
    at: 'Additional CI Failure Mode (Separate Track)',
    says: 'The scenario in CI failed in a step before the transport, with all counters at zero.',
    verdict: 'confirmed',
    why: 'Failed step, and nothing sent by anybody: the transport was not used.',
    shows: [{ run: 'failed-step', select: [{ show: 'cause', most: 1 }] }],
  },
  {
    id: 'CI-2',
    at: 'Additional CI Failure Mode (Separate Track)',
    says: 'The inputs of that step are the likely reason.',
    verdict: 'undecidable',
    why: 'The word of the step is all that was published.',
    separates: "the step's own log.",
    shows: [{ run: 'failed-step', select: [{ show: 'verdict' }] }],
  },
  {
    id: 'FRM-1',
    at: 'Latest Transport Finding After `from` Propagation',
    says: 'The relay now says who opened, and client1 prints it.',
    verdict: 'confirmed',
    why: 'So it does with the same change.',
    shows: [{ run: 'seed-frm', select: [{ show: 'log', log: 'client1', match: 'hotlink open received', most: 1 }] }],
  },
  {
    id: 'FRM-2',
    at: 'Latest Transport Finding After `from` Propagation',
    says: 'With that the loop of the guard on 1_to_2 is gone.',
    verdict: 'confirmed',
    why: 'It goes when the guard compares the opener with the own name: then it never fires. Naming the opener alone does not do it (all patches but E keep the pair of lines).',
    shows: [
      { run: 'seed-frm-guard', select: [{ show: 'count', log: 'client1', match: 'self-route guard: discarding' }] },
      {
        run: 'seed-all-but-E',
        select: [
          { show: 'cause', most: 1 },
          { show: 'telemetry', party: 'client2', keys: TOTALS },
        ],
      },
    ],
  },
  {
    id: 'FRM-3',
    at: 'Latest Transport Finding After `from` Propagation',
    says: 'Run 29509851 still stalled, with client2 receiving nothing.',
    verdict: 'confirmed',
    why: "That follows: without the guard the adopted session is kept, and all of client1's answer is dropped instead of one frame.",
    shows: [
      {
        run: 'seed-frm-guard',
        select: [{ show: 'programs' }, { show: 'cause', most: 2 }, { show: 'telemetry', party: 'client2', keys: TOTALS }],
      },
    ],
  },
  {
    id: 'FRM-4',
    at: 'Latest Transport Finding After `from` Propagation',
    says: "The relay takes data from a session's opener alone, so a session of the peer cannot be used for sending over the WebSocket.",
    verdict: 'confirmed',
    why: 'This is the cause of the stall. Without adoption nothing is lost.',
    shows: [
      {
        run: 'two-party-stall',
        select: [
          { show: 'log', log: 'relay', match: 'not sender', most: 2 },
          { show: 'cause', most: 3 },
        ],
      },
      { run: 'no-adoption', select: [{ show: 'programs' }, { show: 'verdict' }] },
    ],
  },
  {
    id: 'FRM-5',
    at: 'Latest Transport Finding After `from` Propagation',
    says: 'It can be used peer to peer.',
    verdict: 'confirmed',
    why: 'In p2p-only mode the frames of an adopted session go over the data channel, and the relay is not asked.',
    shows: [
      {
        run: 'adoption-p2p',
        select: [
          { show: 'programs' },
          { show: 'log', log: 'client2', match: 'reusing inbound session', most: 1 },
          { show: 'count', log: 'relay', match: 'not sender' },
        ],
      },
    ],
  },
  {
    id: 'PATCH-E',
    at: 'Patch E (Applied, verifying)',
    says: 'Patch E, adoption in p2p-only mode alone, is in test.',
    verdict: 'confirmed',
    why: 'It cures the stall, alone and with the patches before it.',
    shows: [
      { run: 'seed-E', select: [{ show: 'programs' }, { show: 'verdict' }, { show: 'flow', from: 'client1', to: 'client2' }] },
      { run: 'seed-C-D-E', select: [{ show: 'programs' }, { show: 'verdict' }] },
    ],
  },
  {
    id: 'FIX-1',
    at: '1) Harden session selection in `send_hotlink`',
    says: 'Take a session only if its peer is somebody else.',
    verdict: 'refuted',
    why: 'The peer of the adopted session is somebody else. A check that passes does not help; the session must be of the own opening.',
    shows: [
      {
        run: 'seed-frm-guard',
        select: [
          { show: 'cause', most: 2 },
          { show: 'log', log: 'client1', match: 'reusing inbound', most: 1 },
        ],
      },
    ],
  },
  {
    id: 'FIX-2',
    at: '2) Add explicit peer identity checks',
    says: 'The peer in telemetry comes from the path and is not enough.',
    verdict: 'confirmed',
    why: 'It is the owner of the path, in every version.',
    shows: [{ run: 'directional', select: [{ show: 'peers', party: 'client2' }] }],
  },
  {
    id: 'FIX-3',
    at: '3) Keep canonical path routing unless ACL model changes',
    says: 'Keep canonical paths and exclude sessions to oneself.',
    verdict: 'refuted',
    why: 'Excluding them cures nothing (patch C). Keeping canonical paths works without adoption; directional paths work as well, under the access lists as they are.',
    shows: [
      { run: 'seed-C', select: [{ show: 'programs' }, { show: 'cause', most: 1 }] },
      { run: 'seed-E5b', select: [{ show: 'programs' }, { show: 'verdict' }] },
    ],
  },
  {
    id: 'FIX-4',
    at: '4) Add deterministic regression assertions',
    says: 'Let CI fail when any session names the own party as its peer.',
    verdict: 'refuted',
    why: 'A healthy run of E5b fails this in every client (and the published stall has such a session by chance of its path).',
    shows: [
      { run: 'directional', select: [{ show: 'verdict' }, { show: 'peers', party: 'client1' }, { show: 'peers', party: 'client2' }] },
    ],
  },
  {
    id: 'FIX-5',
    at: '4) Add deterministic regression assertions',
    says: 'Let CI fail at any reject of an open or a frame.',
    verdict: 'confirmed',
    why: 'It finds denied opens. It does not find this stall: the relay drops without a reject. The line to look for is the warning about the sender.',
    shows: [
      { run: 'seed-B', select: [{ show: 'count', log: 'client1', match: 'HotlinkReject' }] },
      {
        run: 'seed',
        select: [
          { show: 'count', log: 'client1', match: 'HotlinkReject' },
          { show: 'count', log: 'relay', match: 'not sender' },
        ],
      },
    ],
  },
  {
    id: 'FIX-6',
    at: '4) Add deterministic regression assertions',
    says: 'Let CI fail when counters stand still for some samples.',
    verdict: 'undecidable',
    why: 'Counters of a finished run and of a long computation stand still too; of an interrupted one they move although bytes are lost. It needs the word of the program.',
    separates: 'the phase file or the exit of the program; `gate` takes both (docs/gate.md).',
    shows: [
      { run: 'healthy', select: [{ show: 'verdict' }] },
      { run: 'seed', select: [{ show: 'verdict' }] },
    ],
  },
  {
    id: 'VALID-1',
    at: 'Validation Commands',
    says: 'Searching the client logs for rejects validates a fix.',
    verdict: 'refuted',
    why: 'The stalled run has none in any client log.',
    shows: [
      {
        run: 'seed',
        select: [
          { show: 'count', log: 'aggregator', match: 'HotlinkReject|unknown session' },
          { show: 'count', log: 'client1', match: 'HotlinkReject|unknown session' },
          { show: 'count', log: 'client2', match: 'HotlinkReject|unknown session' },
        ],
      },
    ],
  },
  {
    id: 'OPEN-1',
    at: 'Open Questions',
    says: 'Should access lists allow both owners of a path?',
    verdict: 'undecidable',
    why: 'A choice of design. It is not needed: with each party opening in its own folder the lists of today are enough.',
    separates: 'nothing in a log; only whether anything else should ever open in a folder of somebody else.',
    shows: [{ run: 'seed-E5b', select: [{ show: 'programs' }, { show: 'verdict' }] }],
  },
  {
    id: 'OPEN-2',
    at: 'Open Questions',
    says: 'Is the right to open tied to the owner of the path alone?',
    verdict: 'refuted',
    why: "No: the owner always may, and so may whoever the channel's list lets write (client2 opens in client1's folder in the stalled run). Sending is tied to the opener, not to the owner.",
    shows: [
      { run: 'open-denied', select: [{ show: 'log', log: 'relay', match: 'permission denied', most: 1 }] },
      { run: 'seed', select: [{ show: 'log', log: 'client2', match: 'session new', most: 1 }] },
    ],
  },
  {
    id: 'OPEN-3',
    at: 'Open Questions',
    says: 'Canonical paths in the long run, or paths by sender and receiver?',
    verdict: 'confirmed',
    why: 'By sender and receiver (E5b): no inbound session can lie on the path on which a party sends, the order of names plays no part, and no right in a foreign folder is needed. Both ends must have it (E5a shows what half of it does).',
    shows: [
      { run: 'directional', select: [{ show: 'programs' }, { show: 'verdict' }] },
      { run: 'swapped', select: [{ show: 'cause', most: 1 }] },
    ],
  },
  {
    id: 'LAST-1',
    at: 'Practical Next Step',
    says: 'Excluding sessions to oneself and matching by peer is the next step.',
    verdict: 'refuted',
    why: 'Both together still lose the stream. Not adopting is the step.',
    shows: [
      { run: 'seed-frm-guard', select: [{ show: 'programs' }] },
      { run: 'seed-E', select: [{ show: 'programs' }] },
    ],
  },
];

/** How a version of the client acts, as single switches; a version is a preset over them (field guide 8.2–8.8). */
import { PEERS_E3, PEERS_E4, PEERS_E6, type PeerBehaviour } from './peer-behaviour.ts';

export interface Behaviour {
  readonly name: string;
  /** Path on which a party sends: one for both directions of a pair, or its own. */
  readonly outboundKey: 'canonical' | 'directional';
  /** Under which of the peer's paths a program's writer is also known: none, the same directory's, the mirrored one's. */
  readonly peerInboundKey: 'none' | 'same' | 'swapped';
  /** Sends on a session that the peer opened when one is there. */
  readonly adoption: 'never' | 'p2p-only' | 'always';
  /** Second connection of a program: ignored for good, or kept and promoted when the first closes. */
  readonly standby: boolean;
  /** Numbers are put in order per path or per session. */
  readonly reorderKey: 'path' | 'session';
  /** Whom the open names: nobody, whoever opened on the same directory before, or the peer of the marker (canonical side only). */
  readonly opensTo: 'nobody' | 'earlier-opener' | 'marker';
  /** Prints `from` and `to` of opens. */
  readonly namesOpener: boolean;
  readonly acceptWaitMs: number;
  /** Seconds in the line about an accept that did not come; the real line rounds down. */
  readonly acceptWaitLabel: string;
  readonly writerWaitMs: number;
  /** How long a frame without a writer is then offered to local readers, inside the read loop. */
  readonly ipcWaitMs: number;
  readonly chunkBytes: number;
  /** How long each of the first frames of a session waits for peer to peer. */
  readonly graceMs: number;
  readonly graceFrames: number;
  /** Telemetry has `bench_strict` and `strict_violations`. */
  readonly strictKeys: boolean;
  /** Takes ICE servers from the relay, and so a TURN address without credentials. */
  readonly serverIce: boolean;
  /** The direct way. */
  readonly peers: PeerBehaviour;
}

const E3: Behaviour = {
  name: 'E3',
  outboundKey: 'canonical',
  peerInboundKey: 'none',
  adoption: 'always',
  standby: false,
  reorderKey: 'path',
  opensTo: 'nobody',
  namesOpener: false,
  acceptWaitMs: 5000,
  acceptWaitLabel: '5s',
  writerWaitMs: 5000,
  ipcWaitMs: 30_500,
  chunkBytes: 14 * 1024,
  graceMs: 0,
  graceFrames: 0,
  strictKeys: false,
  serverIce: false,
  peers: PEERS_E3,
};

const E4: Behaviour = {
  ...E3,
  name: 'E4',
  adoption: 'p2p-only',
  standby: true,
  reorderKey: 'session',
  opensTo: 'earlier-opener',
  namesOpener: true,
  serverIce: true,
  peers: PEERS_E4,
};

const E5A: Behaviour = { ...E4, name: 'E5a', outboundKey: 'directional', peerInboundKey: 'same' };
const E5B: Behaviour = { ...E5A, name: 'E5b', peerInboundKey: 'swapped' };
const E6: Behaviour = {
  ...E5B,
  name: 'E6',
  opensTo: 'marker',
  acceptWaitMs: 1500,
  acceptWaitLabel: '1s',
  chunkBytes: 60 * 1024,
  graceMs: 1500,
  graceFrames: 3,
  strictKeys: true,
  peers: PEERS_E6,
};

export const BEHAVIOURS = { E3, E4, E5a: E5A, E5b: E5B, E6 } as const;
export type BehaviourName = keyof typeof BEHAVIOURS;

/** How a version of the client acts, as single switches; a version is a preset over them (field guide 8.2–8.8). */
import { PEERS_E3, PEERS_E4, PEERS_E6, type PeerBehaviour } from './peer-behaviour.ts';

export interface Behaviour {
  readonly name: string;
  /** Path on which a party sends: one for both directions of a pair, its own, or the peer's name before the pair's channel. */
  readonly outboundKey: 'canonical' | 'directional' | 'remote-owner';
  /** A program's writer is also known under the pair's channel of either party. */
  readonly ownerKeys: boolean;
  /** Under which of the peer's paths a program's writer is also known: none, the same directory's, the mirrored one's. */
  readonly peerInboundKey: 'none' | 'same' | 'swapped';
  /** Sends on a session that the peer opened when one is there. */
  readonly adoption: 'never' | 'p2p-only' | 'always';
  /** On a path of its own name: gives up a session that the peer opened too; or only one that it opened to itself. */
  readonly guard: 'none' | 'also-inbound' | 'own-inbound';
  /** Second connection of a program: takes over for good, is ignored for good, or is kept and promoted when the first closes. */
  readonly writers: 'newest' | 'first-live' | 'standby';
  /** Numbers are put in order per path or per session. */
  readonly reorderKey: 'path' | 'session';
  /** One lock for the order of all channels, held while a frame is written to a program (F-8). */
  readonly reorderLock: boolean;
  /** The table of sessions is locked while a frame waits for its writer and is written: no open can be entered. */
  readonly tableLock: boolean;
  /** Whom the open names: nobody, whoever opened on the same directory before, or the peer of the marker (canonical side only). */
  readonly opensTo: 'nobody' | 'earlier-opener' | 'marker';
  /** Prints `from` and `to` of opens. */
  readonly namesOpener: boolean;
  readonly acceptWaitMs: number;
  /** No accept: the session is closed and its chunk lost, or it is used all the same. */
  readonly acceptFailure: 'forget' | 'send-anyway';
  readonly writerWaitMs: number;
  readonly writerPollMs: number;
  /** How long a frame without a writer is then offered to local readers, inside the read loop. */
  readonly ipcWaitMs: number;
  readonly chunkBytes: number;
  /** Behind a full piece the next one is given so long to fill, as a slower reader would find it in the system's buffer. */
  readonly burstMs: number;
  /** A chunk that could not be sent ends the program's connection, or only loses the rest of what was read. */
  readonly sendFailure: 'stop' | 'continue';
  /** How long a port that is taken is tried again; 0: not at all. */
  readonly bindRetryMs: number;
  /** How long each of the first frames of a session waits for peer to peer. */
  readonly graceMs: number;
  readonly graceFrames: number;
  /** One frame after the other, whatever it waits for; or a frame that waits holds up those of its own path alone (F-7). */
  readonly readLoop: 'one' | 'per-path';
  /** A lost connection: a second set of sessions and listeners beside the first, or the first goes on and accepts its sessions again (F-18). */
  readonly reconnect: 'new-half' | 'keep';
  /** Telemetry is written at least so often; 0: only when something moves. */
  readonly flushMs: number;
  /** Telemetry has `bench_strict` and `strict_violations`. */
  readonly strictKeys: boolean;
  /** QUIC beside the WebSocket: not of this version, switched off, or tried and never ready. */
  readonly quic: 'none' | 'off' | 'fails';
  /** Takes ICE servers from the relay, and so a TURN address without credentials. */
  readonly serverIce: boolean;
  /** The direct way. */
  readonly peers: PeerBehaviour;
  /** Whose words the log has (field guide 4). */
  readonly lines: 'E1' | 'E1b' | 'E3' | 'E4';
}

/** What can be switched: everything but the direct way, which flags tune. */
export type Switches = Omit<Behaviour, 'name' | 'peers'>;

const E3: Behaviour = {
  name: 'E3',
  outboundKey: 'canonical',
  ownerKeys: true,
  peerInboundKey: 'none',
  adoption: 'always',
  guard: 'none',
  writers: 'first-live',
  reorderKey: 'path',
  reorderLock: false,
  tableLock: false,
  opensTo: 'nobody',
  namesOpener: false,
  acceptWaitMs: 5000,
  acceptFailure: 'send-anyway',
  writerWaitMs: 5000,
  writerPollMs: 250,
  ipcWaitMs: 30_500,
  chunkBytes: 14 * 1024,
  burstMs: 5,
  sendFailure: 'continue',
  bindRetryMs: 0,
  graceMs: 0,
  graceFrames: 0,
  readLoop: 'one',
  reconnect: 'new-half',
  flushMs: 3000,
  strictKeys: false,
  quic: 'none',
  serverIce: false,
  peers: PEERS_E3,
  lines: 'E3',
};

const E1: Behaviour = {
  ...E3,
  name: 'E1',
  ownerKeys: false,
  adoption: 'never',
  writers: 'newest',
  reorderLock: true,
  tableLock: true,
  acceptWaitMs: 1500,
  acceptFailure: 'forget',
  writerWaitMs: 30_000,
  writerPollMs: 500,
  chunkBytes: 64 * 1024,
  sendFailure: 'stop',
  flushMs: 0,
  quic: 'fails',
  lines: 'E1',
};

const E1B: Behaviour = { ...E1, name: 'E1b', writers: 'first-live', acceptWaitMs: 5000, bindRetryMs: 30_000, lines: 'E1b' };

const E4: Behaviour = {
  ...E3,
  name: 'E4',
  adoption: 'p2p-only',
  guard: 'own-inbound',
  writers: 'standby',
  reorderKey: 'session',
  opensTo: 'earlier-opener',
  namesOpener: true,
  serverIce: true,
  peers: PEERS_E4,
  lines: 'E4',
};

const E5A: Behaviour = { ...E4, name: 'E5a', outboundKey: 'directional', peerInboundKey: 'same' };
const E5B: Behaviour = { ...E5A, name: 'E5b', peerInboundKey: 'swapped' };
const E6: Behaviour = {
  ...E5B,
  name: 'E6',
  opensTo: 'marker',
  acceptWaitMs: 1500,
  chunkBytes: 60 * 1024,
  graceMs: 1500,
  graceFrames: 3,
  strictKeys: true,
  peers: PEERS_E6,
};

export const BEHAVIOURS = { E3, E4, E5a: E5A, E5b: E5B, E6, E1, E1b: E1B } as const;
export type BehaviourName = keyof typeof BEHAVIOURS;

interface Patch {
  readonly says: string;
  /** What it changes in the client before it. */
  readonly change: (before: Behaviour) => Partial<Switches>;
}

/**
 * Patches of the investigators' notes, in the order in which they are put on (field guide 9.2). A changed the runner
 * only; what F, G and frm need of the relay is in `RELAY_PATCHES`.
 */
export const PATCHES = {
  B: { says: "sends under the peer's name", change: () => ({ outboundKey: 'remote-owner' }) },
  C: {
    says: 'on a path of its own name: waits for a session of the peer, gives up one that the peer opened too',
    change: () => ({ guard: 'also-inbound' }),
  },
  D: { says: 'keeps a second connection of a program and promotes it', change: () => ({ writers: 'standby' }) },
  E: {
    says: "sends on the peer's session in p2p-only mode alone, and tells such a session from one to itself",
    change: ({ guard }) => ({ adoption: 'p2p-only', guard: guard === 'none' ? 'none' : 'own-inbound' }),
  },
  F: { says: 'opens name the party that opened before', change: () => ({ opensTo: 'earlier-opener', namesOpener: true }) },
  G: { says: 'the relay takes the accept of one user', change: () => ({}) },
  frm: { says: 'the relay says who opened', change: () => ({ namesOpener: true }) },
} as const satisfies Record<string, Patch>;
export type PatchName = keyof typeof PATCHES;

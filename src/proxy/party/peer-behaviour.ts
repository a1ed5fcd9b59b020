/** How the versions of the client that speak WebRTC differ on the direct way (field guide 8.1, 8.2, 8.7). */

export interface PeerBehaviour {
  /** In p2p-only mode a new session waits so long for its data channel. */
  readonly readyWaitMs: number;
  /** A frame that may not go over the WebSocket is dropped without a word to the program's side, or refused. */
  readonly refusal: 'drop' | 'refuse';
  /** Bytes in the channel's buffer above which a send waits, and how long, before it fails; undefined: it never fails for that. */
  readonly highWater: { readonly bytes: number; readonly waitMs: number } | undefined;
  /** Makes chunks smaller after one that the channel does not take. */
  readonly halves: boolean;
  /** Says which frames it sends, the first three and each 500th, before it knows how. */
  readonly namesFrames: boolean;
}

const KIB = 1024;
const SMALLEST_CHUNK = 4 * KIB;

export const PEERS_E3: PeerBehaviour = {
  readyWaitMs: 10_000,
  refusal: 'drop',
  highWater: undefined,
  halves: false,
  namesFrames: false,
};
export const PEERS_E4: PeerBehaviour = { ...PEERS_E3, namesFrames: true };
export const PEERS_E6: PeerBehaviour = {
  ...PEERS_E4,
  refusal: 'refuse',
  highWater: { bytes: KIB * KIB, waitMs: 1500 },
  halves: true,
};

/** Values that a user gives in place of the version's own. */
export interface Tuning {
  readonly chunkBytes?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly bufferedHigh?: number | undefined;
  readonly backpressureWaitMs?: number | undefined;
}

/** What each takes, as the real client limits it, and the variable that sets it (E6). */
export const LIMITS = {
  chunkBytes: { least: SMALLEST_CHUNK, most: KIB * KIB, variable: 'SYFTBOX_HOTLINK_TCP_PROXY_CHUNK_SIZE' },
  graceMs: { least: 0, most: 10_000, variable: 'SYFTBOX_HOTLINK_WS_FALLBACK_GRACE_MS' },
  bufferedHigh: { least: 1, most: 16 * KIB * KIB, variable: 'SYFTBOX_HOTLINK_WEBRTC_BUFFERED_HIGH' },
  backpressureWaitMs: { least: 0, most: 10_000, variable: 'SYFTBOX_HOTLINK_WEBRTC_BACKPRESSURE_WAIT_MS' },
} as const satisfies Record<keyof Tuning, { least: number; most: number; variable: string }>;

/** From the environment of an E6 client: what is no number counts for nothing, what is too much or too little is brought back. */
export function tuningOf(environment: Readonly<Record<string, string | undefined>>): Tuning {
  return Object.fromEntries(
    Object.entries(LIMITS).flatMap(([name, { least, most, variable }]) => {
      const text = environment[variable]?.trim() ?? '';
      return /^\d{1,15}$/.test(text) ? [[name, Math.min(most, Math.max(least, Number(text)))]] : [];
    }),
  );
}

export function tuned<B extends { chunkBytes: number; graceMs: number; peers: PeerBehaviour }>(behaviour: B, by: Tuning): B {
  const { highWater } = behaviour.peers;
  return {
    ...behaviour,
    chunkBytes: by.chunkBytes ?? behaviour.chunkBytes,
    graceMs: by.graceMs ?? behaviour.graceMs,
    peers: {
      ...behaviour.peers,
      highWater: highWater && { bytes: by.bufferedHigh ?? highWater.bytes, waitMs: by.backpressureWaitMs ?? highWater.waitMs },
    },
  };
}

/** Half the chunk after one that was too long; undefined when it cannot be made smaller. */
export function halved(chunkBytes: number): number | undefined {
  return chunkBytes > SMALLEST_CHUNK ? Math.max(SMALLEST_CHUNK, chunkBytes >> 1) : undefined;
}

/** What a party needs of a WebRTC library: one peer connection with one data channel per session (field guide 6.7). */

/** Name of the data channel that the acceptor of a session creates. */
export const LABEL = 'hotlink';
/** Longest message of a data channel, frame header included (field guide 8.2). */
export const MESSAGE_LIMIT = 65_536;
/** What the real client's library says of a longer one; the client looks for these words (F-9). */
export const OVERSIZE = 'outbound packet larger than maximum message size';

export type DescriptionType = 'offer' | 'answer';

/** What a peer connection tells, always later than the call that causes it. */
export interface PeerEvents {
  readonly described: (sdp: string, type: DescriptionType) => void;
  readonly candidate: (candidate: string) => void;
  /** The other side's channel arrived; `isOurs`: a party of ours made it, not a real client. */
  readonly received: (label: string, isOurs: boolean) => void;
  readonly open: () => void;
  readonly message: (bytes: Uint8Array) => void;
  /** The channel is closed or the connection failed: nothing more will be sent or received. */
  readonly closed: () => void;
}

export interface Peer {
  /** Creates the channel, which makes an offer. */
  readonly offer: () => void;
  /** Throws in the library's words. */
  readonly remote: (sdp: string, type: DescriptionType) => void;
  /** May come before the description: it is kept until then. */
  readonly candidate: (candidate: string) => void;
  /** Throws when the channel is not open or the message is too long. */
  readonly send: (bytes: Uint8Array) => void;
  /** Bytes that were sent and have not left yet. */
  readonly buffered: () => number;
  readonly close: () => void;
}

export interface PeerStack {
  readonly name: string;
  /** Throws in the library's words. */
  readonly create: (events: PeerEvents) => Peer;
  /** Lets go of the library's threads; no connection may be used after it. */
  readonly close: () => void;
}

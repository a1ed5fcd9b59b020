/**
 * The direct way of one manager: a peer connection per session, set up through the relay (field guide 6.7, 8.6, 8.7).
 *
 * Who accepts a session makes the channel and offers; the opener answers and sends its frames on it. Each frame is one message.
 */
import { randomUUID } from 'node:crypto';
import { decodeFrame, encodeFrame, type Frame } from '../../protocol/frame.ts';
import type { Message, SignalMessage } from '../../protocol/message.ts';
import { OVERSIZE, type DescriptionType, type Peer, type PeerStack } from '../webrtc/peer.ts';
import { candidateText, descriptionText, parseCandidate, parseDescription } from '../webrtc/signal.ts';
import { Window } from '../webrtc/window.ts';
import type { Counters, SessionRow } from './counters.ts';
import { bare, escapeText, type PartyLevel } from './log.ts';
import type { PeerBehaviour } from './peer-behaviour.ts';

const READY_POLL_MS = 100;
const HIGH_WATER_POLL_MS = 5;
/** Where a version has no high-water mark its buffer grows without end; ours waits here, without a limit in time. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;
/** Peer connections of one manager; a relay could make up sessions. */
const MOST_LINKS = 256;
const NAMED_FIRST = 3;
const NAMED_EACH = 500;
const NO_CREDENTIALS = 'turn server credentials required';

export interface PeersOptions {
  readonly behaviour: PeerBehaviour;
  readonly debug: boolean;
  /** Undefined: no peer connection can be built. */
  readonly stack: PeerStack | undefined;
  /** The relay's header says TURN and there are no credentials: that is why (F-14). */
  readonly noCredentials: boolean;
  readonly counters: Counters;
  readonly send: (message: Message) => Promise<boolean>;
  readonly log: (level: PartyLevel, message: string) => void;
  /** Takes a frame to its end; the next of the channel waits for it. */
  readonly deliver: (session: string, frame: Frame) => Promise<void>;
  readonly moved: () => void;
  /** Lets time pass, or throws when the client ends. */
  readonly pause: (ms: number) => Promise<void>;
  readonly now: () => number;
}

interface Link {
  readonly session: string;
  readonly side: 'offerer' | 'answerer';
  readonly window: Window;
  peer: Peer | undefined;
  /** A party of ours made the channel. */
  isOurs: boolean;
  /** The data channel opened; as in the real client that is never taken back. */
  isUp: boolean;
  isClosed: boolean;
  /** Frames of a channel one after the other. */
  last: Promise<void>;
}

export class Peers {
  private readonly o: PeersOptions;
  private readonly links = new Map<string, Link>();

  constructor(options: PeersOptions) {
    this.o = options;
  }

  state(session: string): SessionRow['webrtc'] {
    const link = this.links.get(session);
    if (link === undefined) return 'none';
    return link.isUp ? 'connected' : 'connecting';
  }

  // ---- setting up

  /** The acceptor's part, right behind its accept. */
  offer(session: string): void {
    const { stack, noCredentials } = this.o;
    if (stack === undefined && !noCredentials) return;
    this.info(`hotlink webrtc offer starting: session=${bare(session)}`);
    const link = this.create(session, 'offerer');
    if (link === undefined) return;
    try {
      link.peer?.offer();
    } catch (error) {
      this.error(`hotlink webrtc data channel create failed: ${words(error)}`);
    }
  }

  async signal(message: SignalMessage): Promise<void> {
    const { kind, session } = message;
    if (kind === 'sdp_offer') this.offered(message);
    else if (kind === 'sdp_answer') this.answered(message);
    else if (kind === 'ice_candidate') this.candidate(message);
    else if (kind === 'webrtc_error') this.error(`hotlink webrtc error: session=${bare(session)} error=${escapeText(message.error ?? '')}`);
  }

  private create(session: string, side: Link['side']): Link | undefined {
    const { stack, noCredentials } = this.o;
    const link: Link = {
      session,
      side,
      window: new Window(),
      peer: undefined,
      isOurs: false,
      isUp: false,
      isClosed: false,
      last: Promise.resolve(),
    };
    try {
      if (stack === undefined) throw new Error(noCredentials ? NO_CREDENTIALS : 'no WebRTC in this client');
      if (this.links.size >= MOST_LINKS) throw new Error('too many peer connections');
      link.peer = stack.create({
        described: (sdp, type) => void this.described(session, sdp, type),
        candidate: (line) => void this.say(session, 'ice_candidate', candidateText(line)),
        received: (label, isOurs) => this.received(link, label, isOurs),
        open: () => this.opened(link),
        message: (bytes) => this.message(link, bytes),
        closed: () => (link.isClosed = true),
      });
    } catch (error) {
      this.error(`hotlink webrtc session create failed: ${words(error)}`);
      return undefined;
    }
    this.links.set(session, link);
    return link;
  }

  private async described(session: string, sdp: string, type: DescriptionType): Promise<void> {
    const isSent = await this.say(session, `sdp_${type}`, descriptionText(sdp, type));
    const name = `session=${bare(session)}`;
    if (!isSent)
      return this.error(`hotlink webrtc ${type} send failed: ${name} ${type === 'offer' ? 'error' : 'err'}=ws send queue closed`);
    this.info(`hotlink webrtc ${type} sent: ${name}`);
    if (type === 'offer') this.o.counters.p2pOffers++;
    else this.o.counters.p2pAnswersOk++;
    this.o.moved();
  }

  private async say(session: string, kind: string, token: string): Promise<boolean> {
    return this.o.send({ type: 'HOTLINK_SIGNAL', id: randomUUID(), session, kind, addresses: [], token, error: '' });
  }

  private offered({ session, token }: SignalMessage): void {
    const name = `session=${bare(session)}`;
    this.info(`hotlink webrtc sdp_offer received: ${name}`);
    // A second offer: two parties accepted one session (F-12).
    if (this.links.has(session)) return this.error('hotlink webrtc set remote desc failed: Ice(ErrRestartWhenGathering)');
    this.info(`hotlink webrtc sdp_offer: no outbound session, creating answerer: ${name}`);
    const sdp = this.parse('sdp_offer', () => parseDescription(token, 'offer'));
    const link = sdp === undefined ? undefined : this.create(session, 'answerer');
    if (sdp === undefined || link === undefined) return;
    try {
      link.peer?.remote(sdp, 'offer');
    } catch (error) {
      this.error(`hotlink webrtc set remote desc failed: ${words(error)}`);
    }
  }

  private answered({ session, token }: SignalMessage): void {
    const name = `session=${bare(session)}`;
    this.info(`hotlink webrtc sdp_answer received: ${name}`);
    const link = this.links.get(session);
    if (link === undefined || link.side !== 'offerer') return this.error(`hotlink webrtc sdp_answer: no session found: ${name}`);
    const sdp = this.parse('sdp_answer', () => parseDescription(token, 'answer'));
    if (sdp === undefined) return;
    try {
      link.peer?.remote(sdp, 'answer');
    } catch (error) {
      return this.error(`hotlink webrtc set remote desc (answer) failed: ${words(error)}`);
    }
    this.info(`hotlink webrtc answer applied: ${name}`);
  }

  private candidate({ session, token }: SignalMessage): void {
    this.debug(`hotlink webrtc ice_candidate received: session=${bare(session)}`);
    const line = this.parse('ice_candidate', () => parseCandidate(token));
    if (line === undefined || line === '') return;
    try {
      // One that overtook its offer finds no connection and is lost without a word.
      this.links.get(session)?.peer?.candidate(line);
    } catch (error) {
      this.error(`hotlink webrtc add ice candidate failed: ${words(error)}`);
    }
  }

  private parse(what: string, read: () => string): string | undefined {
    try {
      return read();
    } catch (error) {
      this.error(`hotlink webrtc ${what} parse failed: ${words(error)}`);
      return undefined;
    }
  }

  // ---- the channel

  private received(link: Link, label: string, isOurs: boolean): void {
    this.info(`hotlink webrtc data channel received (answerer): session=${bare(link.session)} label=${bare(label)}`);
    link.isOurs = isOurs;
  }

  private opened(link: Link): void {
    link.isUp = true;
    this.info(`hotlink webrtc data channel open (${link.side}): session=${bare(link.session)}`);
    this.o.counters.p2pAnswersOk++;
    if (link.isOurs) tell(link, link.window.greeting());
    this.o.moved();
  }

  private message(link: Link, bytes: Uint8Array): void {
    if (link.window.isWord(bytes)) return;
    let frame: Frame;
    try {
      ({ frame } = decodeFrame(bytes));
    } catch (error) {
      return this.error(`hotlink webrtc frame parse failed: ${words(error)}`);
    }
    const before = link.last;
    link.last = this.pass(link, frame, bytes.length, before);
  }

  private async pass(link: Link, frame: Frame, bytes: number, before: Promise<void>): Promise<void> {
    await before;
    // Only the end of the client stops a delivery, and then nobody waits for it.
    await this.o.deliver(link.session, frame).catch(() => undefined);
    const word = link.window.passedOne(bytes);
    if (word !== undefined) tell(link, word);
  }

  // ---- sending

  /** Waits until the session's channel is open, so many milliseconds at most; tells whether it is. */
  async ready(session: string, mostMs: number): Promise<boolean> {
    const until = this.o.now() + mostMs;
    for (;;) {
      if (this.links.get(session)?.isUp === true) return true;
      const left = until - this.o.now();
      if (left <= 0) return false;
      await this.o.pause(Math.min(left, READY_POLL_MS));
    }
  }

  /** The new session of a client that sends nothing over the WebSocket. */
  async readyForOutbound(session: string): Promise<void> {
    const { readyWaitMs } = this.o.behaviour;
    const name = `session=${bare(session.slice(0, 8))}`;
    if (await this.ready(session, readyWaitMs)) this.info(`hotlink webrtc ready for outbound: ${name}`);
    else this.info(`hotlink webrtc ready timeout (${readyWaitMs / 1000}s): ${name}`);
  }

  /** The line about some of the frames, whichever way they will go. */
  name(session: string, path: string, seq: number, bytes: number): void {
    if (!this.o.behaviour.namesFrames || (seq > NAMED_FIRST && seq % NAMED_EACH !== 0)) return;
    this.debug(`hotlink send data: path=${bare(path)} session=${bare(session.slice(0, 8))} seq=${seq} bytes=${bytes}`);
  }

  /** Sends a frame; `not-ready` without an open channel, the error's words when it did not go. */
  async send(session: string, frame: Frame): Promise<'sent' | 'not-ready' | { readonly error: string }> {
    const link = this.links.get(session);
    if (link?.peer === undefined || !link.isUp) return 'not-ready';
    try {
      await this.room(link, link.peer);
      const bytes = encodeFrame(frame);
      link.peer.send(bytes);
      link.window.sentOne(bytes.length);
      return 'sent';
    } catch (error) {
      const said = words(error);
      this.debug(`hotlink webrtc send err: ${said}`);
      return { error: said };
    }
  }

  private async room(link: Link, peer: Peer): Promise<void> {
    const { highWater } = this.o.behaviour;
    const most = highWater?.bytes ?? MOST_HELD_BYTES;
    const until = this.o.now() + (highWater?.waitMs ?? Infinity);
    for (let held = link.window.held(peer.buffered()); held > most && !link.isClosed; held = link.window.held(peer.buffered())) {
      if (this.o.now() >= until) throw new Error(`webrtc backpressure timeout: buffered=${held}`);
      await this.o.pause(HIGH_WATER_POLL_MS);
    }
  }

  private info(message: string): void {
    this.o.log('INFO', message);
  }

  private error(message: string): void {
    this.o.log('ERROR', message);
  }

  private debug(message: string): void {
    if (this.o.debug) this.info(message);
  }
}

/** A word about the window, if the channel still takes it. */
function tell(link: Link, word: Uint8Array): void {
  try {
    link.peer?.send(word);
  } catch {
    // The channel closed: there is nobody to tell.
  }
}

function words(error: unknown): string {
  return escapeText(error instanceof Error ? error.message : String(error));
}

export function isOversize(error: string): boolean {
  return error.includes(OVERSIZE);
}

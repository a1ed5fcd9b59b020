/** The direct way without a library: what is said while it is set up, what comes before what, and how much may be under way. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.ts';
import type { Message, SignalMessage } from '../../src/protocol/message.ts';
import { Counters } from '../../src/proxy/party/counters.ts';
import { halved, PEERS_E3, PEERS_E6, tuned, tuningOf } from '../../src/proxy/party/peer-behaviour.ts';
import { BEHAVIOURS } from '../../src/proxy/party/behaviour.ts';
import { isOversize, Peers } from '../../src/proxy/party/peers.ts';
import { OVERSIZE, type Peer, type PeerEvents, type PeerStack } from '../../src/proxy/webrtc/peer.ts';
import { candidateText, descriptionText, parseCandidate, parseDescription } from '../../src/proxy/webrtc/signal.ts';
import { Window } from '../../src/proxy/webrtc/window.ts';

/** Of the refusal; undefined when there is none. */
function wordsOf(act: () => string): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('signals', () => {
  it('have the keys of the real client in its order', () => {
    expect(descriptionText('v=0\r\n', 'offer')).toBe('{"sdp":"v=0\\r\\n","type":"offer"}');
    expect(candidateText('candidate:1 1 udp 1 127.0.0.1 9 typ host')).toBe(
      '{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host","sdpMid":"","sdpMLineIndex":0,"usernameFragment":null}',
    );
  });

  it('come back as they were, and whatever else is said is refused with words', () => {
    fc.assert(
      fc.property(fc.string(), (sdp) => {
        expect(parseDescription(descriptionText(sdp, 'answer'), 'answer')).toBe(sdp);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(null)), (text) => {
        for (const parse of [() => parseDescription(text, 'offer'), () => parseCandidate(text)]) expect(wordsOf(parse)).not.toBe('');
      }),
    );
    expect(() => parseDescription(descriptionText('v=0', 'answer'), 'offer')).toThrow('expected offer');
    expect(() => parseCandidate(JSON.stringify({ candidate: 'x'.repeat(70_000) }))).toThrow('too long');
  });
});

describe('window', () => {
  it('counts nothing but what the library holds, until the other side has spoken', () => {
    const mine = new Window();
    mine.sentOne(50_000_000);
    expect(mine.held(7)).toBe(7);
    expect(mine.passedOne(50_000_000)).toBeUndefined();
  });

  it('holds what the other program has not taken, less what a real client reads ahead', () => {
    const [mine, theirs] = [new Window(), new Window()];
    expect(theirs.isWord(mine.greeting())).toBe(true);
    for (let n = 0; n < 40; n++) theirs.sentOne(61_440);
    const word = mine.passedOne(10 * 61_440);
    expect(word).toBeDefined();
    expect(theirs.isWord(word ?? new Uint8Array())).toBe(true);
    expect(theirs.held(0)).toBe(30 * 61_440 - 1024 * 1024);
  });

  it('takes no frame for a word, and believes no word beyond what was sent', () => {
    const window = new Window();
    expect(window.isWord(encodeFrame({ path: '', etag: '', seq: 1, payload: new Uint8Array() }))).toBe(false);
    window.sentOne(3_000_000);
    expect(window.isWord(new Uint8Array([0x48, 0x4c, 0x44, 0x57, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))).toBe(true);
    expect(window.held(0)).toBe(0);
  });
});

describe('chunks and knobs', () => {
  it('are halved down to the smallest', () => {
    const sizes = [];
    for (let size: number | undefined = 100_000; size !== undefined; size = halved(size)) sizes.push(size);
    expect(sizes).toEqual([100_000, 50_000, 25_000, 12_500, 6250, 4096]);
  });

  it('from the environment are brought back into their limits, and nonsense counts for nothing', () => {
    const variable = 'SYFTBOX_HOTLINK_TCP_PROXY_CHUNK_SIZE';
    expect(tuningOf({ [variable]: '1' })).toEqual({ chunkBytes: 4096 });
    expect(tuningOf({ [variable]: ' 262144 ', SYFTBOX_HOTLINK_WS_FALLBACK_GRACE_MS: '99999' })).toEqual({
      chunkBytes: 262_144,
      graceMs: 10_000,
    });
    expect(tuningOf({ [variable]: '64k' })).toEqual({});
    expect(tuned(BEHAVIOURS.E6, {})).toEqual(BEHAVIOURS.E6);
    expect(tuned(BEHAVIOURS.E6, { bufferedHigh: 5 }).peers.highWater).toEqual({ bytes: 5, waitMs: 1500 });
    expect(tuned(BEHAVIOURS.E3, { bufferedHigh: 5 }).peers.highWater).toBeUndefined();
  });
});

interface Rig {
  readonly peers: Peers;
  readonly said: SignalMessage[];
  readonly lines: string[];
  readonly delivered: string[];
  readonly counters: Counters;
  readonly events: PeerEvents[];
  readonly sent: Uint8Array[];
  /** Bytes that the library says it holds. */
  held: number;
  clock: number;
}

/** A stack that does what it is told; time passes only while somebody waits. */
function rig({ behaviour = PEERS_E6, stack = true }: { behaviour?: typeof PEERS_E6; stack?: boolean } = {}): Rig {
  const counters = new Counters({ strictKeys: true, strict: false, startedMs: 0 });
  const made: Rig = { said: [], lines: [], delivered: [], counters, events: [], sent: [], held: 0, clock: 0, peers: undefined as never };
  const peer: Peer = {
    offer: () => undefined,
    remote: (sdp) => {
      if (sdp === 'bad') throw new Error('Invalid SDP');
    },
    candidate: () => undefined,
    send: (bytes) => {
      if (bytes.length > 65_536) throw new Error(OVERSIZE);
      made.sent.push(bytes);
    },
    buffered: () => made.held,
    close: () => undefined,
  };
  const create: PeerStack['create'] = (events) => {
    made.events.push(events);
    return peer;
  };
  const peers = new Peers({
    behaviour,
    debug: true,
    stack: stack ? { name: 'none', create, close: () => undefined } : undefined,
    noCredentials: !stack,
    counters,
    send: async (message: Message) => {
      if (message.type === 'HOTLINK_SIGNAL') made.said.push(message);
      return true;
    },
    log: (_level, line) => void made.lines.push(line),
    deliver: async (session, frame) => void made.delivered.push(`${session} ${frame.seq}`),
    moved: () => undefined,
    pause: async (ms) => {
      made.clock += ms;
    },
    now: () => made.clock,
  });
  return Object.assign(made, { peers });
}

const offer = (session: string, sdp = 'v=0'): SignalMessage => ({
  type: 'HOTLINK_SIGNAL',
  id: 'm',
  session,
  kind: 'sdp_offer',
  token: descriptionText(sdp, 'offer'),
});
const frame = (seq: number, bytes = 10) => ({ path: 'a/stream.tcp.request', etag: '', seq, payload: new Uint8Array(bytes) });

describe('peers', () => {
  it('opener: answers, connects, and sends frames that decode', async () => {
    const r = rig();
    await r.peers.signal(offer('s1'));
    r.events[0]?.described('v=0 answer', 'answer');
    expect(r.peers.state('s1')).toBe('connecting');
    expect(await r.peers.send('s1', frame(1))).toBe('not-ready');
    r.events[0]?.received('hotlink', false);
    r.events[0]?.open();
    await Promise.resolve();
    expect([r.peers.state('s1'), await r.peers.send('s1', frame(1))]).toEqual(['connected', 'sent']);
    expect(decodeFrame(r.sent[0] ?? new Uint8Array()).frame).toMatchObject({ path: 'a/stream.tcp.request', seq: 1 });
    expect(r.lines).toEqual([
      'hotlink webrtc sdp_offer received: session=s1',
      'hotlink webrtc sdp_offer: no outbound session, creating answerer: session=s1',
      'hotlink webrtc data channel received (answerer): session=s1 label=hotlink',
      'hotlink webrtc data channel open (answerer): session=s1',
      'hotlink webrtc answer sent: session=s1',
    ]);
    expect([r.counters.p2pAnswersOk, r.counters.p2pOffers]).toEqual([2, 0]);
    expect(r.said.map((m) => m.kind)).toEqual(['sdp_answer']);
  });

  it('a real client as acceptor gets nothing but frames; one of ours is greeted', async () => {
    for (const isOurs of [false, true]) {
      const r = rig();
      await r.peers.signal(offer('s1'));
      r.events[0]?.received('hotlink', isOurs);
      r.events[0]?.open();
      expect(r.sent).toHaveLength(isOurs ? 1 : 0);
    }
  });

  it('a second offer, an answer for nobody and broken texts are told in the words of the real client', async () => {
    const r = rig();
    await r.peers.signal(offer('s1'));
    await r.peers.signal(offer('s1'));
    await r.peers.signal({ ...offer('s2'), kind: 'sdp_answer' });
    await r.peers.signal({ ...offer('s3'), token: '{' });
    await r.peers.signal(offer('s4', 'bad'));
    await r.peers.signal({ ...offer('s5'), kind: 'quic_error', error: 'unknown session' });
    expect(r.lines.filter((line) => !/received|creating/.test(line))).toEqual([
      'hotlink webrtc set remote desc failed: Ice(ErrRestartWhenGathering)',
      'hotlink webrtc sdp_answer: no session found: session=s2',
      'hotlink webrtc sdp_offer parse failed: expected value',
      'hotlink webrtc set remote desc failed: Invalid SDP',
    ]);
  });

  it('without credentials neither side builds anything', async () => {
    const r = rig({ stack: false });
    r.peers.offer('s1');
    await r.peers.signal(offer('s2'));
    expect(r.lines.filter((line) => line.includes('turn server credentials required'))).toHaveLength(2);
    expect([r.peers.state('s1'), r.peers.state('s2'), r.said.length]).toEqual(['none', 'none', 0]);
  });

  it('does not build more connections than a manager may have', async () => {
    const r = rig();
    for (let n = 0; n < 300; n++) await r.peers.signal(offer(`s${n}`));
    expect(r.events).toHaveLength(256);
    expect(r.lines.at(-1)).toBe('hotlink webrtc session create failed: too many peer connections');
  });

  it('delivers the frames of a channel one after the other, and says what is no frame', async () => {
    const r = rig();
    r.peers.offer('s1');
    for (const seq of [1, 2, 3]) r.events[0]?.message(encodeFrame(frame(seq)));
    r.events[0]?.message(new Uint8Array(40));
    await expect.poll(() => r.delivered).toEqual(['s1 1', 's1 2', 's1 3']);
    expect(r.lines.at(-1)).toMatch(/^hotlink webrtc frame parse failed: /);
  });

  it('E6 waits 1.5 s for a full buffer and fails; E3 has no such mark', async () => {
    const r = rig();
    r.peers.offer('s1');
    r.events[0]?.open();
    r.held = 2 * 1024 * 1024;
    const failed = await r.peers.send('s1', frame(1));
    expect(failed).toMatchObject({ error: /backpressure/ });
    expect(r.clock).toBe(1500);
    const old = rig({ behaviour: PEERS_E3 });
    old.peers.offer('s1');
    old.events[0]?.open();
    old.held = 2 * 1024 * 1024;
    expect(await old.peers.send('s1', frame(1))).toBe('sent');
    expect(old.clock).toBe(0);
  });

  it('a chunk above the limit is refused in words that the client looks for', async () => {
    const r = rig();
    r.peers.offer('s1');
    r.events[0]?.open();
    const failed = await r.peers.send('s1', frame(1, 65_536));
    expect(typeof failed === 'object' && isOversize(failed.error)).toBe(true);
    expect(r.lines.at(-1)).toBe('hotlink webrtc send err: outbound packet larger than maximum message size');
  });
});

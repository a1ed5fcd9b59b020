/**
 * What each fault of the matrix must make the doctor say, and what else it may: written from what is made, before any run, never from what
 * analyze said. `where` is a local name, `a>b`, `run`, or `*` where chance decides.
 */

export interface Wanted {
  readonly rule: string;
  readonly where: string;
}

export interface Truth {
  /** Must be found, each; none: nothing may be alarming. Left out: what the scenario says. */
  readonly finds?: readonly Wanted[];
  /** May be found besides: rule, and why it is true of what was made. */
  readonly allows?: Readonly<Record<string, string>>;
  /** Makes sense with so many parties, besides its own: the fault names parties that are there. */
  readonly layouts?: readonly number[];
  /** It breaks something that peer connections do not go around. */
  readonly direct?: true;
}

/** A fault of the matrix that no scenario has. */
export interface OwnFault {
  readonly name: string;
  readonly eras: readonly string[];
  readonly settings: string;
  readonly finds: readonly Wanted[];
  readonly completes: boolean;
  readonly cure: string | null;
}

const TWO_FOUR = [2, 4] as const;
const EXCLUDED = {
  'unanswered-open': 'an open that is refused or reaches nobody gets no accept',
  'missing-channel': 'the receiver sees no channel that it may not read',
} as const;
const PILES_UP = {
  'stalled-reader': 'a program does not read what its client writes to it',
  'read-loop-blockage': 'its client waits for it inside its read loop',
  'relay-queue-overflow': 'megabytes come for a client that takes nothing',
  'relay-standstill': 'the relay holds what that client does not take',
  'unanswered-open': 'a client that is held up answers no open',
} as const;
const DROPPED = {
  'peer-key-mismatch': 'frames of the older client meet no writer',
  'sender-lock-drop': 'the older client adopts sessions',
};
const CUT = { 'unanswered-open': 'opens of a half that is cut off get no accept' };

export const TRUTHS: Readonly<Record<string, Truth>> = {
  'reorder-lock': { allows: PILES_UP },
  'wrong-peer-key': { allows: { 'late-application': 'its settings start one program 1.5 s late, too' } },
  'mixed-eras': { allows: DROPPED },
  'late-program': { allows: { 'lost-writer': 'a program that comes late has no writer when the first frames arrive' } },
  'absent-program': { layouts: TWO_FOUR, direct: true },
  'silent-program': { layouts: TWO_FOUR, direct: true },
  'relay-restart': { allows: { 'split-client': 'every client comes back as a second half', ...CUT }, layouts: TWO_FOUR },
  'split-client': { allows: CUT, layouts: TWO_FOUR },
  'dead-client': { layouts: TWO_FOUR },
  'restarted-client': {
    allows: { 'unanswered-open': 'opens to a client that is away get no accept' },
    layouts: TWO_FOUR,
  },
  'late-client': { finds: [], layouts: [4], direct: true },
  'marker-missing': { allows: { 'unanswered-open': 'no listener, no accept' }, layouts: TWO_FOUR, direct: true },
  'marker-empty': { allows: { 'missing-channel': 'a marker without a word is none' }, layouts: [4], direct: true },
  'marker-without-port': { allows: { 'missing-channel': 'a marker without a port opens no listener' }, layouts: [4], direct: true },
  'port-taken': { allows: { 'missing-channel': 'no listener of the client on a port that is taken' }, layouts: TWO_FOUR, direct: true },
  'hotlink-off': {
    allows: { 'missing-channel': 'a client without hotlink opens no channel', 'unanswered-open': 'and answers no open' },
    layouts: TWO_FOUR,
    direct: true,
  },
  'acl-excludes': {
    allows: {
      ...EXCLUDED,
      'websocket-fallback': 'a session that was refused has no peer connection',
      'unreadable-channel': 'the receiver may not read the channel',
    },
    layouts: TWO_FOUR,
    direct: true,
  },
  'acl-unreadable': { allows: { ...EXCLUDED, 'rejected-session': 'the open is refused where it names the receiver' }, layouts: TWO_FOUR },
  'acl-denied': {
    allows: {
      ...EXCLUDED,
      'sender-lock-drop': 'clients of E3 send on sessions of the peer, whatever the list says (F-3)',
      'unprepared-path': "clients of E3 and E4 send in the peer's folder, which is what is denied",
    },
    layouts: TWO_FOUR,
  },
  'twin-client': {
    finds: [{ rule: 'duplicate-daemon', where: 'client1' }],
    allows: { 'duplicate-delivery': 'every frame goes to both' },
    layouts: TWO_FOUR,
  },
  'twin-at-home': { allows: { 'port-conflict': 'the second finds every port taken by the first' }, layouts: TWO_FOUR, direct: true },
  'frozen-link': { allows: { 'unanswered-open': 'opens to a client whose packets vanish get no accept' }, layouts: TWO_FOUR },
  // Hotlink does all that it should: the bytes lie in the buffers of the program that does not read them, where no log sees them.
  'stalled-reader': { finds: [] },
  'stalled-reader-blocks': { allows: PILES_UP },
  'offer-race': { allows: { 'websocket-fallback': 'a direction without a peer connection goes over the WebSocket' } },
  'oversize-packet': {
    finds: [
      { rule: 'oversize-packet', where: '*' },
      { rule: 'websocket-fallback', where: '*' },
    ],
  },
  'probe-poisons': { allows: { 'late-application': 'the program is late by four seconds, too' } },
  'two-party-late': { allows: { 'lost-writer': 'frames come while there is no writer' } },
  'late-accept': { allows: { 'relay-standstill': 'everything behind the accept waits eight seconds with it' } },
  'relay-overflow': { allows: { 'relay-standstill': 'a relay with a full queue stands still for its sender' } },
  'unprepared-path': { allows: { 'rejected-session': 'the directory that nobody made is not theirs to write', ...EXCLUDED } },
  'oversize-strict': { allows: { 'strict-violation': 'strict mode refuses what the data channel does not take' } },
  'crossed-channels': { allows: { ...PILES_UP, 'peer-key-mismatch': 'clients of E5a have that defect (F-10)' } },
  'crossed-locks': { allows: PILES_UP },
  'idle-cut': { allows: CUT },
  'wrong-acceptor': { allows: { 'unanswered-open': 'the party that was meant accepts nothing' } },
  'strict-without-turn': { allows: { 'strict-violation': 'strict mode refuses every byte', 'webrtc-not-connected': 'no peer connection' } },
  'grace-tax': { finds: [{ rule: 'grace-tax', where: '*' }] },
};

export const OWN_FAULTS: readonly OwnFault[] = [
  {
    name: 'lost-frame',
    eras: ['E6', 'E5b'],
    // Several frames a message: without a later frame nothing shows that one is missing.
    settings: 'frame-fault=drop:data:3:client1>client2 bytes=200000 debug=on patience=14',
    finds: [{ rule: 'sequence-gap', where: 'client1>client2' }],
    completes: false,
    cure: 'frame-fault=none',
  },
  {
    name: 'broken-message',
    eras: ['E6', 'E5b'],
    settings: 'frame-fault=corrupt:data:3:>client2 patience=14',
    finds: [{ rule: 'undecodable-message', where: 'client2' }],
    completes: false,
    cure: 'frame-fault=none',
  },
  {
    name: 'small-messages',
    eras: ['E6', 'E5b'],
    settings: 'nagle=on debug=on',
    finds: [{ rule: 'small-message-delay', where: '*' }],
    completes: true,
    cure: 'nagle=off',
  },
  {
    name: 'overtaking-frames',
    eras: ['E6', 'E5b'],
    settings: 'overtaking=0.5 bytes=200000 debug=on',
    finds: [{ rule: 'reordered-frames', where: '*' }],
    completes: true,
    cure: 'order=connection',
  },
  {
    name: 'no-peer-connection',
    eras: ['E6', 'E5b'],
    settings: '',
    finds: [
      { rule: 'websocket-fallback', where: '*' },
      { rule: 'turn-credentials-missing', where: 'run' },
    ],
    completes: true,
    cure: 'transport=webrtc order=connection',
  },
];

/** True of every run of the lab with these surroundings, whatever is broken: rule, and why. */
export function surroundings(transport: string, settings: string): Readonly<Record<string, string>> {
  return {
    ...(transport === 'websocket'
      ? {
          'turn-credentials-missing': 'the relay of the lab names a TURN server and gives no credentials',
          'webrtc-not-connected': 'no peer connection can be built',
          'websocket-fallback': 'so everything goes over the WebSocket',
          'grace-tax': 'and the first frames of each session wait for what cannot come',
        }
      : {}),
    ...(transport === 'webrtc' && !/\bera=E6\b/.test(settings)
      ? { 'websocket-fallback': 'clients before E6 do not wait for a peer connection: their first frames go over the WebSocket' }
      : {}),
    ...(/\border=connection\b/.test(settings)
      ? {}
      : {
          'offer-race': 'workers of the relay overtake each other by chance',
          'reordered-frames': 'workers of the relay overtake each other by chance',
          ...(transport === 'webrtc' ? { 'websocket-fallback': 'a direction whose offer is lost goes over the WebSocket' } : {}),
        }),
  };
}

/** What a run that stopped shows whatever stopped it: these say what counters say, and no cause. */
export const COUNTS: Readonly<Record<string, string>> = {
  'asymmetric-growth': 'bytes that were sent did not arrive: the programs themselves saw it',
  'stalled-counters': 'nothing moved any more when the run was stopped',
};

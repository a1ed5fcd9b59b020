/**
 * Which behaviour or fault of the lab can make a cause again: one row a rule, in the notation of `live verify`. `{party}`, `{from}` and `{to}`
 * stand for whom the finding names, by their local names.
 */

export interface Candidate {
  /** What is tried. */
  readonly says: string;
  readonly settings: string;
  /** It is for runs of so many parties only. */
  readonly parties?: number;
}

interface Makeable {
  /** A symptom: a run shows it if it is among its findings, whatever cause it is folded under there. */
  readonly isSymptom?: true;
  readonly candidates: readonly Candidate[];
  /** Settings under which it goes away; null: none are known. */
  readonly cure: string | null;
}

interface NotMakeable {
  /** Why this lab cannot make it. */
  readonly not: string;
}

export type CauseRow = Makeable | NotMakeable;

/** What may be behind bytes that do not arrive, where nothing says more. */
const LOSSES: Makeable = {
  isSymptom: true,
  cure: 'era=E5b relay=S2 party-era=none',
  candidates: [
    {
      says: 'the programs of the published stall, clients of E3 with patches C and D',
      settings: 'era=E3+C+D party-era=none relay=S1 workload=seed-29509799 patience=10',
      parties: 3,
    },
    { says: 'clients of E3', settings: 'era=E3 party-era=none relay=S1 patience=7' },
    { says: 'clients of E5a', settings: 'era=E5a party-era=none patience=10' },
  ],
};
const AS_IT_WAS: Candidate = { says: 'clients, relay and volumes as they were', settings: '' };

function made(cure: string | null, ...candidates: readonly Candidate[]): Makeable {
  return { cure, candidates };
}

function fault(says: string, name: string, cure: string | null = 'fault=none', more = ''): Makeable {
  return made(cure, { says, settings: `fault=${name} ${more}`.trim() });
}

const OUTSIDE = 'it happens outside of hotlink, where the lab has nothing: containers, mounts and what a runner starts';
const SYMPTOM = 'it is a symptom, of which only its cause can be made';

export const CANDIDATES: Readonly<Record<string, CauseRow>> = {
  'absent-application': fault('its program never starts', 'no-app:{party}', 'fault=none', 'patience=14'),
  'asymmetric-growth': LOSSES,
  'client-restart': fault('its client is killed and starts again', 'restart-client:{party}@2'),
  'dead-client': fault('its client is killed', 'kill-client:{party}@2'),
  'duplicate-chunk-suppressed': { not: 'only clients in Go do it, and the lab acts as those in Rust' },
  'duplicate-daemon': made(
    'fault=none',
    { says: 'a second client of its identity runs elsewhere', settings: 'fault=twin:{party}' },
    { says: 'a second client of its identity runs in the same folder', settings: 'fault=twin-at-home:{party}' },
  ),
  'duplicate-delivery': { not: SYMPTOM },
  'early-exit': { not: OUTSIDE },
  'exited-program': { not: OUTSIDE },
  'failed-before-transport': { not: OUTSIDE },
  'frozen-link': fault('its packets to and from the relay vanish', 'freeze-link:{party}@2', 'fault=none', 'patience=12'),
  'grace-tax': made('era=E5b', { says: 'clients of E6 that cannot build peer connections', settings: 'era=E6 transport=websocket' }),
  'hotlink-disabled': fault('its client runs without hotlink', 'hotlink-off:{party}'),
  'invalid-marker': made(
    'fault=none',
    { says: "the sender's marker is empty", settings: 'fault=marker-empty:{from}>{to} patience=10' },
    { says: "the sender's marker names no port", settings: 'fault=marker-without-port:{from}>{to} patience=10' },
  ),
  'late-application': made(
    'fault=none',
    { says: "the receiver's program starts ten seconds after the others", settings: 'fault=late-app:{to}:10 patience=12' },
    {
      says: "the receiver's program starts ten seconds late, and the sender's speaks first",
      settings: 'fault=late-app:{to}:10 fault=late-app:{others}:2 patience=12',
    },
  ),
  'late-client': fault('its client starts six seconds after the others', 'late-client:{party}:6'),
  'lost-writer': made(
    'switch=writers=standby fault=none',
    { says: "a stranger holds the receiver's port when its program comes", settings: 'fault=probe:{to}>{from} patience=14' },
    {
      says: 'the same with clients that keep no second connection',
      settings: 'switch=writers=first-live fault=probe:{to}>{from} patience=14',
    },
  ),
  'missing-channel': fault('the sender has no marker', 'marker-missing:{from}>{to}', 'fault=none', 'patience=10'),
  'mixed-versions': made('party-era=none era=E6', { ...AS_IT_WAS, settings: 'patience=10' }),
  'offer-race': made('order=connection late-ms=0', {
    says: 'peer connections, and workers of the relay that are often late',
    settings: 'transport=webrtc overtaking=0.3 late-ms=5',
  }),
  'oversize-packet': made('chunk-bytes=61440', {
    says: 'chunks larger than a data channel takes',
    settings: 'transport=webrtc chunk-bytes=1048576 bytes=200000',
  }),
  'peer-key-mismatch': made(
    'era=E5b',
    { says: 'clients of E5a', settings: 'era=E5a party-era=none patience=10' },
    { ...AS_IT_WAS, settings: 'patience=10' },
  ),
  'port-conflict': fault("a stranger listens on the sender's port", 'port-taken:{from}>{to}'),
  'read-loop-blockage': { not: SYMPTOM },
  'rejected-session': made(
    'fault=none era=E6',
    { says: "the sender's access list leaves the receiver out, and the open names it", settings: 'fault=acl-excludes:{from}>{to}' },
    { says: "clients that send in the receiver's folder have no right to write there", settings: 'fault=acl-denied:{from}>{to}' },
    { says: 'the same with clients of E4', settings: 'era=E4 party-era=none fault=acl-denied:{from}>{to}' },
  ),
  'relay-queue-overflow': fault(
    'a program that does not read, and megabytes for it',
    'deaf-app:{other}@1',
    'fault=none',
    'bytes=8000000 patience=20',
  ),
  'relay-restart': fault('the relay is killed and starts again', 'relay-restart@2', null),
  'relay-standstill': fault(
    'a program that does not read, and megabytes for it',
    'deaf-app:{party}@1',
    'fault=none',
    'bytes=8000000 patience=20',
  ),
  'reorder-collision': { not: 'two sessions of one path in one life of a client come by chance only' },
  'reorder-lock-blockage': made('era=E3', {
    says: 'a program that does not read, at a client of E1b',
    settings: 'era=E1b party-era=none fault=deaf-app:{party}@1 bytes=6000000 patience=20',
  }),
  'reordered-frames': made('order=connection', {
    says: 'workers of the relay that are often late',
    settings: 'overtaking=0.5 bytes=200000',
  }),
  'self-route': { not: 'no relay makes it' },
  'sender-lock-drop': made(
    'era=E5b relay=S2 party-era=none switch=none',
    { ...AS_IT_WAS, settings: 'patience=7' },
    { says: 'clients of E3', settings: 'era=E3 party-era=none patience=7' },
  ),
  'sequence-gap': made('frame-fault=none', {
    says: 'a tap loses one frame on the way',
    settings: 'frame-fault=drop:data:3:{from}>{to} debug=on patience=14',
  }),
  'silent-application': fault('its program stops in the middle', 'hang-app:{party}@3', 'fault=none', 'patience=14'),
  'small-message-delay': made('nagle=off', { says: 'clients that let small messages wait', settings: 'nagle=on debug=on' }),
  'split-client': fault('its connection to the relay is cut', 'cut:{party}@2', null),
  'stale-container': { not: OUTSIDE },
  'stale-run': { not: 'a run of the lab begins in an empty folder' },
  'stalled-counters': LOSSES,
  'stalled-reader': fault(
    'its program does not read, and megabytes come',
    'deaf-app:{party}@1',
    'fault=none',
    'era=E6 bytes=6000000 patience=20',
  ),
  'strict-violation': made('strict=off', { says: 'clients that may not fall back', settings: 'strict=on transport=websocket' }),
  'turn-credentials-missing': made('transport=webrtc', {
    says: 'the relay advertises a TURN server and gives no credentials',
    settings: 'transport=websocket',
  }),
  'unanswered-open': made('fault=none', {
    says: "the receiver's client starts ten seconds after the others, and its peer's program speaks first",
    settings: 'fault=hotlink-off:{to}',
  }),
  'undecodable-message': made('frame-fault=none', {
    says: 'a tap breaks one message on the way to it',
    settings: 'frame-fault=corrupt:data:3:>{party} patience=14',
  }),
  'unmountable-source': { not: OUTSIDE },
  'unprepared-path': made(
    'era=E5b',
    { ...AS_IT_WAS, settings: 'patience=10' },
    { says: 'clients of E4', settings: 'era=E4 party-era=none patience=10' },
  ),
  'unreadable-channel': made(
    'fault=none',
    { says: "the sender's access list leaves the receiver out, and the open names nobody", settings: 'fault=acl-excludes:{from}>{to}' },
    { says: 'the same with clients of E5b', settings: 'era=E5b party-era=none fault=acl-excludes:{from}>{to}' },
  ),
  'unreadable-telemetry': { not: 'a file that is cut while it is written comes by chance only' },
  'unroutable-container': { not: OUTSIDE },
  'webrtc-not-connected': made('transport=webrtc', { says: 'clients that cannot build peer connections', settings: 'transport=websocket' }),
  'websocket-fallback': made('transport=webrtc', { says: 'clients that cannot build peer connections', settings: 'transport=websocket' }),
  'wrong-acceptor': made(
    'fault=none',
    { says: 'everybody may read the channel, and the open names nobody', settings: 'fault=acl-wide:{from}>{to}' },
    {
      says: 'the same with clients of E4 and a relay that takes every accept',
      settings: 'era=E4 party-era=none relay=S1 fault=acl-wide:{from}>{to}',
    },
  ),
};

/** Failures that the lab can make, by name: what breaks, in which eras it shows, and what `analyze` then says first. */
import { DoctorError } from '../../model/errors.ts';
import { choices as oneOf } from '../../util/suggest.ts';
import { applySettings, DEFAULT_SETUP, parseSettings, type Setup } from './setup.ts';

export interface Expected {
  /** Rule that names the first cause. */
  readonly cause: string;
  /** `client1`, `client1>client2`, `run`; `*`: it varies from run to run. */
  readonly where: string;
  /** Whether the programs get to their end. */
  readonly completes: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly shows: string;
  /** Failure catalogue (field guide 9). */
  readonly failures: string;
  /** The first is what it runs with. */
  readonly eras: readonly string[];
  /** Beyond the era, in the notation of `live verify`. */
  readonly settings: string;
  readonly expects: Expected;
  /** Settings that make it go away; null: no version does. */
  readonly cure: string | null;
}

/** Clients that take no part in the failure themselves: it shows in each of these. The first waits for no peer connection. */
const ANY: readonly string[] = ['E5b', 'E6'];

function stalls(cause: string, where: string): Expected {
  return { cause, where, completes: false };
}

function completes(cause: string, where: string): Expected {
  return { cause, where, completes: true };
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'published-stall',
    shows: "three parties: what the aggregator sends on the clients' sessions is dropped",
    failures: 'F-3',
    eras: ['E3'],
    settings: 'relay=S1 patience=6',
    expects: stalls('sender-lock-drop', 'aggregator'),
    cure: 'era=E5b relay=S2',
  },
  {
    name: 'seed-29509799',
    shows: 'the published run to the byte: one frame of 8 bytes is sent on the session of the peer, the rest on its own',
    failures: 'F-3',
    eras: ['E3+C+D/burst-ms=1000'],
    settings: 'relay=S1 workload=seed-29509799 patience=14',
    expects: stalls('sender-lock-drop', 'client1>client2'),
    cure: 'era=E3+C+D+E',
  },
  {
    name: 'reorder-lock',
    shows: 'one program does not read, and its client of E1 takes nothing from anybody any more',
    failures: 'F-8',
    eras: ['E1b'],
    settings: 'workload=mesh fault=deaf-app:client1@1 rounds=1 bytes=8000000 patience=12 debug=on',
    expects: stalls('reorder-lock-blockage', 'client1'),
    cure: 'fault=none',
  },
  {
    name: 'two-party-stall',
    shows: "two parties: what the second speaker sends on the first one's session is dropped",
    failures: 'F-3',
    eras: ['E3'],
    settings: 'parties=client1+client2 relay=S1 patience=6',
    expects: stalls('sender-lock-drop', 'client2>client1'),
    cure: 'era=E5b relay=S2',
  },
  {
    name: 'wrong-peer-key',
    shows: 'frames from a larger to a smaller email meet no writer, though the program is connected',
    failures: 'F-10',
    eras: ['E5a'],
    settings: 'fault=late-app:client1:1.5 patience=10',
    expects: stalls('peer-key-mismatch', 'client2>aggregator'),
    cure: 'era=E5b',
  },
  {
    name: 'mixed-eras',
    shows: 'one client of E3 among clients of E6 cannot receive from a larger email',
    failures: 'F-38',
    eras: ['E6', 'E5b'],
    settings: 'party-era=client1:E3 patience=8',
    expects: stalls('mixed-versions', 'client2>client1'),
    cure: 'party-era=none',
  },
  {
    name: 'late-program',
    shows: 'the first bytes for a program arrive before it listens, and are lost for good',
    failures: 'F-30',
    eras: ['E6'],
    settings: 'fault=late-app:aggregator:10 fault=late-app:client1:2 patience=14',
    expects: stalls('late-application', 'client2>aggregator'),
    cure: 'fault=none',
  },
  {
    name: 'absent-program',
    shows: 'one program never starts, the others wait for it',
    failures: 'F-39',
    eras: ANY,
    settings: 'fault=no-app:client2 patience=11',
    expects: stalls('absent-application', 'client2'),
    cure: 'fault=none',
  },
  {
    name: 'silent-program',
    shows: 'everything is delivered, and one program sends nothing more',
    failures: 'F-39',
    eras: ANY,
    settings: 'fault=hang-app:client2 patience=14',
    expects: stalls('silent-application', 'client2'),
    cure: 'fault=none',
  },
  {
    name: 'relay-restart',
    shows: 'the relay is killed and comes back; every client is cut from its sessions for good',
    failures: 'F-17, F-18',
    eras: ANY,
    settings: 'fault=relay-restart patience=8',
    expects: stalls('relay-restart', 'run'),
    cure: null,
  },
  {
    name: 'split-client',
    shows: 'one connection to the relay is cut; the client builds a new half beside the old one',
    failures: 'F-18',
    eras: ANY,
    settings: 'fault=cut:client1 patience=8',
    expects: stalls('split-client', 'client1'),
    cure: null,
  },
  {
    name: 'dead-client',
    shows: 'one client is killed in the middle',
    failures: 'F-36',
    eras: ANY,
    settings: 'fault=kill-client:client2 patience=8',
    expects: stalls('dead-client', 'client2'),
    cure: 'fault=none',
  },
  {
    name: 'restarted-client',
    shows: 'one client is killed and starts again; its sessions and its programs are gone',
    failures: 'F-36',
    eras: ANY,
    settings: 'fault=restart-client:client1 patience=8',
    expects: stalls('client-restart', 'client1'),
    cure: 'fault=none',
  },
  {
    name: 'late-client',
    shows: 'one client starts later than the others; nobody had sent to it, so the run completes',
    failures: 'F-5',
    eras: ANY,
    settings: 'fault=late-client:client2:6',
    expects: completes('turn-credentials-missing', 'run'),
    cure: 'fault=none',
  },
  {
    name: 'marker-missing',
    shows: 'one channel has no marker at its sender',
    failures: 'F-6',
    eras: ANY,
    settings: 'fault=marker-missing:client2>client1 patience=10',
    expects: stalls('missing-channel', 'client2>client1'),
    cure: 'fault=none',
  },
  {
    name: 'marker-empty',
    shows: "a sender's marker is an empty file",
    failures: 'F-27',
    eras: ANY,
    settings: 'fault=marker-empty:client1>aggregator patience=10',
    expects: stalls('invalid-marker', 'client1>aggregator'),
    cure: 'fault=none',
  },
  {
    name: 'marker-without-port',
    shows: "a sender's marker names no port",
    failures: 'F-27',
    eras: ANY,
    settings: 'fault=marker-without-port:client1>aggregator patience=10',
    expects: stalls('invalid-marker', 'client1>aggregator'),
    cure: 'fault=none',
  },
  {
    name: 'port-taken',
    shows: 'a stranger listens on a proxy port, and a program talks to it',
    failures: 'F-6',
    eras: ANY,
    settings: 'fault=port-taken:client1>client2 patience=8',
    expects: stalls('port-conflict', 'client1>client2'),
    cure: 'fault=none',
  },
  {
    name: 'hotlink-off',
    shows: 'one client runs without hotlink',
    failures: 'F-37',
    eras: ANY,
    settings: 'fault=hotlink-off:client2 patience=8',
    expects: stalls('hotlink-disabled', 'client2'),
    cure: 'fault=none',
  },
  {
    name: 'acl-excludes',
    shows: "a channel's access list leaves its receiver out; the open names the receiver and is refused",
    failures: 'F-2, F-28',
    eras: ['E6'],
    settings: 'fault=acl-excludes:client1>client2 patience=8',
    expects: stalls('rejected-session', 'client1>client2'),
    cure: 'fault=none',
  },
  {
    name: 'acl-unreadable',
    shows: "a channel's access list leaves its receiver out; the open names nobody and reaches nobody",
    failures: 'F-28',
    eras: ['E4', 'E5b'],
    settings: 'fault=acl-excludes:client1>client2 patience=8',
    expects: stalls('unreadable-channel', 'client1>client2'),
    cure: 'fault=none',
  },
  {
    name: 'acl-denied',
    shows: "clients that send in the peer's folder have no right to write there",
    failures: 'F-2',
    eras: ['E4', 'E3'],
    settings: 'fault=acl-denied:client2>client1 patience=8',
    expects: stalls('rejected-session', 'client2>client1'),
    cure: 'era=E5b',
  },
  {
    name: 'twin-client',
    shows: 'a second client of one identity runs elsewhere; every frame goes to both, the run completes',
    failures: 'F-19',
    eras: ['E6'],
    settings: 'fault=twin:client1',
    expects: completes('turn-credentials-missing', 'run'),
    cure: 'fault=none',
  },
  {
    name: 'twin-at-home',
    shows: 'a second client of one identity runs in the same folder and finds every port taken',
    failures: 'F-19',
    eras: ANY,
    settings: 'fault=twin-at-home:client1 patience=8',
    expects: completes('duplicate-daemon', 'client1'),
    cure: 'fault=none',
  },
  {
    name: 'frozen-link',
    shows: "one client's packets to and from the relay vanish, and no connection ends",
    failures: 'F-35',
    eras: ANY,
    settings: 'fault=freeze-link:client2 patience=12',
    expects: stalls('frozen-link', 'client2'),
    cure: 'fault=none',
  },
  {
    name: 'stalled-reader',
    shows: 'one program reads nothing; what was sent fits into the buffers of its socket',
    failures: 'F-7',
    eras: ['E6'],
    settings: 'fault=deaf-app:client2@1 workload=burst rounds=1 bytes=2800000 patience=8',
    expects: stalls('turn-credentials-missing', 'run'),
    cure: 'fault=none',
  },
  {
    name: 'stalled-reader-blocks',
    shows: 'one program reads nothing, its buffers are full, and its client hears nobody any more',
    failures: 'F-7',
    eras: ['E6'],
    settings: 'fault=deaf-app:client2@1 rounds=2 bytes=6000000 patience=20',
    expects: stalls('stalled-reader', 'client2'),
    cure: 'fault=none',
  },
  {
    name: 'offer-race',
    shows: 'an offer outruns its accept inside the relay, and that direction stays on the WebSocket',
    failures: 'F-29',
    eras: ['E6', 'E5b'],
    settings: 'transport=webrtc overtaking=0.5 late-ms=5 seed=2',
    expects: completes('offer-race', '*'),
    cure: 'order=connection late-ms=0',
  },
  {
    name: 'oversize-packet',
    shows: 'chunks larger than a data channel takes go over the WebSocket instead',
    failures: 'F-9',
    eras: ['E6'],
    settings: 'transport=webrtc chunk-bytes=1048576 bytes=200000 rounds=3',
    expects: completes('websocket-fallback', 'run'),
    cure: 'chunk-bytes=61440',
  },
];

export const SCENARIO_NAMES: readonly string[] = SCENARIOS.map(({ name }) => name);

export function scenarioNamed(name: string, option = '--scenario'): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value: name, expected: oneOf(name, SCENARIO_NAMES) });
}

/** What a run of it is made with: the first of its eras, then its settings. */
export function setupOf({ eras, settings }: Scenario): Setup {
  return applySettings({ ...DEFAULT_SETUP, era: eras[0] ?? DEFAULT_SETUP.era }, parseSettings(settings, '--scenario'), '--scenario');
}

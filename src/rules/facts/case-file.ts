/** Everything that the rules look at, assembled once. Values only; times are microseconds on the common clock. */
import type { Interval, Evidence } from '../../model/diagnosis.ts';
import type { Clocks } from './clocks.ts';
import type { Crossing } from './crossings.ts';
import type { EventLog, LogEvent } from './events.ts';
import type { AppBytes, Family, Flush, ReceivedStream, RelayedFrames, SentStream, Silence } from './load.ts';
import type { AclFile, AclRule, Marker, Phase, ProgressStep, Source, StackPort, Telemetry } from './load-files.ts';
import type { Surroundings } from './load-runner.ts';
import type { ManagerFact } from './managers.ts';
import type { EqualHeads } from './repeats.ts';
import type { RunName } from './window.ts';

/** A pointer to what proves something; the evidence writer turns it into text, time and context. */
export type Ref =
  | { readonly event: LogEvent }
  | { readonly sourceId: number; readonly line: number }
  | { readonly source: string; readonly pointer: string; readonly text: string }
  | { readonly source?: string; readonly absent: true; readonly text: string }
  | { readonly ready: Evidence };

export type Era = 'E1' | 'E2' | 'E3' | 'E4' | 'E5' | 'E5a' | 'E5b' | 'E6' | 'Go';

/** What a party's captures cover, on the common clock. They show what crosses the WebSocket and nothing behind it. */
export interface WireFact {
  readonly sourceIds: readonly number[];
  readonly start: number;
  readonly end: number;
  /** From before the first session on, to the end of the party's log where it has one, without a line that could not be read. */
  readonly complete: boolean;
}

export interface PartyFact {
  readonly email: string;
  readonly role: string;
  readonly index: number | null;
  /** Client log of the judged window; null when there is none. */
  readonly log: Source | null;
  readonly logStart: number | null;
  readonly logEnd: number | null;
  /** The log covers the run from before its first session, and the process that wrote it was not restarted. */
  readonly logComplete: boolean;
  /** Capture of its connection to the relay; null when there is none. */
  readonly wire: WireFact | null;
  /** The copy of the log ends before its process did. */
  readonly logCut: boolean;
  readonly hotlinkOn: boolean;
  readonly debug: boolean;
  readonly telemetry: Telemetry | null;
  readonly managers: readonly ManagerFact[];
  /** It moved shortly before its last flush, and its peers flushed on (it ended, or its files were taken before theirs): its counters are lower bounds. */
  readonly countedEarlier: boolean;
  readonly era: { readonly value: Era | null; readonly proof: readonly Ref[] };
  /** Totals over all managers, as far as counters tell. */
  readonly sent: { readonly bytes: Interval; readonly frames: Interval };
  readonly received: { readonly bytes: Interval; readonly frames: Interval };
  readonly hasCounters: boolean;
  /** Frames that its counters say went peer to peer, QUIC included; null when they do not say. */
  readonly p2pFrames: number | null;
}

export interface StreamFact {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  /** The sender did not open this session (F-3). */
  readonly adopted: boolean;
  /** Frames that reached a third party: its path is that of another pair (F-12). They are counted where they were meant to go. */
  readonly astray: boolean;
  /** Last number that the sender's telemetry says it assigned. */
  readonly sentSeq: number | null;
  readonly sent: SentStream | null;
  readonly received: ReceivedStream | null;
}

export interface SessionFact {
  readonly sid: string;
  readonly id: string;
  readonly opener: string | null;
  /** Other party of the channel that the path names; null when nothing tells. */
  readonly peer: string | null;
  readonly path: string | null;
  readonly owner: string | null;
  readonly channel: string | null;
  readonly run: string | null;
  /** `to` of the open. */
  readonly to: string | null;
  readonly opened: LogEvent | null;
  readonly seenBy: readonly LogEvent[];
  /** Lines by which a party says that it accepts. */
  readonly accepting: readonly LogEvent[];
  /** The opener got the accept. */
  readonly accepted: LogEvent | null;
  readonly acceptCount: number;
  readonly timeout: LogEvent | null;
  readonly rejects: readonly LogEvent[];
  readonly denied: LogEvent | null;
  readonly fallbacks: readonly LogEvent[];
  readonly adoptions: readonly LogEvent[];
  readonly p2pOpen: readonly LogEvent[];
  readonly quic: boolean;
  /** An answer to an offer crossed the relay: a data channel may have opened although no line says so. */
  readonly answered: LogEvent | null;
  readonly telemetryStatus: string | null;
  readonly streams: readonly StreamFact[];
}

export interface DirectionFact {
  readonly from: string;
  readonly to: string;
  readonly streams: readonly StreamFact[];
  readonly sessions: readonly SessionFact[];
  readonly offered: Interval | null;
  readonly sent: Interval;
  readonly delivered: Interval;
  readonly lost: Interval;
  readonly received: Interval | null;
  readonly frames: {
    readonly sent: Interval | null;
    readonly relayed: Interval | null;
    readonly received: Interval | null;
    readonly delivered: Interval | null;
  };
  readonly relayedBytes: Interval | null;
  /** Some frames may have gone peer to peer, where no line shows them. */
  readonly hidden: boolean;
}

/** A pair of parties that markers or sessions connect, and what each side has of it. */
export interface PairFact {
  readonly a: string;
  readonly b: string;
  /** Markers by party: those that the party has for this pair in the judged run. */
  readonly markers: ReadonlyMap<string, readonly Marker[]>;
}

export interface Stillness {
  readonly lastMoved: number | null;
  readonly lastMovedRef: Ref | null;
  readonly end: number | null;
  readonly stoodStillUs: number | null;
  readonly standing: boolean;
  /** Samples of counters that show it, where no log does. */
  readonly samples: readonly Ref[];
}

export interface ProgressFact {
  readonly party: string;
  readonly state: 'completed' | 'unfinished' | 'failed';
  readonly step: string | null;
  readonly ref: Ref;
  readonly t: number | null;
  readonly message: string | null;
}

export interface CaseFile {
  readonly run: RunName | null;
  readonly runs: readonly RunName[];
  readonly layout: 'directed' | 'shared-dir' | 'mixed' | 'unknown';
  readonly sources: readonly Source[];
  readonly events: EventLog;
  readonly parties: readonly PartyFact[];
  readonly pairs: readonly PairFact[];
  readonly sessions: readonly SessionFact[];
  readonly directions: readonly DirectionFact[];
  readonly contradictions: readonly string[];
  readonly relay: {
    readonly source: Source;
    readonly start: number | null;
    readonly end: number | null;
    readonly version: 'S0' | 'S1' | 'S2' | null;
  } | null;
  readonly flushes: readonly Flush[];
  readonly received: readonly ReceivedStream[];
  readonly relayed: readonly RelayedFrames[];
  readonly appBytes: readonly AppBytes[];
  readonly telemetry: readonly Telemetry[];
  readonly markers: readonly Marker[];
  readonly acl: readonly AclRule[];
  readonly aclFiles: readonly AclFile[];
  readonly stackPorts: readonly StackPort[];
  readonly progress: readonly ProgressFact[];
  readonly progressSteps: readonly ProgressStep[];
  readonly phases: readonly Phase[];
  /** Runner output, counter samples, containers, stacks. */
  readonly around: Surroundings;
  readonly families: readonly Family[];
  readonly silences: readonly Silence[];
  readonly clocks: Clocks;
  readonly stillness: Stillness;
  readonly finished: boolean | 'unknown';
  /** What the user said. */
  readonly notes: readonly string[];
  /** One of the notes says that the run stood still. */
  readonly toldStill: boolean;
  /** Bursts of data in order, for reading the program's rounds; empty when frames are hidden in peer-to-peer traffic. */
  readonly bursts: readonly Burst[];
  /** Messages between clients with a line at both ends, in the order of sending. */
  readonly crossings: readonly Crossing[];
  /** Looked for only where a party runs the Go client. */
  readonly equalHeads: readonly EqualHeads[];
  party(email: string): PartyFact | undefined;
  direction(from: string, to: string): DirectionFact | undefined;
  /** To the common time from a stamp of that party's clock. */
  common(ownUs: number, clock: string | null): number;
}

export interface Burst {
  readonly from: string;
  readonly to: string;
  readonly t: number;
  readonly sourceId: number;
  readonly line: number;
  readonly frames: number;
  readonly bytes: number;
}

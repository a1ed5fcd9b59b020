/**
 * The failure catalogue of the field guide (§9): for each mechanism the rule that says it, a story of that rule's test in which it fires, and
 * the state that is most easily taken for it.
 */

export interface Row {
  readonly what: string;
  readonly rule: string;
  /** Name of a found story of the rule's test. */
  readonly story: string;
  /** Name of a quiet one. */
  readonly lookAlike: string;
  /** Lines that the finding stands on, where the story names none. */
  readonly decisive?: RegExp;
  /** A recording of the real system in which the rule fires by this mechanism; none: the lines are constructed. */
  readonly recorded?: string;
}

/** Mechanisms that are tested elsewhere: the file must exist, else the row is told as pending. */
export interface Elsewhere {
  readonly what: string;
  readonly elsewhere: string;
}

const row = (what: string, rule: string, story: string, lookAlike: string, more: Pick<Row, 'decisive' | 'recorded'> = {}): Row => ({
  what,
  rule,
  story,
  lookAlike,
  ...more,
});

const MARKERS = /"ports"/;

/** F-1 … F-39, each with its mechanisms. */
export const CATALOGUE: Readonly<Record<string, readonly (Row | Elsewhere)[]>> = {
  'F-1': [
    row('an open that comes back', 'self-route', 'an open that comes back to its opener', 'peer-is-self'),
    row('the guard line, which is adoption', 'sender-lock-drop', 'with debug lines', 'own-session', {
      decisive: /not sender|using ws fallback|reusing inbound|"sessions_out"|send data/,
      recorded: 'stall-e3-debug-c',
    }),
  ],
  'F-2': [
    row('no write right for the opener', 'rejected-session', 'no write right, with the cascade counted', 'unknown-session-alone'),
    row('no read right for the named target', 'rejected-session', 'the named target may not read', 'file-sync', {
      recorded: 'acl-excludes-e6-c',
    }),
  ],
  'F-3': [
    row('adoption, three parties', 'sender-lock-drop', 'towards both peers', 'one-sided-counters', { recorded: 'stall-e3-c' }),
    row('adoption, the second of two speakers', 'sender-lock-drop', 'two parties: the second speaker', 'own-session', {
      recorded: 'stall-2p-e3-c',
    }),
    row('without a relay log', 'sender-lock-drop', 'without a relay log', 'signal-refused'),
  ],
  'F-4': [
    row('a second connection is never promoted', 'lost-writer', 'the first connection closes while the second was ignored', 'probe-before'),
    row('a stale writer (E1, E2)', 'lost-writer', 'a write into the socket fails', 'ordinary-close'),
  ],
  'F-5': [
    row('nobody accepts', 'unanswered-open', 'nobody accepts', 'rejected-open', { recorded: 'acl-denied-e4-c' }),
    row('a late accept', 'unanswered-open', 'accepted too late', 'first-frame-direct'),
    row('a late daemon', 'late-client', 'a session was opened before it came', 'nobody-waited'),
  ],
  'F-6': [
    row('no marker', 'missing-channel', 'one party lacks its marker', 'silent-channel', {
      decisive: MARKERS,
      recorded: 'marker-missing-e6-c',
    }),
    row('the port is taken', 'port-conflict', 'a port that something else has', 'bound-later', { recorded: 'port-taken-e6-c' }),
    row('the program never connected', 'absent-application', 'one party has no program', 'went-away', { recorded: 'no-app-e6-c' }),
  ],
  'F-7': [
    row('a frame without a writer', 'read-loop-blockage', 'a frame waits for a writer and then for a reader', 'quiet-client', {
      recorded: 'late-app-e6-c',
    }),
    row('a program that does not read', 'stalled-reader', 'megabytes are decoded and not written', 'still-fits'),
  ],
  'F-8': [
    row('frames of another channel', 'reorder-lock-blockage', 'a second channel stops with the one that nobody reads', 'newer-version'),
    row('opens of a third party', 'reorder-lock-blockage', 'an open of a third party is not even read', 'one-channel'),
  ],
  'F-9': [
    row('large chunks take the WebSocket', 'oversize-packet', 'frames above the limit take the WebSocket', 'below-limit', {
      recorded: 'oversize-e6-c',
    }),
    row('strict mode halves the chunk and leaves a gap', 'oversize-packet', 'strict mode halves the chunk', 'not-ready'),
    row('p2p-only mode', 'oversize-packet', 'p2p-only mode refuses it with a text that blames the connection', 'not-ready'),
    row('a consumed number', 'sequence-gap', 'a frame in the middle never comes', 'late-frame'),
  ],
  'F-10': [
    row('the key is not swapped', 'peer-key-mismatch', 'without debug: the program had spoken before', 'late-program', {
      recorded: 'wrongkey-e5a-c',
    }),
  ],
  'F-11': [row('numbers of a second session', 'reorder-collision', 'the first frames of the second session are parked', 'newer-receiver')],
  'F-12': [
    row('the wrong party wins', 'wrong-acceptor', "the channel's own peer is turned away", 'right-one-won'),
    row(
      'both are served (before S2)',
      'duplicate-delivery',
      'one frame goes to two parties that both accepted (before S2)',
      'two-sessions',
    ),
  ],
  'F-13': [
    row('no data channel after an offer', 'webrtc-not-connected', 'an offer that leads to nothing', 'answerer-line', {
      recorded: 'mixed-e3-e6-c',
    }),
    row('what it costs', 'websocket-fallback', 'a session falls back', 'other-direction', { recorded: 'healthy-ws-e6-c' }),
  ],
  'F-14': [
    row('no credentials', 'turn-credentials-missing', 'the library refuses the configuration', 'failed-later', {
      recorded: 'healthy-ws-e6-c',
    }),
    row('in strict mode', 'turn-credentials-missing', 'and strict mode allows nothing else', 'own-servers', { recorded: 'strict-e6-c' }),
  ],
  'F-15': [
    row('strict mode', 'strict-violation', 'strict mode refuses a frame', 'ordinary-fallback', { recorded: 'strict-e6-c' }),
    row('p2p-only mode', 'strict-violation', 'p2p-only drops a packet (E3 to E5b)', 'connected-once'),
    row('by counters alone', 'strict-violation', 'counted in telemetry only', 'mode-alone'),
  ],
  'F-16': [
    row('the incoming queue', 'relay-queue-overflow', 'messages of one connection are dropped', 'slow-client'),
    row('the broadcast queue', 'relay-queue-overflow', 'a broadcast for one client', 'written-lines'),
    row('a message that cannot be decoded', 'undecodable-message', 'the relay drops what a client sent', 'queue-full'),
  ],
  'F-17': [
    row('with the relay log', 'relay-restart', 'the relay starts anew under three clients', 'all-cut', { recorded: 'relay-restart-e6-c' }),
    row('without it', 'relay-restart', "without the relay's log: everybody was refused", 'one-client'),
  ],
  'F-18': [
    row('a cut', 'split-client', 'a connection is cut and comes back', 'process-restart', { recorded: 'ws-cut-e6-c' }),
    row('an idle limit', 'split-client', 'idle before the first byte', 'second-start-lines', { recorded: 'ws-idle-cut-e6-c' }),
  ],
  'F-19': [
    row('two connections', 'duplicate-daemon', 'two connections of one user', 'reconnect', { recorded: 'twin-daemon-e6-c' }),
    row('in one folder', 'duplicate-daemon', 'a second client in the same folder, which found the ports taken', 'reconnect'),
    row('every frame twice', 'duplicate-delivery', 'the relay writes each frame to two connections', 'large-receiver', {
      recorded: 'twin-daemon-e6-c',
    }),
  ],
  'F-20': [
    row('markers of an older run', 'stale-run', "sessions under the older run's paths", 'own-ports', { recorded: 'stale-run-e6-c' }),
    row('at one party only', 'stale-run', 'only the speaker has the old markers: its frames find no writer', 'earlier-traffic'),
    row('containers of an older run', 'stale-container', 'containers of an older run are up', 'same-run'),
  ],
  'F-21': [row('a mount source that is not there', 'unmountable-source', 'a source that does not exist, counters at 0', 'fell-back')],
  'F-22': [
    row('no route to the proxy', 'unroutable-container', 'tries without end', 'then-connected'),
    row('direct TCP: two programs are gone', 'early-exit', 'two programs gone, one still waits to be dialled', 'all-exited'),
  ],
  'F-23': [
    row('a failed step', 'failed-before-transport', 'a step before the computation', 'failed-after', { recorded: 'failed-step-e6-c' }),
  ],
  'F-24': [row('a plateau', 'stalled-counters', 'nothing moves up to the end', 'pause', { recorded: 'stall-e3-c' })],
  'F-25': [
    row('sums that differ', 'asymmetric-growth', 'frames that the relay wrote to nobody', 'quiet-dealer', { recorded: 'late-app-e6-c' }),
    row('three published totals', 'asymmetric-growth', 'three published totals', 'balanced totals', { decisive: /"tx_bytes"/ }),
  ],
  'F-26': [
    row('equal chunks', 'duplicate-chunk-suppressed', 'two blocks of one size, each with its length before it', 'other-sizes'),
    row(
      'the live writer goes with a probe',
      'lost-writer',
      'a Go client whose program had spoken',
      'a Go client whose program had not spoken',
    ),
    row(
      'two Go clients in one directory',
      'peer-key-mismatch',
      'two Go clients in one directory',
      'two Go clients, a directory for each direction',
    ),
    row('a Go and a Rust client', 'mixed-versions', 'a Go client does not map what a Rust client sends on', 'same-family'),
  ],
  'F-27': [
    row('an address over the marker', 'invalid-marker', 'an address written over it', 'second-copy'),
    row('empty', 'invalid-marker', 'empty', 'other-run', { decisive: MARKERS, recorded: 'marker-empty-e6-c' }),
    row('no port for this party', 'invalid-marker', 'no port for this party', 'foreign-port', { decisive: /"port":9001\}/ }),
  ],
  'F-28': [
    row('by the ACL file', 'unreadable-channel', 'the peer is not among the readers', 'missing-acl', { recorded: 'acl-denied-e4-c' }),
    row('by the open', 'unreadable-channel', 'by the ACL file of the opener', 'denied-open'),
  ],
  'F-29': [
    row('an offer before its accept', 'offer-race', 'the offer is dropped', 'no-offer', { recorded: 'wire-p2p-e6-c' }),
    row('without a relay log', 'offer-race', 'without the relay log, from what both ends saw', 'the offer arrived and led to nothing'),
    row('of several sessions', 'offer-race', 'of several sessions', 'turned-away', { recorded: 'healthy-p2p-e6-c' }),
    row('frames out of order', 'reordered-frames', 'number 3 before number 2', 'hole-for-good', { recorded: 'wire-ws-e6-c' }),
  ],
  'F-30': [
    row('the first frame is dropped', 'late-application', 'the first frame meets no writer', 'within-five-seconds', {
      recorded: 'late-app-e6-c',
    }),
  ],
  'F-31': [
    row('accepts, without debug lines', 'small-message-delay', 'accepts, without debug lines', 'one-slow', {
      recorded: 'healthy-p2p-e6-c',
    }),
    row('frames', 'small-message-delay', 'frames that take forty milliseconds among others that take one', 'clock-offset', {
      recorded: 'healthy-ws-e5b-c',
    }),
  ],
  'F-32': [row('a full queue at the relay', 'relay-standstill', "a queue's worth of frames was taken and never written", 'sender-lock')],
  'F-33': [row('1.5 s each', 'grace-tax', 'the first frame waits a second and a half', 'earlier-era', { recorded: 'healthy-ws-e6-c' })],
  'F-34': [
    row('the open reaches everybody', 'unprepared-path', "the owner's open reaches somebody", 'shared-directory'),
    row('the open is denied', 'unprepared-path', "the other side's open is denied", 'default-names'),
  ],
  'F-35': [row('silence', 'frozen-link', 'sync passes and messages stop without a word', 'blocked-loop', { recorded: 'net-freeze-e6-c' })],
  'F-36': [
    row('dead', 'dead-client', 'the log ends and the relay drops the connection', 'cut-log', { recorded: 'client-killed-e6-c' }),
    row('restarted', 'client-restart', 'killed and started again', 'late-start', { recorded: 'client-restart-e6-c' }),
    row('killed while it wrote telemetry', 'unreadable-telemetry', 'cut in the middle', 'other-daemon', { decisive: /"live"/ }),
  ],
  'F-37': [row('no manager', 'hotlink-disabled', 'a client without hotlink', 'go-client', { recorded: 'hotlink-off-c' })],
  'F-38': [
    row('an older party', 'mixed-versions', 'an older party cannot map the path of a newer one', 'shared-paths', {
      recorded: 'mixed-e3-e6-c',
    }),
  ],
  'F-39': [
    row('its container is gone', 'exited-program', 'one was killed, the others are up', 'ended-together'),
    row('absent', 'absent-application', 'and a frame for it was dropped', 'not-begun', { recorded: 'no-app-e6-c' }),
    row('silent', 'silent-application', 'a break in the rounds', 'pause', { recorded: 'app-hang-e6-c' }),
    row('silent in an unfinished step', 'silent-application', 'with an unfinished step', 'finished', { recorded: 'hang-progress-e6-c' }),
  ],
};

export function catalogueRows(): readonly (readonly [failure: string, Row | Elsewhere])[] {
  return Object.entries(CATALOGUE).flatMap(([failure, of]) => of.map((r) => [failure, r] as const));
}

/**
 * The vocabulary of rules and users: base tables as ingest fills them.
 *
 * Conventions. `ts_us` is microseconds since 1970 UTC on the clock of the file's own writer (a party's
 * machine or the relay's); a relay development log carries local time, which ingest turns into UTC with
 * the zone that it found or was told. NULL means "the line does not say". Line numbers are 1-based and
 * count physical lines. No column ever holds payload bytes or a secret.
 */
export const BASE_TABLES = /* sql */ `
CREATE TABLE source (
  source_id    INTEGER NOT NULL,   -- 1.. in the order of path
  path         VARCHAR NOT NULL,   -- relative to the sandbox, '/' between components
  kind         VARCHAR NOT NULL,   -- client-log | relay-log | access-log | telemetry | marker | accept-marker | ipc-marker | acl | config | stack | progress | phase | runner | container | capture | archive | database | unknown
  dialect      VARCHAR NOT NULL,   -- rust-file | rust-stdout | go-file | go-stdout | relay-dev | relay-json | mixed | access-json | json | jsonl | yaml | text | none
  party        VARCHAR,            -- email of the party whose file this is; NULL for the relay
  mirror_of    INTEGER,            -- source_id of the fuller copy of the same process output (syftbox.log and client-daemon.log); its events are counted, not judged
  bytes        BIGINT  NOT NULL,
  lines        BIGINT  NOT NULL,   -- physical lines; records + continuation + ignored + rejected = lines
  records      BIGINT  NOT NULL,   -- lines that gave a row somewhere
  continuation BIGINT  NOT NULL,   -- further lines of a record above
  ignored      BIGINT  NOT NULL,   -- recognised noise: known family, not used
  rejected     BIGINT  NOT NULL,   -- not understood; reasons in source_rejection
  unmatched_hotlink BIGINT NOT NULL, -- of the rejected: lines that say hotlink and match no template (bucket of their own)
  cut          BOOLEAN NOT NULL,   -- the file ends without a newline (cut mid-write)
  parties      VARCHAR,            -- only of a file in which clients of several parties speak: their emails, one a line; whose a line is cannot be told, so it is nobody's
  zone_minutes INTEGER,            -- only where a relay wrote local time: minutes added to UTC to get it
  zone_source  VARCHAR             -- 'requests' (solved from Incoming request lines) | 'prefix' (UTC times that docker put before the lines) | 'matched' | 'told' | NULL
);
CREATE TABLE source_rejection (
  source_id INTEGER NOT NULL,
  reason    VARCHAR NOT NULL,      -- closed list in src/ingest/reasons.ts
  lines     BIGINT NOT NULL,       -- lines; under reasons of whole files (src/model/unread.ts) files or archive entries, which are no lines
  first_line INTEGER NOT NULL,     -- 0 under reasons of whole files
  example   VARCHAR NOT NULL       -- masked text of the first such line, cut to 200 characters
);
CREATE TABLE family (              -- recognised noise and heartbeats, aggregated while scanning
  source_id INTEGER NOT NULL,
  family    VARCHAR NOT NULL,      -- 'sync-pass', 'acl-grace', 'healthz', 'telemetry-upload', ...
  subject   VARCHAR,               -- user, where the family is per user (healthz, telemetry-upload in the relay log)
  lines     BIGINT NOT NULL,
  bytes     BIGINT NOT NULL,
  first_us  BIGINT, first_line INTEGER,
  last_us   BIGINT, last_line INTEGER
);
CREATE TABLE silence (             -- holes in a heartbeat family longer than SILENCE_US (2 s)
  source_id INTEGER NOT NULL,
  family    VARCHAR NOT NULL,
  subject   VARCHAR,
  from_us   BIGINT NOT NULL, from_line INTEGER NOT NULL,
  to_us     BIGINT NOT NULL, to_line INTEGER NOT NULL
);
CREATE TABLE event_kind (kind_id SMALLINT NOT NULL, kind VARCHAR NOT NULL, template VARCHAR NOT NULL, side VARCHAR NOT NULL);  -- side: client | relay, whose message it is
CREATE TABLE text_key (text_id INTEGER NOT NULL, value VARCHAR NOT NULL);  -- dictionary of ids, emails, reasons, addresses; masked
CREATE TABLE path_key (
  path_id INTEGER NOT NULL,
  path    VARCHAR NOT NULL,        -- as the line has it
  owner   VARCHAR,                 -- first component (an email), for relative and absolute paths below datasites/
  flow    VARCHAR,
  run     VARCHAR,                 -- component before _mpc
  channel VARCHAR,                 -- 'i_to_j', the component after _mpc (or the last directory when there is no _mpc)
  file    VARCHAR                  -- last component
);
CREATE TABLE log_event (
  event_id   INTEGER NOT NULL,     -- order of (source, line)
  source_id  INTEGER NOT NULL,
  line_no    INTEGER NOT NULL,
  byte_offset BIGINT NOT NULL,     -- of the line's first byte, to read it back
  byte_length INTEGER NOT NULL,    -- without the newline
  ts_us      BIGINT,
  level      TINYINT NOT NULL,     -- 0 debug, 1 info, 2 warn, 3 error
  kind_id    SMALLINT NOT NULL,
  session_id INTEGER,              -- text_key: as the line has it, 8 or 36 characters (16 in Go)
  path_id    INTEGER,              -- path_key
  key_id     INTEGER,              -- path_key: second path of the line (outbound=, local marker)
  conn_id    INTEGER,              -- text_key: relay connection id
  msg_id     INTEGER,              -- text_key: message id
  msg_type   INTEGER,              -- text_key: HOTLINK_OPEN ...
  user_id    INTEGER,              -- text_key: from / user of the line
  to_id      INTEGER,              -- text_key: to / peer of the line
  reason_id  INTEGER,              -- text_key: reason, error text, signal kind, flags; masked, cut in the middle to 1024 characters
  addr_id    INTEGER,              -- text_key: ip:port
  seq        BIGINT,
  bytes      BIGINT,
  n          BIGINT                -- the line's own number: recipients, active, workers, seconds, chunk size
);
CREATE TABLE summary (             -- the periodic "hotlink | ..." line of E3+ (field guide 3.7)
  event_id INTEGER NOT NULL, source_id INTEGER NOT NULL, line_no INTEGER NOT NULL, ts_us BIGINT NOT NULL,
  tx_packets BIGINT NOT NULL, tx_bytes_min BIGINT NOT NULL, tx_bytes_max BIGINT NOT NULL,  -- rounding of the printed figure as an interval
  tx_p2p BIGINT NOT NULL, tx_ws BIGINT NOT NULL,
  rx_packets BIGINT NOT NULL, rx_bytes_min BIGINT NOT NULL, rx_bytes_max BIGINT NOT NULL,
  state VARCHAR NOT NULL,          -- up | negotiating | off
  p2p_up INTEGER NOT NULL, sess_in INTEGER NOT NULL, out_accepted INTEGER NOT NULL, out_waiting INTEGER NOT NULL
);
CREATE TABLE telemetry (           -- one row per telemetry file found
  source_id INTEGER NOT NULL, party VARCHAR NOT NULL,
  mode VARCHAR, strict BOOLEAN, started_us BIGINT, updated_us BIGINT,
  tx_packets BIGINT, tx_bytes BIGINT, tx_p2p BIGINT, tx_ws BIGINT, tx_quic BIGINT,   -- NULL: key absent in this era
  rx_packets BIGINT, rx_bytes BIGINT, rx_max_write_ms BIGINT, tx_max_send_ms BIGINT,
  p2p_offers BIGINT, p2p_answers_ok BIGINT, p2p_answers_err BIGINT, quic_offers BIGINT,
  ws_fallbacks BIGINT, strict_violations BIGINT, webrtc_connected BIGINT,
  live_inbound BIGINT, live_out_accepted BIGINT, live_out_pending BIGINT, live_tcp_proxies BIGINT,
  has_live BOOLEAN NOT NULL, has_bench_strict BOOLEAN NOT NULL, has_quic_keys BOOLEAN NOT NULL,
  tx_bytes_max BIGINT, rx_bytes_max BIGINT  -- upper ends, where a person wrote a range {"min":…,"max":…} instead of a figure; NULL otherwise
);
CREATE TABLE telemetry_session (
  source_id INTEGER NOT NULL, party VARCHAR NOT NULL, pointer VARCHAR NOT NULL,      -- JSON pointer of the entry
  direction VARCHAR NOT NULL,      -- in | out
  sid VARCHAR NOT NULL, peer VARCHAR, channel VARCHAR, status VARCHAR, seq BIGINT, webrtc VARCHAR
);
CREATE TABLE telemetry_proxy (
  source_id INTEGER NOT NULL, party VARCHAR NOT NULL, pointer VARCHAR NOT NULL,
  port INTEGER, from_email VARCHAR, to_email VARCHAR, connected BOOLEAN
);
CREATE TABLE marker (              -- stream.tcp
  source_id INTEGER NOT NULL, party VARCHAR NOT NULL,  -- whose tree
  owner VARCHAR NOT NULL,          -- namespace it lies in
  flow VARCHAR, run VARCHAR, channel VARCHAR NOT NULL, from_index INTEGER, to_index INTEGER,
  from_email VARCHAR, to_email VARCHAR, port INTEGER,
  local_port INTEGER,              -- ports[party], else port
  ports VARCHAR,                   -- JSON text of the ports object
  problem VARCHAR                  -- NULL when the client accepts it (field guide 8.3); else empty | not-json | no-from | no-to | no-port | no-local-port | bad-directory
);
CREATE TABLE acl_rule (
  source_id INTEGER NOT NULL, party VARCHAR NOT NULL, owner VARCHAR NOT NULL,
  directory VARCHAR NOT NULL,      -- datasites-relative directory of the file
  flow VARCHAR, run VARCHAR, channel VARCHAR,
  terminal BOOLEAN NOT NULL, rule_no INTEGER NOT NULL, line_no INTEGER, pattern VARCHAR NOT NULL,
  level VARCHAR NOT NULL,          -- admin | write | read; none: the rule grants nothing
  grantee VARCHAR NOT NULL
);
CREATE TABLE acl_file (source_id INTEGER NOT NULL, party VARCHAR NOT NULL, owner VARCHAR NOT NULL, directory VARCHAR NOT NULL, flow VARCHAR, run VARCHAR, channel VARCHAR, problem VARCHAR);
CREATE TABLE progress_event (      -- _progress/state.json steps, progress.json lines, log.jsonl lines, <role>_<step>.json
  source_id INTEGER NOT NULL, line_no INTEGER, pointer VARCHAR, party VARCHAR NOT NULL, flow VARCHAR, run VARCHAR,
  origin VARCHAR NOT NULL,         -- state | progress | log | role
  step VARCHAR, event VARCHAR,     -- step_started ..., or the status for origin state/role
  status VARCHAR,                  -- in_progress | completed | failed | ...
  started_us BIGINT, ended_us BIGINT, ts_us BIGINT, message VARCHAR
);
CREATE TABLE phase (               -- lines of *.phase
  source_id INTEGER NOT NULL, line_no INTEGER NOT NULL, party VARCHAR NOT NULL, flow VARCHAR, run VARCHAR, text VARCHAR NOT NULL
);
CREATE TABLE stack_client (        -- relay/state.json clients[]
  source_id INTEGER NOT NULL, pointer VARCHAR NOT NULL, email VARCHAR NOT NULL, pid BIGINT, port INTEGER, embedded BOOLEAN NOT NULL
);
CREATE TABLE stack_port (          -- relay/state.json: ports that the stack itself listens on
  source_id INTEGER NOT NULL, pointer VARCHAR NOT NULL, name VARCHAR NOT NULL, port INTEGER NOT NULL
);
CREATE TABLE access (              -- relay access log, aggregated: one row per (source, user, path is own telemetry, type)
  source_id INTEGER NOT NULL, user_email VARCHAR NOT NULL, agent VARCHAR, access_type VARCHAR NOT NULL,
  own_telemetry BOOLEAN NOT NULL, allowed BOOLEAN NOT NULL,
  lines BIGINT NOT NULL, first_us BIGINT, first_line INTEGER, last_us BIGINT, last_line INTEGER
);
CREATE TABLE runner_event (        -- what programs around hotlink print: runner and step logs, a saved console, CI output (field guide 2.6, 2.7)
  source_id INTEGER NOT NULL, line_no INTEGER NOT NULL, ts_us BIGINT,
  party VARCHAR, flow VARCHAR, run VARCHAR, party_index INTEGER,   -- as far as the line or its file says
  kind    VARCHAR NOT NULL,        -- closed list in src/ingest/text/kinds.ts
  subject VARCHAR,                 -- what it is about: a step, a container, CPa->CPb, an environment variable
  status  VARCHAR,                 -- LISTENING, CONNECT_FAIL, failed, ...
  port    INTEGER,
  n       BIGINT,                  -- exit code, seconds, polls
  detail  VARCHAR                  -- masked, at most 512 characters
);
CREATE TABLE counters (            -- a party's counters at one moment: status lines, figures that a person pasted, further copies of a telemetry file
  source_id INTEGER NOT NULL, line_no INTEGER, pointer VARCHAR,
  origin VARCHAR NOT NULL,         -- status | pasted | telemetry
  party VARCHAR NOT NULL,          -- email, or the short name as written
  ordinal INTEGER NOT NULL,        -- order of samples of one origin where no time is given
  ts_us BIGINT,
  tx_packets BIGINT, tx_bytes_min BIGINT, tx_bytes_max BIGINT, rx_packets BIGINT, rx_bytes_min BIGINT, rx_bytes_max BIGINT,
  ws_fallbacks BIGINT, tx_ws BIGINT, webrtc_connected BIGINT, stall_s BIGINT,
  run VARCHAR,                     -- of texts: the run that the text above names
  started_us BIGINT                -- telemetry only: start of the manager that counted
);
CREATE TABLE container (           -- docker ps | inspect; NULL where the output does not say
  source_id INTEGER NOT NULL, line_no INTEGER, pointer VARCHAR,
  name VARCHAR NOT NULL, container_id VARCHAR, image VARCHAR, run VARCHAR, party_index INTEGER,  -- from syqure-{run}-pid{N}
  state VARCHAR,                   -- running | exited | created | paused | restarting | dead
  status VARCHAR,                  -- as printed: Up 17 minutes, Exited (137) ...
  started_us BIGINT, ended_us BIGINT, exit_code INTEGER, oom_killed BOOLEAN, error VARCHAR,
  ports VARCHAR, mounts VARCHAR, network VARCHAR   -- as printed, or JSON text
);
CREATE TABLE container_load (      -- docker stats: one row per container and sample
  source_id INTEGER NOT NULL, line_no INTEGER, pointer VARCHAR,
  name VARCHAR NOT NULL, run VARCHAR, party_index INTEGER, ordinal INTEGER NOT NULL, ts_us BIGINT, cpu_percent DOUBLE, memory VARCHAR
);
CREATE TABLE stack_frame (         -- stack dumps of a program: innermost frame first
  source_id INTEGER NOT NULL, line_no INTEGER NOT NULL, party VARCHAR, party_index INTEGER, container VARCHAR, depth INTEGER NOT NULL, name VARCHAR NOT NULL
);
CREATE TABLE frame (               -- what a capture holds: one row per hotlink message on the wire (field guide 6)
  source_id INTEGER NOT NULL, line_no INTEGER NOT NULL,   -- line on which the message's last byte stands
  party VARCHAR NOT NULL, way VARCHAR NOT NULL,           -- to_relay | to_client
  conn INTEGER NOT NULL, ts_us BIGINT NOT NULL, encoding VARCHAR NOT NULL,   -- json | msgpack
  type VARCHAR NOT NULL, session VARCHAR, path VARCHAR, seq BIGINT, bytes BIGINT, frm VARCHAR, "to" VARCHAR, reason VARCHAR, signal VARCHAR
);
CREATE TABLE excerpt (             -- --db only: masked text of every event line and two lines around, at most 512 bytes each
  source_id INTEGER NOT NULL, line_no INTEGER NOT NULL, text VARCHAR NOT NULL
);
CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
`;

/** Views over the base tables; dictionary ids become text. */
export const VIEWS = /* sql */ `
CREATE VIEW event AS
SELECT
  e.event_id, e.source_id, s.path AS source, k.side,
  CASE WHEN k.side = 'client' AND s.parties IS NULL THEN s.party END AS party, e.line_no, e.ts_us, e.level, k.kind,
  ts.value AS session, left(ts.value, 8) AS sid8,
  p.path, p.owner, p.run, p.channel, kp.path AS key_path, kp.owner AS key_owner, kp.channel AS key_channel,
  tc.value AS conn, tm.value AS msg_id, tt.value AS msg_type, tu.value AS user_email, tto.value AS to_email,
  tr.value AS reason, ta.value AS addr, e.seq, e.bytes, e.n
FROM log_event AS e
JOIN source AS s ON s.source_id = e.source_id AND s.mirror_of IS NULL
JOIN event_kind AS k ON k.kind_id = e.kind_id
LEFT JOIN text_key AS ts ON ts.text_id = e.session_id
LEFT JOIN path_key AS p ON p.path_id = e.path_id
LEFT JOIN path_key AS kp ON kp.path_id = e.key_id
LEFT JOIN text_key AS tc ON tc.text_id = e.conn_id
LEFT JOIN text_key AS tm ON tm.text_id = e.msg_id
LEFT JOIN text_key AS tt ON tt.text_id = e.msg_type
LEFT JOIN text_key AS tu ON tu.text_id = e.user_id
LEFT JOIN text_key AS tto ON tto.text_id = e.to_id
LEFT JOIN text_key AS tr ON tr.text_id = e.reason_id
LEFT JOIN text_key AS ta ON ta.text_id = e.addr_id;
`;

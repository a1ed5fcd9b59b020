/**
 * Puts what was assembled back into the store as tables, so that a person who queries finds the same sessions, directions
 * and clocks that the rules judged: run, party, session, stream, ledger, flow_matrix, gap, writer_life, clock_offset, expected_channel.
 */
import type { Interval } from '../../model/diagnosis.ts';
import { sql, type Query } from '../../store/sql.ts';
import type { CaseFile, DirectionFact } from './case-file.ts';
import { UNBOUNDED } from './transport.ts';

type Value = string | number | boolean | null;

export async function publish(query: Query, c: CaseFile): Promise<void> {
  await query(
    sql`CREATE OR REPLACE TEMP TABLE run AS SELECT unnest(from_json_strict(?1, '[{"run":"VARCHAR","flow":"VARCHAR","first_seen_us":"BIGINT","judged":"BOOLEAN"}]'), recursive := true)`,
    [rows(c.runs, (r) => ({ run: r.id, flow: r.flow, first_seen_us: r.firstSeenUs, judged: r.id === c.run?.id }))],
  );
  await query(
    sql`CREATE OR REPLACE TEMP TABLE party AS SELECT unnest(from_json_strict(?1, '[{"email":"VARCHAR","party_index":"INTEGER","era":"VARCHAR","log":"VARCHAR","telemetry":"VARCHAR","managers":"INTEGER","debug":"BOOLEAN","tx_bytes_min":"BIGINT","tx_bytes_max":"BIGINT","rx_bytes_min":"BIGINT","rx_bytes_max":"BIGINT"}]'), recursive := true)`,
    [
      rows(c.parties, (p) => ({
        email: p.email,
        party_index: p.index,
        era: p.era.value,
        log: p.log?.path ?? null,
        telemetry: p.telemetry?.source ?? null,
        managers: p.managers.length,
        debug: p.debug,
        tx_bytes_min: p.sent.bytes.min,
        tx_bytes_max: known(p.sent.bytes.max),
        rx_bytes_min: p.received.bytes.min,
        rx_bytes_max: known(p.received.bytes.max),
      })),
    ],
  );
  await query(
    sql`CREATE OR REPLACE TEMP TABLE session AS SELECT unnest(from_json_strict(?1, '[{"sid":"VARCHAR","session":"VARCHAR","opener":"VARCHAR","peer":"VARCHAR","to_email":"VARCHAR","path":"VARCHAR","channel":"VARCHAR","run":"VARCHAR","opened_us":"BIGINT","accepted_us":"BIGINT","acceptors":"INTEGER","timed_out":"BOOLEAN","reject":"VARCHAR","p2p_open":"BOOLEAN"}]'), recursive := true)`,
    [
      rows(c.sessions, (s) => ({
        sid: s.sid,
        session: s.id,
        opener: s.opener,
        peer: s.peer,
        to_email: s.to,
        path: s.path,
        channel: s.channel,
        run: s.run,
        opened_us: s.opened?.t ?? null,
        accepted_us: s.accepted?.t ?? null,
        acceptors: s.accepting.length,
        timed_out: s.timeout !== null,
        reject: s.rejects[0]?.reason ?? s.denied?.reason ?? null,
        p2p_open: s.p2pOpen.length > 0,
      })),
    ],
  );
  await query(
    sql`CREATE OR REPLACE TEMP TABLE stream AS SELECT unnest(from_json_strict(?1, '[{"sid":"VARCHAR","from_email":"VARCHAR","to_email":"VARCHAR","adopted":"BOOLEAN","sent_seq":"BIGINT","frames_decoded":"BIGINT","bytes_decoded":"BIGINT","frames_in_order":"BIGINT","bytes_in_order":"BIGINT","first_skipped":"BIGINT"}]'), recursive := true)`,
    [
      rows(
        c.sessions.flatMap((s) => s.streams),
        (s) => ({
          sid: s.sid,
          from_email: s.from,
          to_email: s.to,
          adopted: s.adopted,
          sent_seq: s.sentSeq,
          frames_decoded: s.received?.frames ?? null,
          bytes_decoded: s.received?.bytes ?? null,
          frames_in_order: s.received?.prefixFrames ?? null,
          bytes_in_order: s.received?.prefixBytes ?? null,
          first_skipped: s.received?.skippedSeq ?? null,
        }),
      ),
    ],
  );
  await query(
    sql`CREATE OR REPLACE TEMP TABLE flow_matrix AS SELECT unnest(from_json_strict(?1, '[{"from_email":"VARCHAR","to_email":"VARCHAR","offered":"BIGINT","sent_min":"BIGINT","sent_max":"BIGINT","delivered_min":"BIGINT","delivered_max":"BIGINT","lost_min":"BIGINT","lost_max":"BIGINT","frames_relayed":"BIGINT"}]'), recursive := true)`,
    [
      rows(c.directions, (d) => ({
        from_email: d.from,
        to_email: d.to,
        offered: d.offered?.min ?? null,
        sent_min: d.sent.min,
        sent_max: known(d.sent.max),
        delivered_min: d.delivered.min,
        delivered_max: known(d.delivered.max),
        lost_min: d.lost.min,
        lost_max: known(d.lost.max),
        frames_relayed: d.frames.relayed?.min ?? null,
      })),
    ],
  );
  await query(
    sql`CREATE OR REPLACE TEMP TABLE clock_offset AS SELECT unnest(from_json_strict(?1, '[{"clock":"VARCHAR","against":"VARCHAR","min_us":"BIGINT","max_us":"BIGINT"}]'), recursive := true)`,
    [rows(c.clocks.intervals, (i) => ({ clock: i.clock, against: i.against, min_us: i.min, max_us: i.max }))],
  );
  await query(
    sql`CREATE OR REPLACE TEMP TABLE expected_channel AS SELECT unnest(from_json_strict(?1, '[{"a":"VARCHAR","b":"VARCHAR","markers_a":"INTEGER","markers_b":"INTEGER"}]'), recursive := true)`,
    [rows(c.pairs, (p) => ({ a: p.a, b: p.b, markers_a: p.markers.get(p.a)?.length ?? 0, markers_b: p.markers.get(p.b)?.length ?? 0 }))],
  );
  await query(LEDGER, [
    rows(
      c.directions.flatMap((d) => hopsOf(d)),
      (h) => ({
        from_email: h.from,
        to_email: h.to,
        hop: h.hop,
        bytes_min: h.bytes?.min ?? null,
        bytes_max: h.bytes === null ? null : known(h.bytes.max),
        frames_min: h.frames?.min ?? null,
        frames_max: h.frames === null ? null : known(h.frames.max),
      }),
    ),
  ]);
  await query(GAP);
  await query(WRITER_LIFE);
}

const LEDGER = sql`CREATE OR REPLACE TEMP TABLE ledger AS SELECT unnest(from_json_strict(?1, '[{"from_email":"VARCHAR","to_email":"VARCHAR","hop":"VARCHAR","bytes_min":"BIGINT","bytes_max":"BIGINT","frames_min":"BIGINT","frames_max":"BIGINT"}]'), recursive := true)`;

/** Holes: numbers of a session that were never decoded (WebSocket only), and heartbeats that stopped for a while. */
const GAP = sql`
  CREATE OR REPLACE TEMP VIEW gap AS
  SELECT 'number' AS what, party, sid8 AS sid, seq + 1 AS from_seq, next_seq - 1 AS to_seq, NULL::BIGINT AS from_us, NULL::BIGINT AS to_us, line_no
  FROM (
    SELECT party, sid8, seq, line_no, lead(seq) OVER (PARTITION BY party, sid8 ORDER BY seq) AS next_seq
    FROM (SELECT party, sid8, seq, min(line_no) AS line_no FROM ev WHERE kind = 'decoded-data' GROUP BY party, sid8, seq)
  )
  WHERE next_seq > seq + 1
  UNION ALL
  SELECT x.family, coalesce(x.subject, s.party), NULL, NULL, NULL, x.from_us, x.to_us, x.from_line
  FROM silence AS x JOIN source AS s ON s.source_id = x.source_id AND s.mirror_of IS NULL
`;

/** Connections of local programs to the proxies (debug lines): when each came and, per channel, the next close after it. */
const WRITER_LIFE = sql`
  CREATE OR REPLACE TEMP VIEW writer_life AS
  SELECT a.party, a.path, a.channel, a.addr, a.t AS connected_us, a.line_no AS connected_line,
    (SELECT min(x.t) FROM ev AS x WHERE x.kind = 'app-closed' AND x.source_id = a.source_id AND x.path = a.path AND x.line_no > a.line_no) AS closed_us,
    (SELECT sum(b.bytes) FROM ev AS b WHERE b.kind = 'app-bytes' AND b.source_id = a.source_id AND b.path = a.path AND b.line_no > a.line_no) AS bytes_after
  FROM ev AS a WHERE a.kind = 'app-connected'
`;

function rows<T>(list: readonly T[], toRow: (item: T) => Readonly<Record<string, Value>>): string {
  return JSON.stringify(list.map((x) => toRow(x)));
}

/** NULL for "no bound known". */
function known(n: number): number | null {
  return n >= UNBOUNDED ? null : n;
}

interface Hop {
  readonly from: string;
  readonly to: string;
  readonly hop: 'sent' | 'relayed' | 'received' | 'delivered';
  readonly bytes: Interval | null;
  readonly frames: Interval | null;
}

function hopsOf(d: DirectionFact): readonly Hop[] {
  const { from, to } = d;
  return [
    { from, to, hop: 'sent', bytes: d.sent, frames: d.frames.sent },
    { from, to, hop: 'relayed', bytes: d.relayedBytes, frames: d.frames.relayed },
    { from, to, hop: 'received', bytes: d.received, frames: d.frames.received },
    { from, to, hop: 'delivered', bytes: d.delivered, frames: d.frames.delivered },
  ];
}

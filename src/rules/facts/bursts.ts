/** Data frames in the order of time, put together per sender and receiver, for reading the program's rounds. */
import { sql, type Query } from '../../store/sql.ts';
import type { Burst, SessionFact } from './case-file.ts';
import { integer, text, textOrNull } from './columns.ts';

/** Frames in the order of time, those of one sender to one receiver put together until the sender hears from somebody. */
export async function loadBursts(query: Query, sessions: readonly SessionFact[]): Promise<readonly Burst[]> {
  const rows = await query(
    sql`SELECT party, sid8, t, source_id, line_no, coalesce(bytes, 0) AS bytes FROM ev WHERE kind = 'decoded-data' AND t IS NOT NULL AND party IS NOT NULL ORDER BY t, event_id LIMIT 200000`,
  );
  const streams = new Map(sessions.flatMap((s) => s.streams.map((x) => [`${x.sid}\n${x.to}`, x] as const)));
  const open = new Map<string, { burst: Growing; heard: number }>();
  /** Frames that each party has read so far: whatever it sends after reading is a new burst. */
  const heard = new Map<string, number>();
  const bursts: Growing[] = [];
  for (const r of rows) {
    const stream = streams.get(`${text(r, 'sid8')}\n${textOrNull(r, 'party') ?? ''}`);
    if (stream === undefined) continue;
    const { from, to } = stream;
    const known = heard.get(from) ?? 0;
    const current = open.get(`${from}\n${to}`);
    if (current?.heard === known) {
      current.burst.frames += 1;
      current.burst.bytes += integer(r, 'bytes');
    } else {
      const place = { t: integer(r, 't'), sourceId: integer(r, 'source_id'), line: integer(r, 'line_no') };
      const burst = { from, to, ...place, frames: 1, bytes: integer(r, 'bytes') };
      open.set(`${from}\n${to}`, { burst, heard: known });
      bursts.push(burst);
    }
    heard.set(to, (heard.get(to) ?? 0) + 1);
  }
  return bursts;
}

type Growing = Burst & { frames: number; bytes: number };

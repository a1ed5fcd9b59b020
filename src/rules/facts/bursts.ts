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
  const open = new Map<string, { from: string; to: string; t: number; sourceId: number; line: number; frames: number; bytes: number }>();
  const heardSince = new Map<string, boolean>();
  const bursts: { from: string; to: string; t: number; sourceId: number; line: number; frames: number; bytes: number }[] = [];
  for (const r of rows) {
    const stream = streams.get(`${text(r, 'sid8')}\n${textOrNull(r, 'party') ?? ''}`);
    if (stream === undefined) continue;
    const key = `${stream.from}\n${stream.to}`;
    const current = open.get(key);
    if (current !== undefined && heardSince.get(key) !== true) {
      current.frames += 1;
      current.bytes += integer(r, 'bytes');
    } else {
      const burst = {
        from: stream.from,
        to: stream.to,
        t: integer(r, 't'),
        sourceId: integer(r, 'source_id'),
        line: integer(r, 'line_no'),
        frames: 1,
        bytes: integer(r, 'bytes'),
      };
      open.set(key, burst);
      bursts.push(burst);
      heardSince.set(key, false);
    }
    // The receiver has now heard: whatever it sends next is a new burst.
    for (const k of open.keys()) if (k.startsWith(`${stream.to}\n`)) heardSince.set(k, true);
  }
  return bursts;
}

/** First and last stamp of each source's window, heartbeats included. */
import { sql, type Query } from '../../store/sql.ts';
import { integer } from './columns.ts';

export interface LogEnd {
  readonly sourceId: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

export async function loadEnds(query: Query): Promise<readonly LogEnd[]> {
  const rows = await query(sql`
    SELECT source_id, min(first_us) AS first_us, max(last_us) AS last_us FROM (
      SELECT source_id, min(ts_us) AS first_us, max(ts_us) AS last_us FROM ev WHERE ts_us IS NOT NULL GROUP BY source_id
      UNION ALL SELECT source_id, min(ts_us), max(ts_us) FROM flush GROUP BY source_id
      UNION ALL SELECT f.source_id, NULL, max(f.last_us) FROM family AS f JOIN run_window AS w USING (source_id) WHERE f.last_line BETWEEN w.from_line AND w.to_line GROUP BY f.source_id
    ) GROUP BY source_id HAVING min(first_us) IS NOT NULL ORDER BY source_id
  `);
  return rows.map((r) => ({ sourceId: integer(r, 'source_id'), firstUs: integer(r, 'first_us'), lastUs: integer(r, 'last_us') }));
}

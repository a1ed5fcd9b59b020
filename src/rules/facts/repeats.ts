/** Heads of blocks that a sender's lines show to be equal: chunks of the size of a length, each before a block of one and the same size. */
import { sql, type Query } from '../../store/sql.ts';
import { integer, text } from './columns.ts';

export interface EqualHeads {
  readonly party: string;
  readonly sid: string;
  /** Size of the blocks that follow. */
  readonly block: number;
  readonly firstSeq: number;
  readonly secondSeq: number;
  readonly sourceId: number;
  readonly firstLine: number;
  readonly secondLine: number;
}

/** The length before a block of the protocol, written as a chunk of its own (field guide 1.2). */
const HEAD_BYTES = 8;
/** A Go client remembers that many chunks (field guide 8.6). */
const REMEMBERED = 1024;

/** Of debug logs, which list each frame that went over the WebSocket. */
export async function loadEqualHeads(query: Query): Promise<readonly EqualHeads[]> {
  const rows = await query(
    sql`
    WITH sent AS (
      SELECT party, sid8, seq, bytes, source_id, line_no, lead(bytes) OVER w AS block, lead(seq) OVER w AS next_seq
      FROM ev WHERE kind = 'send-data' AND party IS NOT NULL AND sid8 IS NOT NULL AND seq IS NOT NULL
      WINDOW w AS (PARTITION BY party, sid8 ORDER BY seq)
    ),
    head AS (
      SELECT *, lag(seq) OVER h AS before_seq, lag(line_no) OVER h AS before_line
      FROM sent WHERE bytes = ?1 AND next_seq = seq + 1 AND block <> ?1
      WINDOW h AS (PARTITION BY party, sid8, block ORDER BY seq)
    )
    SELECT party, sid8, arg_min(block, seq) AS block, arg_min(before_seq, seq) AS first_seq, min(seq) AS second_seq,
      arg_min(source_id, seq) AS source_id, arg_min(before_line, seq) AS first_line, arg_min(line_no, seq) AS second_line
    FROM head WHERE before_seq IS NOT NULL AND seq - before_seq <= ?2 GROUP BY party, sid8 ORDER BY party, sid8
  `,
    [HEAD_BYTES, REMEMBERED],
  );
  return rows.map((r) => ({
    party: text(r, 'party'),
    sid: text(r, 'sid8'),
    block: integer(r, 'block'),
    firstSeq: integer(r, 'first_seq'),
    secondSeq: integer(r, 'second_seq'),
    sourceId: integer(r, 'source_id'),
    firstLine: integer(r, 'first_line'),
    secondLine: integer(r, 'second_line'),
  }));
}

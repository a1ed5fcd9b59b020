import { Readable } from 'node:stream';
import ndjson from 'ndjson';

/** One value a line. */
export async function ndjsonOf(values: readonly unknown[]): Promise<string> {
  let text = '';
  for await (const line of Readable.from(values).pipe(ndjson.stringify())) text += String(line);
  return text;
}

/**
 * Files of JSON lines that are not logs: access logs, progress events. Read with the `ndjson` package; when it passes over
 * a line (it does not say which), the file is walked once more to name each bad one.
 */
import ndjson from 'ndjson';
import type { FileRejection } from './file-rows.ts';

/** Parses a whole text; `each` gets the values in order with their line numbers, and says whether it could use one. */
export async function readJsonLines(
  text: string,
  each: (value: unknown, line: number) => boolean,
): Promise<{ records: number; ignored: number; rejections: readonly FileRejection[] }> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const blank = lines.filter((line) => line.trim() === '').length;
  const values = await parseAll(text, lines.length);
  const rejections: FileRejection[] = [];
  let records = 0;
  const take = (value: unknown, line: number): void => {
    if (each(value, line)) records++;
    else rejections.push({ reason: 'unexpected-shape', line, text: lines[line - 1]?.slice(0, 400) ?? '', lines: 1 });
  };
  if (blank === 0 && values.length === lines.length) values.forEach((value, index) => take(value, index + 1));
  else {
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const parsed = parseOne(line);
      const isCut = index === lines.length - 1 && !text.endsWith('\n');
      if (parsed === undefined)
        rejections.push({ reason: isCut ? 'cut-line' : 'not-json', line: index + 1, text: line.slice(0, 400), lines: 1 });
      else take(parsed.value, index + 1);
    }
  }
  return { records, ignored: blank, rejections };
}

function parseOne(line: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return undefined;
  }
}

/**
 * Values of the lines that parse. A lone `null` ends the package's stream early, and what follows it is then an error of the
 * stream: both show as too few values.
 */
async function parseAll(text: string, atMost: number): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  const stream = ndjson.parse({ strict: false });
  const done = new Promise<void>((resolve) => {
    stream.on('end', resolve);
    stream.on('error', () => resolve());
    stream.on('close', resolve);
  });
  stream.on('data', (value: unknown) => {
    if (values.length < atMost) values.push(value);
  });
  stream.end(text);
  await done;
  return values;
}

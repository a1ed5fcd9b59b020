/** Evidence as places in SARIF. */
import type { Evidence } from '../model/diagnosis.ts';
import { placeOf } from './outcome.ts';

/** What all paths are relative to. */
export const BASE = 'SANDBOX';

/** Text of a message: its braces and brackets are not placeholders and links (SARIF 2.1.0, 3.11.5 and 3.11.6). */
export function message(text: string): { readonly text: string } {
  return {
    text: text
      .toWellFormed()
      .replaceAll(/[\\[\]]/g, String.raw`\$&`)
      .replaceAll('{', '{{')
      .replaceAll('}', '}}'),
  };
}

/** A path as a relative reference; readers take `%2E%2E` for a parent too, so dots alone are written once more. Nothing in a file's name is read as a scheme, a query or a parent. */
export function uriOf(path: string): string {
  return path
    .toWellFormed()
    .split('/')
    .map((part) => (part === '..' || part === '.' ? part.replaceAll('.', '%252E') : encodeURIComponent(part)))
    .join('/');
}

export function locationOf(e: Evidence, sources: readonly string[]): object {
  const { source, line, pointer, text, context = [] } = e;
  const words = e.absent === true ? `not there: ${text}` : (e.note ?? (line === undefined ? text : placeOf(e)));
  if (source === undefined) return { message: message(`${placeOf(e)}: ${text}`) };
  const index = sources.indexOf(source);
  const numbered = context.filter((c) => c.line > 0);
  const [first, last] = [numbered[0], numbered.at(-1)];
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(source), uriBaseId: BASE, ...(index < 0 ? {} : { index }) },
      ...(line === undefined || line === 0 ? {} : { region: { startLine: line, snippet: { text } } }),
      ...(first === undefined || last === undefined || line === undefined || line === 0 || first.line > line || last.line < line
        ? {}
        : { contextRegion: { startLine: first.line, endLine: last.line, snippet: { text: numbered.map((c) => c.text).join('\n') } } }),
    },
    ...(pointer === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: pointer, kind: 'value' }] }),
    message: message(words),
  };
}

/** The chain of evidence: a thread flow for each clock, in the order of that clock; null when fewer than two lines are dated. */
export function codeFlow(evidence: readonly Evidence[], sources: readonly string[]): object | null {
  const dated = evidence.filter((e) => e.source !== undefined && e.clock !== undefined && e.time !== undefined && e.absent !== true);
  if (dated.length < 2) return null;
  const clocks = [...new Set(dated.map((e) => e.clock ?? ''))];
  return {
    message: { text: 'What each clock saw, in its own order.' },
    threadFlows: clocks.map((clock) => ({
      id: clock,
      message: message(clock),
      locations: dated
        .filter((e) => e.clock === clock)
        .toSorted((a, b) => order(a, b))
        .map((e) => ({
          location: locationOf(e, sources),
          ...(e.time === undefined ? {} : { executionTimeUtc: e.time }),
          importance: 'important',
        })),
    })),
  };
}

function order(a: Evidence, b: Evidence): number {
  const [x, y] = [a.time ?? '', b.time ?? ''];
  return x === y ? (a.line ?? 0) - (b.line ?? 0) : x < y ? -1 : 1;
}

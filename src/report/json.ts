import type { Diagnosis } from '../model/diagnosis.ts';

/**
 * What a terminal may act on when the document is printed there, and the `[` behind `##`, which a GitHub runner takes for a
 * command: as escapes it is the same value to every reader of JSON.
 */
const ACTED_ON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]|(?<=##)\[/gu;

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** Any value as JSON that is safe to print. */
export function jsonText(value: unknown, indent = 2): string {
  return `${JSON.stringify(value, null, indent).replace(ACTED_ON, escaped)}\n`;
}

/** The whole Diagnosis, one newline at the end; `indent` 0: in one line. Key order is the document's own: same input, same bytes. */
export function renderJson(d: Diagnosis, indent = 2): string {
  return jsonText(d, indent);
}

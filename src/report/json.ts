import type { Diagnosis } from '../model/diagnosis.ts';

/** The whole Diagnosis, indented, one newline at the end. Key order is the document's own: same input, same bytes. */
export function renderJson(d: Diagnosis): string {
  return `${JSON.stringify(d, null, 2)}\n`;
}

/** Tables without lines: cells are safe and wrapped before cli-table3 sets them side by side. */
import Table from 'cli-table3';
import { GLUE, cutEnd, padEnd, textWidth, wrapText } from './text.ts';

const NO_LINES = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '',
} as const; // prettier-ignore

/** Blanks between two columns. */
export const GUTTER = 3;

/**
 * Lines of a table whose columns are `widths` wide; the last one is wrapped, the others cut. Cells must be safe text.
 * Padding is done here with our own widths, so that a character which the two programs count differently moves nothing.
 */
export function layTable(rows: readonly (readonly string[])[], widths: readonly number[], ascii: boolean): string[] {
  const last = widths.length - 1;
  const table = new Table({ chars: NO_LINES, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] } });
  for (const cells of rows) {
    table.push(
      cells.map((cell, column) => {
        const width = widths[column] ?? 0;
        const lines = column === last ? wrapText(cell, width) : [cutEnd(cell, width, ascii)];
        return (lines.length > 0 ? lines : [''])
          .map((line) => padEnd(line, width + (column === last ? 0 : GUTTER)).replaceAll(' ', GLUE))
          .join('\n');
      }),
    );
  }
  return rows.length === 0 ? [] : table.toString().split('\n');
}

/** Width of the widest cell of a column, at most `most`. */
export function columnWidth(rows: readonly (readonly string[])[], column: number, most = Infinity): number {
  return Math.min(most, Math.max(0, ...rows.map((cells) => textWidth(cells[column] ?? ''))));
}

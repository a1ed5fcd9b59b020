/** Whether lines that are no log's are text that a handler knows: a console, a runner's log, what docker prints. */
import { takePrefixes } from '../util/line-prefix.ts';
import { textTimeUs } from './scan-time.ts';
import { textHandlers } from './text/handlers.ts';

/** Of a file's beginning this many lines are tried. */
const TRIED_LINES = 400;
/** Of a line this much is looked at. */
const TRIED_CHARACTERS = 8192;
/** The status line of the command line tool (field guide 2.7). */
const STATUS = /📡 Hotlink/u;

export function knowsText(head: Buffer, path: string): boolean {
  const handlers = textHandlers();
  for (const [index, raw] of head.toString('utf8').split('\n', TRIED_LINES).entries()) {
    const { at, shape, time } = takePrefixes(raw);
    if (shape !== undefined) continue;
    const text = raw
      .slice(at, at + TRIED_CHARACTERS)
      .replace(/\r$/, '')
      .replace(/\x1b\[[0-9;]*m/g, '');
    if (STATUS.test(text)) return true;
    const stampUs = time === undefined ? NaN : textTimeUs(time);
    const line = { sourceId: 0, path, lineNo: index + 1, tsUs: Number.isNaN(stampUs) ? null : stampUs, text, party: null };
    if (handlers.some((handler) => Array.isArray(handler.read(line)))) return true;
  }
  return false;
}

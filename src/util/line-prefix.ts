/**
 * What stands before a log line that another program printed: times, streams, names of containers and steps, any number
 * deep (field guide 2.3, 2.7, 3.6; docker, docker compose, Kubernetes, GitHub Actions).
 *
 *     [2026-02-09T13:14:15+10:00][INFO] [STDOUT] 2026-02-09T03:14:15.926Z INFO hotlink enabled: …
 *     test<TAB>Run scenario<TAB>2026-02-09T03:14:15.1234567Z relay-1  | ␛[2m2026-02-09 13:14:15␛[0m INF …
 *
 * Works on decoded text as well as on bytes read as latin1; places are characters of what was given.
 */

/** Dialects of programs that write lines of their own. */
export type LineShape = 'rust-file' | 'rust-stdout' | 'go-file' | 'go-stdout' | 'relay-dev' | 'relay-json';

const SHAPES: readonly (readonly [LineShape, RegExp])[] = [
  ['rust-file', /time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=[A-Z]+ msg="/y],
  ['rust-stdout', /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:INFO|ERROR|WARN|DEBUG) /y],
  ['go-file', /(?:line=\d+ )?time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) level=[A-Z]+(?:[+-]\d+)? msg=/y],
  ['go-stdout', /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d) (?:DBG|INF|WRN|ERR)\b/y],
  [
    'relay-dev',
    /(?:\x1b\[2m)?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\x1b\[0m)? (?:\x1b\[\d+m)?(?:DBG|INF|WRN|ERR)(?:\x1b\[0m)? (?:\x1b\[2m)?[\w@./-]+\.go:\d+/y,
  ],
  ['relay-json', /\{"time":"[^"]{19,40}","level":"[A-Z]+(?:[+-]\d+)?","msg":"/y],
];

/** Whose line begins at `at`, by its own time and level; undefined for all other text. */
export function shapeAt(text: string, at: number): LineShape | undefined {
  const first = text.charCodeAt(at);
  const isDigit = first >= 48 && first <= 57;
  // A digit, ESC, '{', 't' or 'l': nothing else begins a log line.
  if (!isDigit && first !== 0x1b && first !== 123 && first !== 116 && first !== 108) return undefined;
  for (const [shape, pattern] of SHAPES) {
    pattern.lastIndex = at;
    if (pattern.test(text)) return shape;
  }
  return undefined;
}

const STAMP = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)`;

/** Forms that carry a time in their first group. The second one of brackets is the level that Desktop or the SDK gave. */
const BRACKETS = new RegExp(String.raw`\[(${STAMP})\]((?:\[[A-Z][A-Z-]*\])+|\[runner\])?(?: |$)?`, 'y');
const TIME = new RegExp(String.raw`(${STAMP})(?: (?:stdout|stderr) [FP](?= |$))?(?: |$)`, 'y');
const OTHERS: readonly RegExp[] = [
  /\[(?:STDOUT|STDERR|stdout|stderr)\](?: |$)?/y,
  /\uFEFF|\xEF\xBB\xBF/y,
  /(?:\x1b\[[0-9;]*m)+/y,
  /##\[[a-z-]{1,24}\]/y,
  /[A-Za-z0-9][\w.-]{0,80}[-_]\d+ +\|(?: |$)/y,
  /[A-Za-z0-9][\w.-]{0,80} +\| (?=(?:\x1b\[[0-9;]*m)*(?:\d{4}-\d\d-\d\d[T ]\d\d:|time=\d{4}-|line=\d+ time=|\{"time":))/y,
];
/** Job and step, as `gh run view --log` puts them before each line. */
const JOB_AND_STEP = /[^\t\n]{1,200}\t[^\t\n]{1,200}\t(?=(?:\uFEFF|\xEF\xBB\xBF)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z )/y;

export interface Prefixes {
  /** Where the line itself begins. */
  readonly at: number;
  /** Shape of what begins there. */
  readonly shape: LineShape | undefined;
  /** Innermost time of the prefixes, as written. */
  readonly time: string | undefined;
  /** Desktop's or the SDK's time and level stand there (field guide 2.3, 3.6). */
  readonly isDesktop: boolean;
  /** And nothing after them: the line is the program's own, not one that it passed on. */
  readonly isDesktopsOwn: boolean;
}

function end(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Takes off every prefix until a log line or other text is left. */
export function takePrefixes(text: string): Prefixes {
  let at = 0;
  let time: string | undefined;
  let isDesktop = false;
  let isDesktopsOwn = false;
  for (;;) {
    const shape = shapeAt(text, at);
    if (shape !== undefined) return { at, shape, time, isDesktop, isDesktopsOwn: false };
    BRACKETS.lastIndex = at;
    TIME.lastIndex = at;
    const brackets = BRACKETS.exec(text);
    const stamped = brackets ?? TIME.exec(text);
    let next = at;
    if (stamped !== null) {
      next = at + stamped[0].length;
      time = stamped[1];
      isDesktopsOwn = /^\[[A-Z]/.test(brackets?.[2] ?? '');
      isDesktop ||= isDesktopsOwn;
    } else {
      for (const pattern of OTHERS) {
        next = end(pattern, text, at);
        if (next > at) break;
      }
      if (next === at && text.includes('\t', at)) next = end(JOB_AND_STEP, text, at);
      if (next > at && text.charCodeAt(at) !== 0x1b) isDesktopsOwn = false;
    }
    if (next === at) return { at, shape: undefined, time, isDesktop, isDesktopsOwn };
    at = next;
  }
}

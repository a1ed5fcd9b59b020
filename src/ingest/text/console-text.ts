/**
 * What a saved console or CI output says of containers, sockets, shells and time-outs (field guide F-15, F-20 to F-23).
 * The words are those of docker, of sequre's sockets, of shells and of the scenario runners.
 */
import type { TextAnswer, TextHandler, TextLine } from './handler.ts';
import { numberIn, readBy, runnerRow, unwrap, variablesIn, type Reading, type Said } from './runner-rows.ts';

function mount(path: string | undefined, reason: string): Said {
  const why = /no such file|does not exist/i.test(reason)
    ? 'no-such-file'
    : /permitted|denied|read-only/i.test(reason)
      ? 'denied'
      : /invalid/i.test(reason)
        ? 'invalid-spec'
        : 'other';
  return { kind: 'mount-failed', subject: path, status: why, detail: reason };
}

/** `(x37)`, `[repeated 37 times]`, `last message repeated 37 times`. */
function repeats(text: string): number | undefined {
  return numberIn(/\(x ?(\d+)\)|repeated (\d+) times/.exec(text)?.[0]);
}

function connection(m: RegExpExecArray, status: string): Said {
  return { kind: 'peer-connect', subject: m[1], port: numberIn(m[2]), status, n: repeats(m.input), detail: m[3] };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600 };

/** Seconds of `1200 s`, `20 minutes`, `1h`. */
function secondsOf(amount: string | undefined, unit: string | undefined): number | undefined {
  const n = Number(amount);
  if (amount === undefined || Number.isNaN(n)) return undefined;
  return /^ms|^milli/.test(unit ?? '') ? Math.floor(n / 1000) : Math.round(n * (UNIT_SECONDS[(unit ?? 's').charAt(0)] ?? 1));
}

/** What a whole run or a step of it is called in such sentences; a probe or a request that timed out is another thing. */
const OF_THE_RUN =
  /secure_aggregate|scenario|\bflow\b|\bstep\b|\bruns?\b|complet|finish|syqure|sequre|multiparty|computation|container|test/i;

function timeOut(line: string, subject: string | undefined, seconds: number | undefined): Said | undefined {
  if (/\bretry/i.test(line)) return undefined;
  return { kind: 'timed-out', subject, status: OF_THE_RUN.test(line) ? 'run' : 'other', n: seconds, detail: line };
}

const AMOUNT = String.raw`(\d+(?:\.\d+)?) ?(ms|milliseconds|s|secs?|seconds|m|mins?|minutes|h|hours?)?\b`;

const MOUNTS: readonly Reading[] = [
  [/Docker mount fallback: (.*)/, (m) => ({ kind: 'mount-fallback', detail: m[1] })],
  [/creating mount source path '?(.*?)'?: (.*)/, (m) => mount(m[1], m[2] ?? '')],
  [/bind source path does not exist: (\S+)/, (m) => mount(m[1], m[0])],
  [/error mounting "([^"]+)"(.*)/, (m) => mount(m[1], m[2] ?? '')],
  [
    /invalid (?:volume|mount|bind)? ?(?:spec(?:ification)?|config|characters?)\b(.*)/i,
    (m) =>
      /volume|mount|bind|spec|docker/i.test(m.input) && /[:/@]/.test(m[1] ?? '')
        ? mount(/["']?(\/[^"'\s]+)/.exec(m[1] ?? '')?.[1], m[0])
        : undefined,
  ],
];

const DOCKER: readonly Reading[] = [
  [
    /[Cc]ontainer ?(?:→|->) ?host proxy route unreachable for ([^\s:]+):(\d+)(?: \((.*)\))?/,
    (m) => ({ kind: 'route-unreachable', subject: m[1], port: Number(m[2]), detail: m[3] }),
  ],
  [
    /Syqure Docker direct TCP enabled: network=(\S+)(?: ip=(\S+))?/,
    (m) => ({ kind: 'direct-tcp', subject: m[1], status: 'enabled', detail: m[2] }),
  ],
  [
    /^(?:.*\b)?(?:docker: )?Error response from daemon: (.*)/,
    (m) => (/No such (?:container|network|object)/.test(m[1] ?? '') ? undefined : { kind: 'container-failed', detail: m[1] }),
  ],
  [/\bdocker run\b.*?\b(?:failed|exited|returned)\b(.*)/i, (m) => ({ kind: 'container-failed', n: numberIn(m[1]), detail: m[0] })],
];

const SOCKETS: readonly Reading[] = [
  [/^(?:(\S+?):(\d+):\s*)?Could not connect: (.*)/, (m) => connection(m, 'failed')],
  [/\b(?:([\d.]+|[\w-]+):(\d+):\s*)?Could not connect: (.*)/, (m) => connection(m, 'failed')],
  [/^(\S+?):(\d+):\s*Connected\.?\s*()$/, (m) => connection(m, 'connected')],
  [/^(\S+?):(\d+):\s*Retrying()/, (m) => connection(m, 'retrying')],
  [/^(\S+?):(\d+):\s*Channel open: (awaiting connection.*)/, (m) => connection(m, 'awaiting')],
];

const SHELL: readonly Reading[] = [
  [/(?:^|[:\s])([\w./-]+): (?:command )?not found\s*$/, (m) => missing(m)],
  [
    /^(?:.*\b)?(operation not permitted)\b/i,
    (m) => ({ kind: 'denied', subject: /(?:['"`]|\s)(\/[^\s'"`:]+)/.exec(m.input)?.[1], detail: m.input }),
  ],
  [/\b(?:bind|listen|mkdir|unlink|rm|remove\w*)\b.*\bpermission denied\b/i, (m) => ({ kind: 'denied', detail: m.input })],
  [/\bexited due to signal: (\d+)/, (m) => ({ kind: 'program-exit', status: 'signal', n: Number(m[1]), detail: m.input })],
  [
    /\b(?:exit(?:ed)?|completed)(?: with)?(?: (?:status|code|exit))+ ?[:=]? ?\(?(\d{1,3})\b/i,
    (m) => ({ kind: 'program-exit', status: 'code', n: Number(m[1]), detail: m.input }),
  ],
];

/** `time: command not found` of bash, `time: not found` of sh; other things that are not found are no commands. */
function missing(m: RegExpExecArray): Said | undefined {
  const isShell = m[0].includes('command not found') || /^(?:\/bin\/)?(?:sh|dash|bash): (?:line )?\d+: /.test(m.input);
  return isShell ? { kind: 'command-missing', subject: m[1], detail: m.input } : undefined;
}

const TIMES: readonly Reading[] = [
  [new RegExp(String.raw`^(.*?)\btimed out after ${AMOUNT}`, 'i'), (m) => timeOut(m.input, m[1], secondsOf(m[2], m[3]))],
  [
    /\b(?:timeout|timed out) (?:while )?waiting (?:for |on )?(.*)/i,
    (m) => timeOut(m.input, m[1], numberIn(/(\d+) ?s/.exec(m[1] ?? '')?.[1])),
  ],
  [
    new RegExp(String.raw`^(.*?)\bdid not (?:finish|complete|reach .*?) (?:with)?in ${AMOUNT}`, 'i'),
    (m) => timeOut(m.input, m[1], secondsOf(m[2], m[3])),
  ],
  [/^(.*?)\bhas exceeded the maximum execution time of (\d+) minutes?/, (m) => timeOut(m.input, `step ${m[1] ?? ''}`, Number(m[2]) * 60)],
  [/\b(?:TimeoutExpired|TimeoutError)\b(.*)/, (m) => timeOut(m.input, m[1], numberIn(m[1]))],
];

const CHECKS: readonly Reading[] = [
  [
    /P2P-only violation:? ?(.*)/i,
    (m) => ({ kind: 'p2p-violation', status: 'fallback', n: numberIn(/ws_fallbacks=(\d+)/.exec(m[1] ?? '')?.[1]), detail: m[1] }),
  ],
  [/\bno active webrtc dataplane\b/i, (m) => ({ kind: 'p2p-violation', status: 'no-dataplane', detail: m.input })],
  [/^==> Done: (.*?)(?: in (\d+)s)?\s*$/, (m) => ({ kind: 'done', subject: m[1], n: numberIn(m[2]) })],
  [
    /^(?:[$+>] |Run )?((?:[A-Z][A-Z0-9_]*=\S* )*\S*\/?test-scenario\.sh\b.*)/,
    (m) => [{ kind: 'command', detail: m[1] }, ...variablesIn(m[1] ?? '')],
  ],
  [/^(?:\$ |\+ |export |env |docker run )(.*)/, (m) => orNothing(variablesIn(m[1] ?? ''))],
  [/^((?:SEQURE|SYQURE|BV|BIOVAULT|SYFTBOX)_[A-Z0-9_]+=.*)/, (m) => orNothing(variablesIn(m[1] ?? ''))],
];

function orNothing(said: readonly Said[]): readonly Said[] | undefined {
  return said.length === 0 ? undefined : said;
}

const READINGS: readonly Reading[] = [...MOUNTS, ...DOCKER, ...SOCKETS, ...SHELL, ...TIMES, ...CHECKS];

/** One of these stands in every line that a reading above can know. */
const HINT =
  /mount|docker|daemon|route|direct tcp|connect|retrying|awaiting|not found|permi|denied|exit|completed|time|within|p2p|webrtc|==> |invalid|\.sh\b|[A-Z]{2,}_/i;

export class ConsoleTextHandler implements TextHandler {
  read(given: TextLine): TextAnswer {
    const { line, whose } = unwrap(given);
    if (!HINT.test(line.text)) return undefined;
    const said = readBy(READINGS, line);
    return said === undefined ? undefined : said.map((one) => runnerRow(line, one, whose));
  }
}

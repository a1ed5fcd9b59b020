/**
 * What the runner of one party says (field guide 2.6, 2.7): messages of `syqure-native.log`, which the desktop and a console
 * repeat, the key=value lines of `biovault-syqure-diag-*.log`, and the number in `biovault-syqure-port-base-*.txt`.
 */
import type { TextAnswer, TextHandler, TextLine } from './handler.ts';
import {
  isDiagFile,
  numberIn,
  partiesOfBaseFile,
  readBy,
  runnerRow,
  unwrap,
  variable,
  variablesIn,
  whosePath,
  type Reading,
  type Said,
  type Whose,
} from './runner-rows.ts';

/** `CP0:9001:OK CP2:11002:FAIL(connection refused)` of a barrier's poll; each is a probe of its own. */
const POLLED = /\bCP(\d+):(\d+):(?:(OK)|FAIL(?:\(([^)]*)\))?)/g;

function polled(text: string): Said[] {
  return [...text.matchAll(POLLED)].map((m) => ({
    kind: 'port-check',
    subject: `CP${m[1] ?? ''}`,
    port: Number(m[2]),
    status: m[3] === 'OK' ? 'CONNECT_OK' : 'CONNECT_FAIL',
    detail: m[4],
  }));
}

function barrier(text: string): Said[] {
  const word = /^(start|ready|skipped)\b/.exec(text)?.[1] ?? (text.startsWith('poll=') ? 'poll' : undefined);
  const seconds = /elapsed_s=(\d+)/.exec(text)?.[1] ?? /^ready after (\d+)/.exec(text)?.[1];
  return [{ kind: 'barrier', status: word, n: numberIn(seconds), detail: text }, ...polled(text)];
}

const READINGS: readonly Reading[] = [
  [/^starting syqure command: (.*)/, (m) => [{ kind: 'command', detail: m[1] }, ...variablesIn(m[1] ?? '')]],
  [/^(?:\[env\]|runtime_env) ([A-Za-z_]\w*)=(.*)/, (m) => variable(m[1] ?? '', m[2] ?? '')],
  [/^runner_start\b(.*)/, (m) => ({ kind: 'runner-start', partyIndex: numberIn(/party_id=(\d+)/.exec(m[1] ?? '')?.[1]), detail: m[1] })],
  [/^host_context\b(.*)/, (m) => ({ kind: 'host-context', detail: m[1] })],
  [
    /^(tcp_preflight|tcp_port_check:) (CP\d+<->CP\d+) port=(\S+) status=(\w+)(?: err=(.*))?/,
    (m) => ({ kind: 'port-check', subject: m[2], port: numberIn(m[3]), status: m[4], detail: m[5] }),
  ],
  [/^mpc_dir_state path=(\S+) files=(\d+)(.*)/, (m) => ({ kind: 'mpc-files', subject: m[1], n: Number(m[2]), detail: m[3] })],
  [
    /^path_meta (.*?)(?: |=)(exists|missing)\b(.*)/,
    (m) => ({ kind: 'path', subject: m[1], status: m[2], detail: /err=(.*)/.exec(m[3] ?? '')?.[1] ?? m[3] }),
  ],
  [/^tcp_barrier (.*)/, (m) => barrier(m[1] ?? '')],
  [/^prelaunch_gate (passed|failed)\b:?(.*)/, (m) => ({ kind: 'prelaunch-gate', status: m[1], detail: m[2] })],
  [/^syqure child spawned pid=(\d+)/, (m) => ({ kind: 'program-start', n: Number(m[1]) })],
  [
    /^syqure still running(?: party_id=(\d+))?.*?\belapsed_s=(\d+)/,
    (m) => ({ kind: 'program-alive', n: Number(m[2]), partyIndex: numberIn(m[1]) }),
  ],
  [
    /^syqure child exited status_code=(?:Some\()?(-?\d+|None|none|signal\S*)/,
    (m) => ({ kind: 'program-exit', status: /\d/.test(m[1] ?? '') ? 'code' : 'signal', n: numberIn(m[1]), detail: m[0] }),
  ],
  [/\bkill_reason=(\w+)(.*)/, (m) => ({ kind: 'program-killed', status: m[1], detail: m[2] })],
  [/^syqure step duration (\d+)\.(\d{3})s?/, (m) => ({ kind: 'step-duration', n: Number(m[1]) * 1000 + Number(m[2]) })],
  [
    /^(\w+) must be in range \d+\.\.=(\d+), got (-?\d+)/,
    (m) => ({ kind: 'port-hint', subject: m[1], status: 'out-of-range', n: Number(m[3]), detail: m[0] }),
  ],
  [/^(?:warn: )?correcting stale syqure port hint(.*)/, (m) => ({ kind: 'port-hint', status: 'corrected', detail: m[1] })],
];

const KEY = /^([A-Za-z_][\w.]*)=(.*)$/;

/** One line of a diagnosis file. */
function diagLine(key: string, value: string): Said {
  if (key.startsWith('env.')) return variable(key.slice('env.'.length), value);
  if (key === 'port_base') return { kind: 'port-base', port: numberIn(value) };
  return { kind: 'setting', subject: key, status: variable(key, value).detail };
}

interface Memory {
  /** Of the file: the party that it said last. */
  partyIndex?: number | undefined;
  run?: string | undefined;
  party?: string | undefined;
  /** Lines of a diagnosis file follow, quoted by a step log. */
  isTail: boolean;
}

export class RunnerLogHandler implements TextHandler {
  private memory: Memory = { isTail: false };

  read(given: TextLine): TextAnswer {
    const { line, whose } = unwrap(given);
    const tail = /^syqure_diag_tail: ?(.*)/.exec(line.text);
    const isDiag = isDiagFile(line.path);
    if (tail !== null) this.memory = { isTail: true };
    const text = tail?.[1] ?? line.text;
    const said = readBy(READINGS, { ...line, text }) ?? this.settings(text, isDiag) ?? baseOf(line);
    if (said === undefined) {
      if (tail !== null) return [runnerRow(line, { kind: 'setting', subject: 'syqure_diag_tail', detail: text }, whose)];
      this.memory.isTail = false;
      return undefined;
    }
    const start = said.find((one) => one.kind === 'runner-start');
    if (start?.partyIndex !== undefined) this.memory.partyIndex = start.partyIndex;
    const known = whosePath(line.path);
    const place: Whose = {
      run: known.run ?? this.memory.run,
      partyIndex: whose.partyIndex ?? known.partyIndex ?? this.memory.partyIndex,
    };
    return said.map((one) => runnerRow(line, { party: this.memory.party, ...one }, { ...place, ...whose }));
  }

  save(): unknown {
    return { ...this.memory };
  }

  restore(state: unknown): void {
    this.memory = { ...(state as Memory) };
  }

  private settings(text: string, isDiag: boolean): Said[] | undefined {
    const m = isDiag || this.memory.isTail ? KEY.exec(text) : null;
    if (m === null) return undefined;
    const [, key = '', value = ''] = m;
    if (key === 'party_id') this.memory.partyIndex = numberIn(value);
    if (key === 'run_id' && value !== '') this.memory.run = value;
    if (key === 'email' && /^[^@\s]+@[^@\s]+$/.test(value)) this.memory.party = value;
    return [diagLine(key, value)];
  }
}

function baseOf(line: TextLine): Said[] | undefined {
  const parties = partiesOfBaseFile(line.path);
  const base = /^\s*(\d{1,5})\s*$/.exec(line.text)?.[1];
  return parties === undefined || base === undefined ? undefined : [{ kind: 'port-base', port: Number(base), n: parties }];
}

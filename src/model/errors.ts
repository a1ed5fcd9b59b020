/**
 * Every error that the doctor raises on purpose. A code has a section of its own in docs/errors.md; a test compares the
 * two. Kinds decide the exit code, in src/cli/main.ts and nowhere else.
 */

import type { UnreadReason } from './unread.ts';

/** usage: the command line · input: what was to be examined · environment: disk, missing native part · internal: our bug. */
export type ErrorKind = 'usage' | 'input' | 'environment' | 'internal';

interface Entry<D> {
  readonly kind: ErrorKind;
  /** What, where and the next step, in lower case and without a full stop. */
  readonly text: (details: D) => string;
}

function entry<D>(kind: ErrorKind, text: (details: D) => string): Entry<D> {
  return { kind, text };
}

/** Something wrong at a place of a file, 1-based. */
interface Placed {
  readonly line: number;
  readonly column: number;
  readonly says: string;
}

function listed(path: string, problems: readonly Placed[]): string {
  return problems.map((p) => `${path}:${p.line}:${p.column}: ${p.says}`).join('\n  ');
}

export const ERRORS = {
  HLD_CLI_BAD_OPTION_VALUE: entry<{ option: string; value: string; expected: string }>(
    'usage',
    (d) => `${d.option} cannot be '${d.value}': it takes ${d.expected}`,
  ),
  HLD_CLI_UNWRITABLE_OUTPUT: entry<{ path: string; reason: string }>(
    'environment',
    (d) => `cannot write ${d.path}: ${d.reason}; choose another file`,
  ),
  HLD_GATE_BAD_BASELINE: entry<{ path: string; problems: readonly Placed[] }>(
    'usage',
    (d) => `${listed(d.path, d.problems)}; docs/gate.md shows what a baseline holds`,
  ),
  HLD_GATE_BAD_POLICY: entry<{ path: string; problems: readonly Placed[] }>(
    'usage',
    (d) => `${listed(d.path, d.problems)}; docs/gate.md lists all keys`,
  ),
  HLD_GATE_NO_SUCH_POLICY: entry<{ name: string; bundled: readonly string[]; similar?: string | undefined }>(
    'usage',
    (d) =>
      `no policy '${d.name}': no file, and not one of the bundled ${d.bundled.join(', ')}` +
      (d.similar === undefined ? '' : `; did you mean '${d.similar}'?`),
  ),
  HLD_INPUT_ARCHIVE_DAMAGED: entry<{ path: string; why: UnreadReason }>(
    'input',
    (d) => `nothing of use can be unpacked from ${d.path} (${d.why}); pack it again, or give the folder itself`,
  ),
  HLD_INPUT_ARCHIVE_ENCRYPTED: entry<{ path: string }>(
    'input',
    (d) => `${d.path} is encrypted, and the doctor takes no passwords; unpack it and give the folder`,
  ),
  HLD_INPUT_ARCHIVE_FORMAT: entry<{ path: string; format: string; command: string }>(
    'input',
    (d) => `${d.path} is packed with ${d.format}, which is not opened here; unpack it (${d.command}) or pack it as .tar.gz or .zip`,
  ),
  HLD_INPUT_BAD_TEMPLATE: entry<{ path: string; line: number; reason: string }>(
    'input',
    (d) => `${d.path}:${d.line}: ${d.reason}; docs/templates.md shows how a template is written`,
  ),
  HLD_INPUT_NO_SUCH_PATH: entry<{ path: string }>(
    'input',
    (d) => `no such path: ${d.path}; give a sandbox directory, one file of it, or a saved database`,
  ),
  HLD_INPUT_NOTHING_RECOGNISED: entry<{ path: string; files: number }>(
    'input',
    (d) =>
      `nothing in ${d.path} is evidence of a hotlink run (files looked at: ${d.files}); ` +
      `a sandbox holds client logs, a relay log or hotlink_telemetry.json files`,
  ),
  HLD_INPUT_NOT_A_FILE: entry<{ path: string; what: string }>(
    'input',
    (d) => `${d.path} is a ${d.what}; give a file or a folder, or pipe the evidence in and give -`,
  ),
  HLD_INPUT_SEVERAL_SANDBOXES: entry<{ path: string; parts: readonly string[]; isArchive: boolean }>('input', (d) => {
    const listed = d.parts.slice(0, 3).join(', ') + (d.parts.length > 3 ? ` and ${d.parts.length - 3} more` : '');
    const next = d.isArchive ? 'unpack it and give one of them, or all to analyze' : 'give one of them, or all to analyze (its *)';
    return `${d.path} holds ${d.parts.length} sandboxes (${listed}), whose runs must not be mixed; ${next}`;
  }),
  HLD_INPUT_TOO_LARGE: entry<{ path: string; limitBytes: number }>(
    'input',
    (d) => `${d.path} is larger than ${d.limitBytes} bytes; write it to a file and give that`,
  ),
  HLD_INPUT_UNREADABLE: entry<{ path: string; reason: string }>(
    'input',
    (d) => `cannot read ${d.path}: ${d.reason}; check its owner and permissions, or copy it`,
  ),
  HLD_LIVE_CANNOT_LISTEN: entry<{ address: string; reason: string }>(
    'environment',
    (d) => `cannot listen on ${d.address}: ${d.reason}; choose another --port, or 0 for any free one`,
  ),
  HLD_LIVE_CHILD_FAILED: entry<{ name: string; reason: string }>(
    'environment',
    (d) =>
      `the process for ${d.name} did not start: ${d.reason || 'it said nothing in time'}; 'live relay' and 'live party' run it alone, with all that it says`,
  ),
  HLD_LIVE_NOT_LOOPBACK: entry<{ host: string }>(
    'usage',
    (d) => `${d.host} is no loopback address, and a relay believes whoever connects; add --expose if you mean it`,
  ),
  HLD_REPORT_NO_DIAGNOSIS: entry<{ path: string; reason: string }>(
    'input',
    (d) => `${d.path} is no diagnosis: ${d.reason}; 'hotlink-doctor analyze SANDBOX --format json=FILE' writes one`,
  ),
  HLD_RULES_BAD_FOLDER: entry<{ path: string; reason: string }>(
    'usage',
    (d) => `no rules in ${d.path}: ${d.reason}; --rules takes a folder with *.sql files, see docs/own-rules.md`,
  ),
  HLD_RULES_BAD_RULE_FILE: entry<{ problems: readonly { file: string; line: number; says: string }[] }>('usage', (d) =>
    [
      'rules of --rules that cannot be used:',
      ...d.problems.map((p) => `  ${p.file}:${p.line}: ${p.says}`),
      '  docs/own-rules.md shows what a file holds',
    ].join('\n'),
  ),
  HLD_RULES_NO_SUCH_RULE: entry<{ name: string; similar?: string | undefined }>(
    'usage',
    (d) =>
      `no rule, failure or error code is called '${d.name}'` +
      (d.similar === undefined ? '' : `; did you mean '${d.similar}'?`) +
      `; 'hotlink-doctor rules' lists all rules`,
  ),
  HLD_RUN_NO_SUCH_RUN: entry<{ run: string; known: readonly string[] }>(
    'usage',
    (d) =>
      `no run '${d.run}' in this input; ${d.known.length === 0 ? 'it shows no run at all; leave --run out' : `it shows ${d.known.join(', ')}`}`,
  ),
  HLD_STORE_NATIVE_MISSING: entry<{ reason: string }>(
    'environment',
    (d) => `the DuckDB library does not load: ${d.reason}; run 'npm ci' on this machine, without --omit=optional`,
  ),
  HLD_STORE_OTHER_VERSION: entry<{ path: string; reason: string }>(
    'input',
    (d) => `${d.path} is no database that this version can open: ${d.reason}; analyze the sandbox again with --db`,
  ),
  HLD_STORE_SQL_FAILED: entry<{ reason: string }>(
    'usage',
    (d) => `the statement failed: ${d.reason}; "SELECT table_name FROM information_schema.tables" lists tables and views`,
  ),
  HLD_TRACE_NO_SUCH_PARTY: entry<{ party: string; known: readonly string[]; similar?: string | undefined }>(
    'usage',
    (d) =>
      `no party '${d.party}' in this input${d.similar === undefined ? '' : `; did you mean '${d.similar}'?`}; ${d.known.length === 0 ? 'it shows no party at all' : `its parties are ${d.known.join(', ')}`}`,
  ),
  HLD_WATCH_CANNOT_JUDGE: entry<{ path: string; reason: string; code: string }>(
    'input',
    (d) => `${d.path} cannot be watched: ${d.reason}${d.code === '' ? '' : ` (${d.code})`}`,
  ),
  HLD_WATCH_NOT_A_FOLDER: entry<{ path: string }>(
    'usage',
    (d) => `${d.path} is a file; watch and collect take the folder of a running system, analyze reads single files`,
  ),
} as const;

export type ErrorCode = keyof typeof ERRORS;
type Details<C extends ErrorCode> = Parameters<(typeof ERRORS)[C]['text']>[0];

/** An error whose message a person can act on; anything else that is thrown is a bug of ours. */
export class DoctorError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly kind: ErrorKind;
  readonly details: Details<C>;

  constructor(code: C, details: Details<C>, options: { cause?: unknown } = {}) {
    const { kind, text } = ERRORS[code] as Entry<Details<C>>;
    super(text(details), options);
    this.name = 'DoctorError';
    this.code = code;
    this.kind = kind;
    this.details = details;
  }
}

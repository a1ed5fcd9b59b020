/** The small files of a sandbox, in the form in which the runner and the client write them. */
import { BASE_MS, FLOW } from './story-lines.ts';

/** Files of a sandbox: path relative to it, and text. */
export type Files = ReadonlyMap<string, string>;

export function runDirectory(email: string, run: string): string {
  return `${email}/datasites/${email}/shared/flows/${FLOW}/${run}`;
}

export function telemetryPath(email: string): string {
  return `${email}/datasites/${email}/.syftbox/hotlink_telemetry.json`;
}

export function logPath(email: string): string {
  return `${email}/.syftbox/logs/syftbox.log`;
}

export const RELAY_LOG = 'relay/server/logs/server.log';

/** Own listener port of party i for its pair with j, of n (field guide 1.3). */
export function portOf(i: number, j: number, n: number): number {
  const [a, b] = i < j ? [i, j] : [j, i];
  return 9000 + 1000 * i + a * n - (a * (a + 1)) / 2 + (b - a);
}

export function markerText(from: string, to: string, ports: Readonly<Record<string, number>>, port: number): string {
  return JSON.stringify({ from, to, port, ports });
}

/** One rule for everything below, as the runner writes it. */
export function aclText(
  grants: { readonly read: readonly string[]; readonly write: readonly string[]; readonly admin: readonly string[] },
  terminal = false,
): string {
  const list = (name: string, emails: readonly string[]): string =>
    emails.length === 0 ? `    ${name}: []\n` : `    ${name}:\n${emails.map((e) => `    - ${e}\n`).join('')}`;
  return `${terminal ? 'terminal: true\n' : ''}rules:\n- pattern: "**"\n  access:\n${list('read', grants.read)}${list('write', grants.write)}${list('admin', grants.admin)}`;
}

export interface StepState {
  readonly status: 'in_progress' | 'completed' | 'failed';
  readonly error?: string;
  /** Milliseconds after the base. */
  readonly startedMs?: number;
  readonly completedMs?: number;
}

/** `_progress/state.json` of the CLI. */
export function stateText(email: string, run: string, steps: Readonly<Record<string, StepState>>): string {
  const at = (ms: number | undefined): string => new Date(BASE_MS + (ms ?? 0)).toISOString().replace('Z', '000+00:00');
  const entries = Object.entries(steps).map(([name, s]) => [
    name,
    {
      status: s.status,
      started_at: at(s.startedMs),
      ...(s.status === 'in_progress' ? {} : { completed_at: at(s.completedMs ?? s.startedMs) }),
      ...(s.error === undefined ? {} : { error: s.error }),
    },
  ]);
  return JSON.stringify(
    {
      datasite: email,
      flow_name: FLOW,
      run_id: run,
      started_at: at(0),
      steps: Object.fromEntries(entries),
      current_step: Object.keys(steps).at(-1),
    },
    null,
    2,
  );
}

/** Deletes matching lines; a file of which nothing is left goes too. */
export function withoutLines(files: Files, pattern: RegExp): { readonly files: Files; readonly removed: number } {
  const kept = new Map<string, string>();
  let removed = 0;
  for (const [path, text] of files) {
    const lines = text.split('\n');
    const rest = lines.filter((line) => !pattern.test(line.replaceAll(/\u001B\[[\d;]*m/g, '')));
    removed += lines.length - rest.length;
    if (rest.length === lines.length || rest.some((line) => line !== '')) kept.set(path, rest.join('\n'));
  }
  return { files: kept, removed };
}

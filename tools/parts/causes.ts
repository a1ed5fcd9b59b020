/** Failures that the lab makes, each beside a recording of the real system that shows the same, and the page that lists them. */
import type { Scenario } from '../../src/proxy/lab/scenarios.ts';

export interface CauseRow {
  /** As people call it. */
  readonly cause: string;
  readonly scenario: string;
  /** Name of the recording; null: nobody recorded it. */
  readonly recording: string | null;
  /** A finding to look for in both, where the first cause is about something else. */
  readonly finding?: string;
  readonly note?: string;
}

const NOT_RECORDED = 'not recorded';

export const CAUSES: readonly CauseRow[] = [
  { cause: 'sender lock, three parties', scenario: 'published-stall', recording: 'stall-e3-c' },
  { cause: 'sender lock, two parties', scenario: 'two-party-stall', recording: 'stall-2p-e3-c' },
  {
    cause: 'sender lock, as published',
    scenario: 'seed-29509799',
    recording: null,
    note: 'published counters only; test/proxy/eras-lab.test.ts compares them',
  },
  { cause: 'wrong peer key', scenario: 'wrong-peer-key', recording: 'wrongkey-e5a-c' },
  { cause: 'mixed eras', scenario: 'mixed-eras', recording: 'mixed-e3-e6-c' },
  { cause: 'late application', scenario: 'late-program', recording: 'late-app-e6-c' },
  { cause: 'absent application', scenario: 'absent-program', recording: 'no-app-e6-c' },
  { cause: 'silent application', scenario: 'silent-program', recording: 'app-hang-e6-c' },
  { cause: 'relay restart', scenario: 'relay-restart', recording: 'relay-restart-e6-c' },
  { cause: 'split client', scenario: 'split-client', recording: 'ws-cut-e6-c' },
  { cause: 'frozen link', scenario: 'frozen-link', recording: 'net-freeze-e6-c' },
  { cause: 'dead client', scenario: 'dead-client', recording: 'client-killed-e6-c' },
  { cause: 'restarted client', scenario: 'restarted-client', recording: 'client-restart-e6-c' },
  { cause: 'late client', scenario: 'late-client', recording: 'late-client-e6-c', note: 'it completes in both; nothing is lost' },
  { cause: 'marker missing', scenario: 'marker-missing', recording: 'marker-missing-e6-c' },
  { cause: 'marker empty', scenario: 'marker-empty', recording: 'marker-empty-e6-c' },
  { cause: 'marker without port', scenario: 'marker-without-port', recording: null },
  { cause: 'port taken', scenario: 'port-taken', recording: 'port-taken-e6-c' },
  { cause: 'hotlink off', scenario: 'hotlink-off', recording: 'hotlink-off-c' },
  { cause: 'access list excludes, open names the receiver', scenario: 'acl-excludes', recording: 'acl-excludes-e6-c' },
  { cause: 'access list excludes, open names nobody', scenario: 'acl-unreadable', recording: 'acl-denied-e4-c' },
  { cause: 'no right to write', scenario: 'acl-denied', recording: null },
  {
    cause: 'stalled reader, within the buffers',
    scenario: 'stalled-reader',
    recording: 'stalled-reader-e6-c',
    note: 'nothing is blocked yet, and analyze must not say so',
  },
  { cause: 'stalled reader, beyond the buffers', scenario: 'stalled-reader-blocks', recording: null },
  { cause: 'one lock for all channels', scenario: 'reorder-lock', recording: null },
  { cause: 'offer race', scenario: 'offer-race', recording: 'healthy-p2p-e6-c', note: 'which directions lose it changes from run to run' },
  {
    cause: 'oversize packet',
    scenario: 'oversize-packet',
    recording: 'oversize-e6-c',
    finding: 'oversize-packet',
    note: 'a finding of level info; the recording also lost an offer',
  },
  { cause: 'twin daemon, elsewhere', scenario: 'twin-client', recording: 'twin-daemon-e6-c' },
  {
    cause: 'twin daemon, elsewhere (the twin itself)',
    scenario: 'twin-client',
    recording: 'twin-daemon-e6-c',
    finding: 'duplicate-daemon',
    note: 'second cause in both',
  },
  { cause: 'twin daemon, same folder', scenario: 'twin-at-home', recording: null },
  { cause: 'writer poisoned by a probe', scenario: 'probe-poisons', recording: null },
  { cause: 'late application, two parties', scenario: 'two-party-late', recording: null },
  { cause: 'late accept', scenario: 'late-accept', recording: null },
  { cause: 'full queue in the relay', scenario: 'relay-overflow', recording: null },
  { cause: 'path that nobody made', scenario: 'unprepared-path', recording: null },
  { cause: 'oversize packet in strict mode', scenario: 'oversize-strict', recording: null },
  { cause: 'channels that wait for each other', scenario: 'crossed-channels', recording: null },
  { cause: 'channels that wait for each other, first versions', scenario: 'crossed-locks', recording: null },
  {
    cause: 'connection lost before the first byte',
    scenario: 'idle-cut',
    recording: null,
    note: 'ws-idle-cut-e6-c has it at the aggregator',
  },
  { cause: 'wrong acceptor', scenario: 'wrong-acceptor', recording: null },
  { cause: 'TURN without credentials in strict mode', scenario: 'strict-without-turn', recording: 'strict-e6-c' },
  { cause: 'grace time', scenario: 'grace-tax', recording: null, finding: 'grace-tax', note: 'a finding of level info' },
];

/** What analyze says, as the page has it: `rule where`. */
export interface Said {
  readonly ours: string;
  readonly recorded: string | null;
}

function matches(ours: string, recorded: string, where: string): boolean {
  return where === '*' ? ours.split(' ')[0] === recorded.split(' ')[0] : ours === recorded;
}

export function isSame({ ours, recorded }: Said, scenario: Scenario): boolean | null {
  return recorded === null ? null : matches(ours, recorded, scenario.expects.where);
}

const PAGE_HEAD = `# What the lab makes, and what was recorded

Each row is a failure that \`live up --scenario\` makes. "Ours" is what \`analyze\` says first of such a run, "recorded" what it says first of
a recording of the real system in which the same was done. Written by \`npx tsx tools/causes.ts CORPUS\`; the runs are in
\`test/proxy/causes.test.ts\` (all of them with \`HLD_CAUSES=full\`).

`;

/** Cells padded as prettier does it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

export function pageText(rows: readonly (readonly [CauseRow, Scenario, Said])[]): string {
  const cells = rows.map(([{ cause, scenario: name, recording, note }, scenario, said]) => {
    const same = isSame(said, scenario);
    const verdict = same === null ? (note ?? '') : `${same ? 'same' : 'DIFFERENT'}${note === undefined ? '' : `; ${note}`}`;
    return [cause, `\`${name}\``, scenario.eras[0] ?? '', said.ours, recording ?? NOT_RECORDED, said.recorded ?? '', verdict];
  });
  return PAGE_HEAD + table([['cause', 'scenario', 'era', 'ours', 'recording', 'recorded', ''], ...cells]) + '\n';
}

/** What the page has for a scenario of a row. */
export function saidOnPage(page: string, { cause }: CauseRow): Said | undefined {
  const line = page.split('\n').find((one) => one.startsWith(`| ${cause} |`) || one.startsWith(`| ${cause} `));
  const cells = line?.split('|').map((cell) => cell.trim());
  if (cells === undefined || cells[1] !== cause) return undefined;
  return { ours: cells[4] ?? '', recorded: cells[6] === '' ? null : (cells[6] ?? null) };
}

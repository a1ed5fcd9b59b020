import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TextHandler, TextLine } from '../../../src/ingest/text/handler.ts';
import { textHandlers } from '../../../src/ingest/text/handlers.ts';
import { RUNNER_KINDS } from '../../../src/ingest/text/kinds.ts';

const RUN = '29510048-3a82b861f31a';
const COLUMNS = ['source', 'line', 't', 'party', 'flow', 'run', 'index', 'kind', 'subject', 'status', 'port', 'n', 'detail'] as const;
type Said = Partial<Record<(typeof COLUMNS)[number], unknown>>;

function lineOf(text: string, lineNo = 1, path = 'console.txt'): TextLine {
  return { sourceId: 1, path, lineNo, tsUs: null, text, party: null };
}

/** Rows of a text, and how many of its lines nobody knew. */
function read(
  text: string,
  path?: string,
  handlers: readonly TextHandler[] = textHandlers(),
): { rows: Said[]; stack: unknown[][]; unknown: string[] } {
  const out = { rows: [] as Said[], stack: [] as unknown[][], unknown: [] as string[] };
  for (const [index, one] of text.split('\n').entries()) {
    const answer = handlers.map((h) => h.read(lineOf(one, index + 1, path))).find((a) => a !== undefined);
    if (answer === undefined) out.unknown.push(one);
    if (!Array.isArray(answer)) continue;
    for (const row of answer as { table: string; values: unknown[] }[]) {
      if (row.table === 'stack_frame') out.stack.push(row.values);
      else out.rows.push(Object.fromEntries(COLUMNS.map((c, i) => [c, row.values[i]])));
    }
  }
  return out;
}

function one(text: string, path?: string): Said {
  return read(text, path).rows[0] ?? {};
}

/** What the forms of field guide 2.6, 2.7 and F-15, F-20 to F-23 give. */
const LINES: readonly (readonly [string, Said])[] = [
  ['starting syqure command: syqure run x.codon', { kind: 'command', detail: 'syqure run x.codon' }],
  ['[env] SEQURE_TCP_PROXY=1', { kind: 'environment', subject: 'SEQURE_TCP_PROXY', detail: '1' }],
  ['runtime_env SEQURE_CP_COUNT=3', { kind: 'environment', subject: 'SEQURE_CP_COUNT', detail: '3' }],
  ['runner_start party_id=2 party_count=3', { kind: 'runner-start', index: 2 }],
  ['host_context os=linux arch=x86_64', { kind: 'host-context' }],
  [
    'tcp_preflight CP0<->CP1 port=9001 status=CONNECT_FAIL err=Connection refused (os error 111)',
    { kind: 'port-check', subject: 'CP0<->CP1', port: 9001, status: 'CONNECT_FAIL', detail: 'Connection refused (os error 111)' },
  ],
  ['tcp_preflight CP0<->CP2 port=99999 status=INVALID_PORT', { kind: 'port-check', status: 'INVALID_PORT', port: null }],
  ['tcp_port_check: CP1<->CP2 port=10003 status=NOT_LISTENING', { kind: 'port-check', status: 'NOT_LISTENING', port: 10_003 }],
  ['mpc_dir_state path=/d/_mpc/0_to_1 files=2 newest_age_s=4', { kind: 'mpc-files', subject: '/d/_mpc/0_to_1', n: 2 }],
  [
    'path_meta channel_marker 0_to_1 stream.tcp=/d/stream.tcp exists len=80',
    { kind: 'path', status: 'exists', subject: 'channel_marker 0_to_1 stream.tcp=/d/stream.tcp' },
  ],
  [
    'path_meta channel_marker 0_to_1 stream.tcp=/d/stream.tcp missing err=No such file',
    { kind: 'path', status: 'missing', detail: 'No such file' },
  ],
  ['tcp_barrier start peers=2', { kind: 'barrier', status: 'start' }],
  ['tcp_barrier ready after 12s polls=6', { kind: 'barrier', status: 'ready', n: 12 }],
  ['tcp_barrier skipped (docker)', { kind: 'barrier', status: 'skipped' }],
  ['prelaunch_gate passed: 2 listeners', { kind: 'prelaunch-gate', status: 'passed' }],
  ['prelaunch_gate failed: no listener at 9001', { kind: 'prelaunch-gate', status: 'failed', detail: 'no listener at 9001' }],
  ['syqure child spawned pid=4711', { kind: 'program-start', n: 4711 }],
  ['syqure still running party_id=1 pid=4711 elapsed_s=120 polls=12', { kind: 'program-alive', index: 1, n: 120 }],
  ['syqure child exited status_code=1', { kind: 'program-exit', status: 'code', n: 1 }],
  ['kill_reason=local_timeout after 1200s', { kind: 'program-killed', status: 'local_timeout' }],
  ['syqure step duration 41.250s', { kind: 'step-duration', n: 41_250 }],
  ['SEQURE_COMMUNICATION_PORT must be in range 20000..=53529, got 9000', { kind: 'port-hint', status: 'out-of-range', n: 9000 }],
  ['warn: correcting stale syqure port hint 20000 -> 31000', { kind: 'port-hint', status: 'corrected' }],
  [
    'PORT CONFLICT [E_PORT_CONFLICT_LOCAL_BUSY]: CP1<->CP2 port 10003 is in use',
    { kind: 'port-conflict', subject: 'E_PORT_CONFLICT_LOCAL_BUSY', port: 10_003, index: 1 },
  ],
  ['syqure_participant_map: clients=a@x.org,a@x.org', { kind: 'role-map', status: 'duplicate', subject: 'a@x.org' }],
  ['syqure_participant_map: clients=a@x.org,b@x.org', { kind: 'role-map', status: null }],
  ['client1 align_counts=Failed secure_aggregate=-', { kind: 'step', party: 'client1', subject: 'align_counts', status: 'failed' }],
  ['Could not connect: Network is unreachable', { kind: 'peer-connect', status: 'failed', detail: 'Network is unreachable', n: null }],
  [
    '172.29.0.2:9001:\tCould not connect: Network is unreachable (x37)',
    { kind: 'peer-connect', status: 'failed', subject: '172.29.0.2', port: 9001, n: 37 },
  ],
  ['172.29.0.2:9001:\tConnected.', { kind: 'peer-connect', status: 'connected', port: 9001 }],
  ['172.29.0.2:9001:\tRetrying ...', { kind: 'peer-connect', status: 'retrying' }],
  ['0.0.0.0:9001:\tChannel open: awaiting connection ...', { kind: 'peer-connect', status: 'awaiting' }],
  [
    "docker: Error response from daemon: error while creating mount source path '/s/client1@sandbox.local/datasites': mkdir /s/client1@sandbox.local: no such file or directory.",
    { kind: 'mount-failed', status: 'no-such-file', subject: '/s/client1@sandbox.local/datasites' },
  ],
  [
    'docker: ... creating mount source path .../sandbox/client1@sandbox.local/datasites: no such file or directory',
    { kind: 'mount-failed', status: 'no-such-file', subject: '.../sandbox/client1@sandbox.local/datasites' },
  ],
  [
    "docker: invalid volume specification: '/s/client1@sandbox.local:/datasite-home'.",
    { kind: 'mount-failed', status: 'invalid-spec', subject: '/s/client1@sandbox.local:/datasite-home' },
  ],
  ['Docker mount fallback: using sandbox root /s (datasite client1@sandbox.local)', { kind: 'mount-fallback' }],
  [
    'Container→host proxy route unreachable for host.docker.internal:9001 (timed out)',
    { kind: 'route-unreachable', subject: 'host.docker.internal', port: 9001, detail: 'timed out' },
  ],
  [
    `Syqure Docker direct TCP enabled: network=syqure-net-${RUN} ip=172.29.0.3`,
    { kind: 'direct-tcp', subject: `syqure-net-${RUN}`, detail: '172.29.0.3', run: RUN },
  ],
  ['docker: Error response from daemon: Conflict. The container name is in use.', { kind: 'container-failed' }],
  ['docker run failed with exit code 125', { kind: 'container-failed', n: 125 }],
  ['bash: line 1: time: command not found', { kind: 'command-missing', subject: 'time' }],
  ['sh: 1: time: not found', { kind: 'command-missing', subject: 'time' }],
  ['listen tcp 127.0.0.1:9000: bind: operation not permitted', { kind: 'denied' }],
  ["rm: cannot remove '/s/relay': Operation not permitted", { kind: 'denied', subject: '/s/relay' }],
  ['Error: Syqure exited due to signal: 9', { kind: 'program-exit', status: 'signal', n: 9 }],
  [`syqure-${RUN}-pid1 exited with code 137`, { kind: 'program-exit', status: 'code', n: 137, index: 1, run: RUN }],
  ['##Process completed with exit code 1.', { kind: 'program-exit', status: 'code', n: 1 }],
  ['Step secure_aggregate timed out after 1200 s', { kind: 'timed-out', status: 'run', n: 1200, subject: 'Step secure_aggregate' }],
  ['Timeout waiting for secure_aggregate on client2', { kind: 'timed-out', status: 'run', subject: 'secure_aggregate on client2' }],
  ['scenario did not finish within 20 minutes', { kind: 'timed-out', status: 'run', n: 1200 }],
  ['curl: (28) Connection timed out after 5000 milliseconds', { kind: 'timed-out', status: 'other', n: 5 }],
  ['P2P-only violation: ws_tx=12 ws_fallbacks=3', { kind: 'p2p-violation', status: 'fallback', n: 3 }],
  ['client1: no active webrtc dataplane', { kind: 'p2p-violation', status: 'no-dataplane' }],
  [
    '==> Done: MPC TCP (two_party_sum_tcp.codon, skip MHE) in 40s',
    { kind: 'done', n: 40, subject: 'MPC TCP (two_party_sum_tcp.codon, skip MHE)' },
  ],
  [
    'Run BV_SYQURE_USE_DOCKER=1 ./test-scenario.sh --docker --syqure-transport hotlink tests/scenarios/a.yaml',
    { kind: 'command', detail: 'BV_SYQURE_USE_DOCKER=1 ./test-scenario.sh --docker --syqure-transport hotlink tests/scenarios/a.yaml' },
  ],
  ['+ docker run --rm -e SEQURE_TCP_PROXY=0 syqure', { kind: 'environment', subject: 'SEQURE_TCP_PROXY', detail: '0' }],
];

describe('runner text', () => {
  it.each(LINES)('%s', (text, said) => expect(one(text)).toMatchObject(said));

  it.each([
    'the party could be timed out of the house',
    'We are connected to nobody in particular',
    'npm warn deprecated a@1.0.0: not found anywhere else',
    'a=b c=d',
    'log_level=error fail_on=failed job_status=failed',
    'Retrying download: timed out after 30s, retrying in 5s',
    '#include <stdio.h>',
    '    at home (no place)',
    'Error response from daemon: No such container: syqure-x-pid0',
  ])('does not know: %s', (text) => expect(read(text)).toMatchObject({ rows: [], stack: [], unknown: [text] }));

  it('a barrier probes each peer', () => {
    const { rows } = read('tcp_barrier poll=7 elapsed_s=14 status=CP0:9001:OK CP2:11002:FAIL(connection refused)');
    expect(rows.map((r) => [r.kind, r.subject, r.port, r.status, r.kind === 'barrier' ? '' : r.detail])).toEqual([
      ['barrier', null, null, 'poll', ''],
      ['port-check', 'CP0', 9001, 'CONNECT_OK', null],
      ['port-check', 'CP2', 11_002, 'CONNECT_FAIL', 'connection refused'],
    ]);
  });

  it('a table of steps has a row for each step of each party', () => {
    const { rows } = read('client1: align_counts=Failed secure_aggregate=- | client2: align_counts=Completed secure_aggregate=-');
    expect(rows.map((r) => [r.party, r.subject, r.status])).toEqual([
      ['client1', 'align_counts', 'failed'],
      ['client1', 'secure_aggregate', 'not-started'],
      ['client2', 'align_counts', 'completed'],
      ['client2', 'secure_aggregate', 'not-started'],
    ]);
  });

  it('the file says run and party: the cache, the diagnosis file, the step log', () => {
    const native = `client1@sandbox.local/datasites/.syqure-cache/${RUN}/party-1/syqure-native.log`;
    expect(one('syqure child spawned pid=4', native)).toMatchObject({ run: RUN, index: 1 });
    expect(one('step_failed: exit code 1', `multiparty_step_logs/${RUN}/align_counts.log`)).toMatchObject({
      run: RUN,
      subject: 'align_counts',
      status: 'failed',
    });
    expect(one('31000\n', `tmp/biovault-syqure-port-base-${RUN}-p3.txt`)).toMatchObject({
      kind: 'port-base',
      run: RUN,
      port: 31_000,
      n: 3,
    });
  });

  it('a diagnosis file: settings, variables, ports, and the email for what follows', () => {
    const { rows, unknown } = read(
      'timestamp=2026-02-09T00:00:00Z\nparty_id=1\nemail=client1@sandbox.local\nport_base=9000\ntcp_proxy=false\nenv.SEQURE_CP_COUNT=3\nenv.BV_API_KEY=abc def\ntcp_port_check: CP0<->CP1 port=10001 status=LISTENING',
      `biovault-syqure-diag-${RUN}-p1.log`,
    );
    expect(unknown).toEqual([]);
    expect(rows.every((r) => r.run === RUN && r.index === 1)).toBe(true);
    expect(rows.slice(2).map((r) => [r.kind, r.subject, r.status, r.port, r.detail, r.party])).toEqual([
      ['setting', 'email', 'client1@sandbox.local', null, null, 'client1@sandbox.local'],
      ['port-base', null, null, 9000, null, 'client1@sandbox.local'],
      ['setting', 'tcp_proxy', 'false', null, null, 'client1@sandbox.local'],
      ['environment', 'SEQURE_CP_COUNT', null, null, '3', 'client1@sandbox.local'],
      ['environment', 'BV_API_KEY', null, null, '***', 'client1@sandbox.local'],
      ['port-check', 'CP0<->CP1', 'LISTENING', 10_001, null, 'client1@sandbox.local'],
    ]);
  });

  it('a quoted tail of a diagnosis file goes on over lines, and ends', () => {
    const { rows, unknown } = read('syqure_diag_tail: party_id=2\nrun_id=29510048-3a82b861f31a\ntcp_proxy=true\n\na_b=c');
    expect(rows.map((r) => [r.subject, r.index])).toEqual([
      ['party_id', 2],
      ['run_id', 2],
      ['tcp_proxy', 2],
    ]);
    expect(unknown).toEqual(['', 'a_b=c']);
  });

  it('secrets are masked, in commands too', () => {
    const secret = 'hunter2hunter2';
    const text = [
      `[env] SYFTBOX_ACCESS_TOKEN=${secret}`,
      `[env] BV_TURN_PASS="${secret} and more"`,
      `+ docker run -e SYFTBOX_TOKEN=${secret} -e BV_X_SECRET='${secret} ${secret}' -e SEQURE_CP_COUNT=3 syqure`,
      `starting syqure command: env GITHUB_TOKEN=${secret} AWS_SECRET_ACCESS_KEY=${secret} syqure https://u:${secret}@host/x`,
      `docker: Error response from daemon: password: ${secret}`,
    ].join('\n');
    const { rows } = read(text);
    expect(rows.length).toBeGreaterThanOrEqual(7);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(rows.find((r) => r.subject === 'SEQURE_CP_COUNT')).toMatchObject({ detail: '3' });
  });

  it('every kind is in the list that readers of the store have, and every listed kind occurs', () => {
    const text = readFileSync('docs/tables.md', 'utf8');
    const listed = [...text.matchAll(/^- `([a-z0-9-]+)`: (.+)$/gm)].filter((m) => (m[1] ?? '') in RUNNER_KINDS);
    expect(listed.map((m) => [m[1], m[2]?.replaceAll('\\', '')])).toEqual(Object.entries(RUNNER_KINDS));
    const seen = new Set(LINES.map(([line]) => one(line).kind));
    const elsewhere = ['setting', 'port-base'];
    expect(Object.keys(RUNNER_KINDS).filter((k) => !seen.has(k) && !elsewhere.includes(k))).toEqual([]);
  });
});

describe('stack dumps', () => {
  const frames = (text: string): unknown[] =>
    read(text).stack.map(([, line, , index, container, depth, name]) => [line, index, container, depth, name]);

  it('gdb, with the container above', () => {
    const text = `=== syqure-${RUN}-pid1 ===
Thread 1 (LWP 7):
#0  0x00007f12 in __libc_recv (fd=9, buf=0x1) at ../sysdeps/unix/recv.c:28
#1  0x00007f13 in receive_jar () from /usr/lib/libsyqure.so
#2  MPCComms.receive_jar_size (self=...) at comms.codon:40
=== syqure-${RUN}-pid2 ===
#0  0x00007f12 in __poll (fds=0x0) at poll.c:29`;
    expect(frames(text)).toEqual([
      [3, 1, `syqure-${RUN}-pid1`, 0, '__libc_recv'],
      [4, 1, `syqure-${RUN}-pid1`, 1, 'receive_jar'],
      [5, 1, `syqure-${RUN}-pid1`, 2, 'MPCComms.receive_jar_size'],
      [7, 2, `syqure-${RUN}-pid2`, 0, '__poll'],
    ]);
    expect(read(text).unknown).toEqual([]);
  });

  it('lldb, py-spy, Rust, at name (file:line), and a line that names the function', () => {
    expect(
      frames(
        '  * frame #0: 0x0000000189 libsystem_kernel.dylib`__recvfrom + 8\n    frame #1: 0x00000001 syqure`receive_jar(x=1) at comms.rs:12:5',
      ),
    ).toEqual([
      [1, null, null, 0, '__recvfrom'],
      [2, null, null, 1, 'receive_jar(x=1)'],
    ]);
    expect(frames('pid0:\nThread 0x7F (idle): "MainThread"\n    receive_jar (comms.py:12)\n    main (run.py:3)')).toEqual([
      [3, 0, null, 0, 'receive_jar'],
      [4, 0, null, 1, 'main'],
    ]);
    const rust = read(
      'stack backtrace:\n   0: std::panicking::begin\n             at /rustc/x/src/panicking.rs:12:5\n   1: core::ops::call',
    );
    expect([rust.stack.map((f) => f[6]), rust.unknown]).toEqual([['std::panicking::begin', 'core::ops::call'], []]);
    expect(frames('  at Comms.receive (comms.codon:12)')).toEqual([[1, null, null, 0, 'Comms.receive']]);
    expect(frames('pid2: blocked in MPCComms.receive_jar_size')).toEqual([[1, 2, null, 0, 'MPCComms.receive_jar_size']]);
  });

  it('goes on from a saved state as without the break', () => {
    const lines = [
      `=== syqure-${RUN}-pid1 ===`,
      '  at a (f:1)',
      '  at receive_jar (f:2)',
      'runner_start party_id=2',
      'syqure child spawned pid=1',
    ];
    const whole = read(lines.join('\n'));
    for (let at = 1; at < lines.length; at++) {
      const first = textHandlers();
      const a = read(lines.slice(0, at).join('\n'), undefined, first);
      const second = textHandlers();
      second.forEach((h, i) => h.restore?.(structuredClone(first[i]?.save?.())));
      const b = read(lines.slice(at).join('\n'), undefined, second);
      const bare = (...parts: (typeof whole)[]): unknown[][] => [
        parts.flatMap((r) => r.stack.map((f) => f.slice(2))),
        parts.flatMap((r) => r.rows.map((x) => [x.kind, x.index])),
      ];
      expect(bare(a, b)).toEqual(bare(whole));
    }
  });
});

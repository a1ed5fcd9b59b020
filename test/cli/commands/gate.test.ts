import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { diagnosisSchema } from '../../../src/model/diagnosis.ts';
import { runBin } from '../../helpers/bin.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sample = (name: string): string => join(root, 'samples', name, 'sandbox');
const scratch = mkdtempSync(join(tmpdir(), 'hld-gate-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

describe('gate', () => {
  test.each([
    { args: [sample('healthy')], code: 0 },
    { args: [sample('healthy'), '--fail-on', 'warning'], code: 1 },
    { args: [sample('stall-e3-debug')], code: 1 },
    { args: [sample('published-29509799')], code: 3 },
    { args: [sample('published-29509799'), '--note', 'stood still 15 min'], code: 1 },
    { args: [sample('healthy'), '--policy', 'smoke'], code: 1 },
    { args: [sample('healthy'), '--policy', 'investigation'], code: 0 },
    { args: [sample('healthy'), sample('published-29509799')], code: 3 },
    { args: [sample('healthy'), sample('stall-e3-debug'), sample('published-29509799')], code: 1 },
    { args: [join(scratch, 'nowhere')], code: 2 },
    { args: [sample('healthy'), join(scratch, 'nowhere')], code: 2 },
    { args: [], code: 2 },
    { args: [sample('healthy'), '--policy', 'smok'], code: 2 },
    { args: [sample('healthy'), '--today', '2026-02-30'], code: 2 },
    { args: [sample('healthy'), '--baseline', join(scratch, 'none.json')], code: 2 },
  ])('$args exits $code', { timeout: 60_000 }, ({ args, code }) => {
    const ran = runBin(['gate', ...args, '--quiet']);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr === '').toBe(code !== 2);
  });

  test('a policy that cannot be used says where, and what was meant', () => {
    const policy = write('bad.json', '{\n  "rules": { "sender-lock-drp": "error" },\n  "failon": "error"\n}');
    const { code, stderr } = runBin(['gate', sample('healthy'), '--policy', policy]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${policy}:3:3: there is no 'failon' here; did you mean 'failOn'?`);
    expect(stderr).toContain('hotlink-doctor explain HLD_GATE_BAD_POLICY');
    writeFileSync(policy, '{ "rules": { "sender-lock-drp": "error" } }');
    expect(runBin(['gate', sample('healthy'), '--policy', policy]).stderr).toContain("did you mean 'sender-lock-drop'?");
  });

  test('a policy may extend a file beside it', () => {
    mkdirSync(join(scratch, 'ci'), { recursive: true });
    write('ci/base.json', '{ "extends": "smoke", "rules": { "*": "off" } }');
    const policy = write('policy.json', '{ "extends": "ci/base.json", "limits": [{ "metric": "fallbacks", "max": 6, "unit": "count" }] }');
    const { code, stdout } = runBin(['gate', sample('healthy'), '--policy', policy]);
    expect(code).toBe(1);
    expect(stdout).toContain('limit:fallbacks: fallbacks is 6; at most 6 passes');
    expect(stdout).toContain('limit:p2p-sessions: p2p-sessions is 0, and the limit is at least 1');
    expect(stdout).toContain('GATE FAILED policy policy.json');
  });

  test('a folder of several sandboxes is gated one by one', () => {
    const { code, stdout } = runBin(['gate', join(root, 'samples/healthy/sandbox'), join(root, 'samples/stall-e3-debug/sandbox')]);
    expect(code).toBe(1);
    expect(stdout.match(/GATE (?:PASSED|FAILED)/g)).toEqual(['GATE PASSED', 'GATE FAILED']);
    expect(stdout).toMatch(/^healthy\/sandbox: /m);
  });

  test('--print-policy prints what a bundled policy is made of', () => {
    const { stdout, code } = runBin(['gate', '--policy', 'investigation-literal', '--print-policy']);
    expect(code).toBe(0);
    const { limits } = JSON.parse(stdout) as { limits: { metric: string; severity?: string }[] };
    expect(limits.map((l) => l.metric)).toEqual(expect.arrayContaining(['self-sessions', 'self-peers', 'rejects', 'unchanged-at-end']));
  });

  test('what it decided is drawn again from the saved document, in every format, byte for byte', { timeout: 60_000 }, () => {
    const file = (name: string): string => join(scratch, `once.${name}`);
    const names = ['json', 'markdown', 'sarif', 'junit', 'github', 'github-summary', 'ndjson', 'text'];
    const formats = names.flatMap((name) => ['--format', `${name}=${file(name)}`]);
    const { code } = runBin(['gate', sample('stall-e3-debug'), '--policy', 'smoke', '--today', '2026-11-23', ...formats]);
    expect(code).toBe(1);
    expect(diagnosisSchema.parse(JSON.parse(readFileSync(file('json'), 'utf8'))).gate).toMatchObject({
      outcome: 'failed',
      asOf: '2026-11-23',
    });
    for (const name of names) {
      const again = join(scratch, `again.${name}`);
      expect(runBin(['report', file('json'), '--format', `${name}=${again}`])).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(again, 'utf8')).toBe(readFileSync(file(name), 'utf8'));
    }
    // A saved document is an input too, and gives the same decision.
    expect(runBin(['gate', file('json'), '--policy', 'smoke', '--today', '2026-11-23', '--format', 'json']).stdout).toBe(
      readFileSync(file('json'), 'utf8'),
    );
  });

  test('--against compares with other runs', { timeout: 60_000 }, () => {
    const policy = write(
      'compare.json',
      '{ "rules": { "*": "off" }, "compare": [{ "metric": "lost-bytes", "unit": "bytes", "runs": 1 }] }',
    );
    const run = (a: string, b: string): number | null =>
      runBin(['gate', sample(a), '--against', sample(b), '--policy', policy, '--quiet']).code;
    expect(run('stall-e3-debug', 'healthy')).toBe(1);
    expect(run('healthy', 'stall-e3-debug')).toBe(0);
    // Without a policy the time at a standstill is compared too, and needs three runs.
    expect(runBin(['gate', sample('healthy'), '--against', sample('healthy'), '--quiet']).code).toBe(3);
  });
});

describe('baseline', () => {
  const file = join(scratch, 'baseline.json');
  const stall = sample('stall-e3-debug');
  const gate = (...args: readonly string[]): number | null => runBin(['gate', ...args, '--baseline', file, '--quiet']).code;

  test('create, gate, expire, renew, prune', { timeout: 120_000 }, () => {
    const make = (...args: readonly string[]): ReturnType<typeof runBin> =>
      runBin(['baseline', 'create', stall, '--baseline', file, ...args]);
    expect(make().stderr).toContain("required option '--reason <text>' not specified");
    const made = make('--reason', 'E3 is being replaced', '--expires', '2026-12-01', '--issue', 'https://example.org/1');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^1 accepted, 1 in /);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      accepted: [
        { fingerprint: 'sender-lock-drop:p0', reason: 'E3 is being replaced', expires: '2026-12-01', issue: 'https://example.org/1' },
      ],
    });
    expect(gate(stall, '--today', '2026-12-01')).toBe(0);
    expect(gate(stall, '--today', '2026-12-02')).toBe(1);
    // A second time nothing is new; after the end it is renewed.
    expect(make('--reason', 'other', '--today', '2026-11-30').stdout).toMatch(/^0 accepted, 1 in /);
    expect(make('--reason', 'other', '--today', '2026-12-02').stdout).toMatch(/^1 accepted, 1 in /);
    expect(gate(stall, '--today', '2026-12-02')).toBe(0);
    // On a run without the finding the entry is unused: it fails until it is pruned.
    expect(gate(sample('healthy'))).toBe(1);
    expect(runBin(['baseline', 'show', sample('healthy'), '--baseline', file]).stdout).toMatch(/^unused +sender-lock-drop:p0/);
    expect(runBin(['baseline', 'show', stall, '--baseline', file]).stdout).toMatch(/^used +sender-lock-drop:p0/);
    expect(runBin(['baseline', 'prune', stall, '--baseline', file]).stdout).toMatch(/^0 taken out, 1 left/);
    expect(runBin(['baseline', 'prune', sample('healthy'), '--baseline', file]).stdout).toMatch(/^1 taken out, 0 left/);
    expect(gate(sample('healthy'))).toBe(0);
    expect(gate(stall)).toBe(1);
  });

  test.each([
    ['{ "schema": "hotlink-doctor/baseline@1", "accepted": [{ "fingerprint": "a:run" }] }', "'accepted.0.reason' is missing"],
    ['{ "schema": "hotlink-doctor/baseline@1", "accepted": [{ "fingerprint": "a:run", "reason": " " }] }', 'accepted.0.reason'],
    [
      '{ "schema": "hotlink-doctor/baseline@1", "accepted": [{ "fingerprint": "a:run", "reason": "x", "expire": "2026-01-01" }] }',
      "did you mean 'expires'?",
    ],
    [
      '{ "schema": "hotlink-doctor/baseline@1", "accepted": [{ "fingerprint": "a:run", "reason": "x", "expires": "soon" }] }',
      'accepted.0.expires',
    ],
    [
      '{ "schema": "hotlink-doctor/baseline@1", "accepted": [{ "fingerprint": "a:run", "reason": "x", "issue": "javascript:alert(1)" }] }',
      'accepted.0.issue',
    ],
    ['{ "schema": "hotlink-doctor/baseline@2", "accepted": [] }', 'schema'],
    [
      '{ "schema": "hotlink-doctor/baseline@1", "accepted": [{ "fingerprint": "a", "reason": "x" }, { "fingerprint": "a", "reason": "y" }] }',
      'is accepted a second time',
    ],
  ])('%s is refused', (text, says) => {
    const bad = write('bad-baseline.json', text);
    const { code, stderr } = runBin(['gate', sample('healthy'), '--baseline', bad]);
    expect(code).toBe(2);
    expect(stderr).toContain('HLD_GATE_BAD_BASELINE');
    expect(stderr).toContain(says);
  });
});

describe('action.yml', () => {
  interface Step {
    readonly id?: string;
    readonly run: string;
    readonly env?: Readonly<Record<string, string>>;
  }
  const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { default?: string }>;
    runs: { steps: Step[] };
  };
  const step = action.runs.steps.find((s) => s.id === 'gate');

  function runStep(inputs: Readonly<Record<string, string>>): {
    readonly code: number | null;
    readonly stdout: string;
    readonly output: string;
    readonly summary: string;
  } {
    const folder = mkdtempSync(join(scratch, 'action-'));
    const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
    const values = { output: join(folder, 'out'), ...inputs } as Readonly<Record<string, string>>;
    const env = Object.fromEntries(
      Object.entries(step?.env ?? {}).map(([name, value]) => [
        name,
        value
          .replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, input: string) => values[input] ?? action.inputs[input]?.default ?? '')
          .replaceAll('${{ github.action_path }}', root.replace(/\/$/, '')),
      ]),
    );
    const ran = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? 'exit 9'], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', ...files, ...env, GITHUB_ACTIONS: 'true' },
    });
    const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
    return {
      code: ran.status,
      stdout: ran.stdout + ran.stderr,
      output: read(files.GITHUB_OUTPUT),
      summary: read(files.GITHUB_STEP_SUMMARY),
    };
  }

  test('annotates, summarises, writes all files and fails the job', { timeout: 60_000 }, () => {
    const out = join(scratch, 'action-out');
    const { code, stdout, output, summary } = runStep({ sandbox: sample('stall-e3-debug'), policy: 'smoke', output: out });
    expect(code).toBe(1);
    expect(output).toBe('exit-code=1\n');
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^::(?:error|warning|notice) /);
    expect(summary).toContain('### Gate failed: policy smoke');
    for (const kind of ['json', 'sarif', 'xml', 'md']) expect(existsSync(join(out, `hotlink-doctor.${kind}`))).toBe(true);
  });

  test('several sandboxes, and inputs that are no shell', { timeout: 60_000 }, () => {
    expect(runStep({ sandbox: `${sample('healthy')}\n${sample('late-application')}` }).code).toBe(1);
    const { code, stdout } = runStep({ sandbox: `$(touch ${join(scratch, 'ran')}); "x" --help` });
    expect(code).toBe(2);
    expect(stdout).toContain('HLD_INPUT_NO_SUCH_PATH');
    expect(existsSync(join(scratch, 'ran'))).toBe(false);
  });

  test('inconclusive fails unless it is accepted', { timeout: 60_000 }, () => {
    expect(runStep({ sandbox: sample('published-29509799') })).toMatchObject({ code: 3, output: 'exit-code=3\n' });
    expect(runStep({ sandbox: sample('published-29509799'), 'accept-inconclusive': 'true' })).toMatchObject({
      code: 0,
      output: 'exit-code=3\n',
    });
  });

  test('the examples are YAML that names what there is', () => {
    const workflow = readFileSync(join(root, 'docs/examples/github-workflow.yml'), 'utf8');
    const parsed = parse(workflow) as { jobs: { scenario: { steps: { name?: string; with?: Record<string, string> }[] } } };
    const inputs = Object.keys(parsed.jobs.scenario.steps.find((s) => s.name === 'Gate')?.with ?? {});
    for (const input of inputs) expect(Object.keys(action.inputs)).toContain(input);
    const gitlab = parse(readFileSync(join(root, 'docs/examples/gitlab-ci.yml'), 'utf8')) as { hotlink: { script: string[] } };
    const args = (gitlab.hotlink.script[0] ?? '').split(/\s+/).slice(3);
    expect(args[0]).toBe('gate');
    expect(runBin(['gate', '--help']).stdout).toEqual(expect.stringContaining('--baseline'));
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { runBin, runShell, type Ran } from '../helpers/bin.ts';
import { entriesOf, tarGzOf, tarOf, zipOf } from '../helpers/archives.ts';

const samples = fileURLToPath(new URL('../../samples/', import.meta.url));
const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'hld-shapes-')));
/** Where the command keeps what it unpacks. */
const temporary = join(scratch, 'temporary');
mkdirSync(temporary);
afterAll(() => rmSync(scratch, { recursive: true }));

const STALL = join(samples, 'stall-e3-debug/sandbox');
const LOG = 'client1@sandbox.local/.syftbox/logs/syftbox.log';

function run(...args: readonly string[]): Ran {
  return runBin(args, { TMPDIR: temporary });
}

function jsonOf(...args: readonly string[]): string {
  const { stdout, stderr, code } = run('analyze', ...args, '--format', 'json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

function diagnosisOf(...args: readonly string[]): Diagnosis {
  return JSON.parse(jsonOf(...args)) as Diagnosis;
}

function write(name: string, content: Buffer | string): string {
  const path = join(scratch, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function makePipe(path: string): void {
  expect(runShell(`mkfifo '${path}'`).code).toBe(0);
}

function copyOf(sample: string, name: string): string {
  const path = join(scratch, name);
  cpSync(join(samples, sample, 'sandbox'), path, { recursive: true });
  return path;
}

function reasonsOf(d: Diagnosis): Record<string, Record<string, number>> {
  return Object.fromEntries(d.accounting.sources.filter((s) => Object.keys(s.reasons).length > 0).map((s) => [s.source, s.reasons]));
}

/** What is expected of a sample is what its folder gives: a test of its own. */
function expectedOf(sample: string): string {
  return readFileSync(join(samples, sample, 'expected.json'), 'utf8');
}

describe('an archive', () => {
  const folder = (sample: string): string => join(samples, sample, 'sandbox');
  const packed: readonly (readonly [string, (sample: string) => Buffer])[] = [
    ['.tar.gz', (sample) => tarGzOf(folder(sample), 'sandbox/')],
    ['.tar without a top folder', (sample) => tarOf(entriesOf(folder(sample), './'))],
    ['.zip', (sample) => zipOf(entriesOf(folder(sample), 'sandbox/'))],
  ];

  test.each(packed)('%s says what the folder says, byte for byte', (kind, pack) => {
    for (const sample of ['stall-e3-debug', 'published-29509799']) {
      const path = write(`packed/${sample}${kind.replaceAll(' ', '-')}`, pack(sample));
      expect(jsonOf(path)).toBe(expectedOf(sample));
    }
  });

  test('on standard input says the same', () => {
    const path = write('stdin.tar.gz', tarGzOf(STALL, 'sandbox/'));
    const { stdout } = runShell(`export TMPDIR='${temporary}'; cat '${path}' | $BIN analyze - --format json`);
    expect(stdout).toBe(expectedOf('stall-e3-debug'));
  });

  test('of a lone log is that log', () => {
    const log = join(STALL, LOG);
    expect(jsonOf(write(`lone/syftbox.log.gz`, gzipSync(readFileSync(log))))).toBe(jsonOf(write('lone/syftbox.log', readFileSync(log))));
  });

  test('of one party takes the party from the folder that it stands for', () => {
    const party = join(STALL, 'client1@sandbox.local');
    const path = write('parties/c1.tgz', tarGzOf(party, 'client1@sandbox.local/'));
    expect(jsonOf(path)).toBe(jsonOf(party));
  });

  test('that was cut is used as far as it goes, and the report says so', () => {
    const whole = tarOf(entriesOf(STALL, 'sandbox/'));
    const path = write('cut.tar', whole.subarray(0, whole.length - 40_000));
    const d = diagnosisOf(path);
    expect(reasonsOf(d)['cut.tar']).toEqual({ 'archive-cut': 1 });
    expect(d.accounting.sources.length).toBeGreaterThan(5);
    expect(run('analyze', path).stdout).toMatch(/archive-cut 1: the archive ends early; what came before the cut is used/);
  });

  test('inside a sandbox is read under its own name; an archive in it is listed', () => {
    const root = copyOf('stall-e3-debug', 'inside');
    const log = join(root, LOG);
    const bytes = readFileSync(log);
    rmSync(log);
    writeFileSync(`${log}.1.gz`, gzipSync(bytes));
    const relay = join(root, 'relay');
    writeFileSync(join(root, 'relay.tgz'), tarGzOf(relay, 'relay/'));
    rmSync(relay, { recursive: true });
    writeFileSync(join(root, 'more.zip'), zipOf([{ name: 'deep.tar.gz', content: gzipSync(tarOf([{ name: 'x.log', content: 'x\n' }])) }]));
    const d = diagnosisOf(root);
    const kinds = Object.fromEntries(d.accounting.sources.map(({ source, kind, party }) => [source, `${kind} ${party}`]));
    expect(kinds[`${LOG}.1.gz`]).toMatch(/^archive/);
    expect(kinds[`${LOG}.1.gz/syftbox.log.1`]).toBe('client-log client1@sandbox.local');
    expect(kinds['relay.tgz/relay/server/logs/server.log']).toBe('relay-log null');
    expect(reasonsOf(d)['more.zip/deep.tar.gz']).toEqual({ 'archive-inside-archive': 1 });
    const plain = diagnosisOf(STALL);
    expect(d.causes.map((c) => [c.rule, c.message])).toEqual(plain.causes.map((c) => [c.rule, c.message]));
    expect(d.causes[0]?.evidence.map((e) => e.text)).toEqual(plain.causes[0]?.evidence.map((e) => e.text));
  });

  test('of the sandbox inside the sandbox is not judged twice', () => {
    const root = copyOf('stall-e3-debug', 'again');
    writeFileSync(join(root, 'backup.tar.gz'), tarGzOf(STALL, 'sandbox/'));
    const d = diagnosisOf(root);
    expect(d.flows).toEqual(diagnosisOf(STALL).flows);
    expect(reasonsOf(d)[`backup.tar.gz/sandbox/${LOG}`]).toEqual({ 'archived-copy': 1 });
  });

  test('is judged from a saved database as from its files', () => {
    const path = write('kept.tgz', tarGzOf(STALL, 'sandbox/'));
    const file = join(scratch, 'kept.duckdb');
    expect(jsonOf(path, '--db', file)).toBe(expectedOf('stall-e3-debug'));
    expect(jsonOf(file)).toBe(expectedOf('stall-e3-debug'));
  });

  test.each([
    ['encrypted', zipOf([{ name: 'a/syftbox.log', content: 'x', isEncrypted: true }]), 'HLD_INPUT_ARCHIVE_ENCRYPTED'],
    ['cut', gzipSync(tarOf([{ name: 'a', content: 'x' }])).subarray(0, 20), 'HLD_INPUT_ARCHIVE_DAMAGED'],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), 'HLD_INPUT_ARCHIVE_FORMAT'],
    ['empty', gzipSync(tarOf([])), 'HLD_INPUT_NOTHING_RECOGNISED'],
  ])('%s is an error with a code', (name, bytes, code) => {
    const ran = run('analyze', write(`${name}.bin`, bytes));
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(code);
  });

  test('leaves nothing behind: at the end, after an error, when interrupted', async () => {
    const path = write('left.tar.gz', tarGzOf(STALL, 'sandbox/'));
    run('analyze', path);
    run('analyze', path, '--run', 'nope');
    expect(readdirSync(temporary)).toEqual([]);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = spawn(process.execPath, [bin, 'analyze', '-'], {
        env: { ...process.env, TMPDIR: temporary },
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.stdin.on('error', () => undefined);
      // Never ended: the command waits with its folder made.
      child.stdin.write('x\n');
      await expect.poll(() => readdirSync(temporary).length, { timeout: 10_000 }).toBe(1);
      const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve(code ?? by)));
      child.kill(signal);
      expect(await ended).toBe(signal === 'SIGINT' ? 130 : signal);
      expect(readdirSync(temporary)).toEqual([]);
    }
  });
});

describe('standard input', () => {
  const piped = (path: string, rest = ''): Ran =>
    runShell(`export TMPDIR='${temporary}'; cat '${path}' | $BIN analyze - --format json ${rest}`);

  test('may be a log or a telemetry file', () => {
    const log = JSON.parse(piped(join(STALL, LOG)).stdout) as Diagnosis;
    expect(log.accounting.sources).toMatchObject([{ source: 'stdin', kind: 'client-log', party: 'client1@sandbox.local' }]);
    const path = 'client1@sandbox.local/datasites/client1@sandbox.local/.syftbox/hotlink_telemetry.json';
    const telemetry = JSON.parse(piped(join(STALL, path)).stdout) as Diagnosis;
    expect(telemetry.accounting.sources).toMatchObject([{ source: 'stdin', kind: 'telemetry' }]);
  });

  test('may be a saved database', () => {
    const file = join(scratch, 'piped.duckdb');
    expect(jsonOf(STALL, '--db', file)).toBe(piped(file).stdout);
  });

  test('that is empty or means nothing is an error that names no temporary file', () => {
    for (const content of ['', 'hello\n']) {
      const { code, stderr } = piped(write('nothing', content));
      expect(code).toBe(2);
      expect(stderr).toContain('HLD_INPUT_NOTHING_RECOGNISED');
      expect(stderr).toContain('the standard input');
      expect(stderr).not.toContain(temporary);
    }
  });
});

describe('--also', () => {
  test('adds files, folders and archives under names of their own, and reads nothing twice', () => {
    const root = copyOf('stall-e3-debug', 'also/base');
    const relay = join(scratch, 'also/relay');
    const party = join(scratch, 'also/client1@sandbox.local');
    cpSync(join(root, 'relay'), relay, { recursive: true });
    cpSync(join(root, 'client1@sandbox.local'), party, { recursive: true });
    rmSync(join(root, 'relay'), { recursive: true });
    rmSync(join(root, 'client1@sandbox.local'), { recursive: true });
    const server = join(relay, 'server/logs/server.log');
    const packed = write('also/c1.tgz', tarGzOf(party, 'client1@sandbox.local/'));
    const own = join(root, 'client2@sandbox.local');
    const d = diagnosisOf(root, '--also', server, '--also', packed, '--also', own, '--also', server);
    const sources = d.accounting.sources.map(({ source, party: whose }) => [source, whose]);
    expect(sources.filter(([source]) => source?.startsWith('also/'))).toEqual(
      expect.arrayContaining([
        ['also/server.log', null],
        ['also/c1.tgz/.syftbox/logs/syftbox.log', 'client1@sandbox.local'],
      ]),
    );
    expect(new Set(sources.map(([source]) => source)).size).toBe(sources.length);
    expect(sources.some(([source]) => source?.includes('also/client2') || source?.includes(scratch))).toBe(false);
    expect(d.flows).toEqual(diagnosisOf(STALL).flows);
  }, 60_000);

  test('is understood by every command that reads a sandbox', () => {
    const root = join(scratch, 'also/base');
    const server = join(scratch, 'also/relay/server/logs/server.log');
    const party = join(scratch, 'also/client1@sandbox.local');
    expect(run('query', root, 'SELECT count(*) AS n FROM source', '--also', server, '--format', 'csv').code).toBe(0);
    expect(run('trace', root, 'aggregator', 'client1', '--also', server, '--also', party).stdout).toContain('server.log');
    expect(run('why-not', 'sender-lock-drop', root, '--also', server, '--also', party).stdout).toContain('found');
    expect([0, 1, 3]).toContain(run('preflight', root, '--also', party).code);
  }, 60_000);

  test('gives two of the same name a number', () => {
    const one = write('twice/a/notes.log', readFileSync(join(STALL, LOG)));
    const two = write('twice/b/notes.log', readFileSync(join(STALL, LOG.replace('client1', 'client2'))));
    const d = diagnosisOf(join(samples, 'published-29509799/sandbox'), '--also', one, '--also', two);
    expect(d.accounting.sources.map((s) => s.source).filter((s) => s.startsWith('also/'))).toEqual(['also/notes.log', 'also/notes.log~2']);
  });

  test('refuses what is not there and what a database cannot take', () => {
    expect(run('analyze', STALL, '--also', join(scratch, 'missing')).stderr).toContain('HLD_INPUT_NO_SUCH_PATH');
    const file = join(scratch, 'also.duckdb');
    run('analyze', STALL, '--quiet', '--db', file);
    expect(run('analyze', file, '--also', STALL).stderr).toContain('HLD_CLI_BAD_OPTION_VALUE');
  });
});

describe('several inputs', () => {
  const two = [join(samples, 'stall-e3-debug/sandbox'), join(samples, 'split-client/sandbox')];

  test('print a line each, in their order, and one that cannot be read does not stop the others', () => {
    const { stdout, stderr, code } = run('analyze', two[1]!, join(scratch, 'missing'), two[0]!);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^hotlink-doctor: missing: no such path/);
    const lines = stdout.split('\n').filter((line) => /^ {2}\S+ +[✗?!✓-] /.test(line));
    expect(lines.map((line) => line.trim().split(/\s+/)[0])).toEqual(['split-client/sandbox', 'missing', 'stall-e3-debug/sandbox']);
    expect(lines.join('\n')).toMatch(/split-client · client1[\s\S]*not read[\s\S]*24 042 +sender-lock-drop · aggregator/);
  });

  test('print one diagnosis a line, each with its input, to stdout and to files', () => {
    const file = join(scratch, 'several.ndjson');
    const { stdout } = run('analyze', ...two, '--format', 'json', '--format', `json=${file}`);
    const lines = stdout.trimEnd().split('\n');
    expect(readFileSync(file, 'utf8').trim()).toBe(stdout.trim());
    expect(lines.map((line) => (JSON.parse(line) as Diagnosis).input)).toEqual(['stall-e3-debug/sandbox', 'split-client/sandbox']);
    for (const [index, line] of lines.entries()) {
      const { input: _input, ...rest } = JSON.parse(line) as Diagnosis;
      expect(rest).toEqual(JSON.parse(jsonOf(two[index]!)));
    }
  });

  test('--fail-on looks at all, --db is refused', () => {
    expect(run('analyze', join(samples, 'published-29509775/sandbox'), two[0]!, '--quiet', '--fail-on', 'error').code).toBe(1);
    expect(
      run('analyze', join(samples, 'published-29509775/sandbox'), join(samples, 'published-29509799/sandbox'), '--fail-on', 'inconclusive')
        .code,
    ).toBe(3);
    expect(run('analyze', ...two, '--db', join(scratch, 'no.duckdb')).stderr).toContain('--db');
  });

  test('in one folder, unpacked or packed, are judged one by one; other commands ask for one of them', () => {
    const folder = join(scratch, 'recordings');
    copyOf('stall-e3-debug', 'recordings/one/sandbox');
    copyOf('silent-application', 'recordings/two/sandbox');
    const { stdout, code } = run('analyze', folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^recordings holds 2 sandboxes, judged one by one: 2 failed/);
    expect(stdout).toMatch(/one .*sender-lock-drop[\s\S]*two .*silent-application/);
    expect(run('query', folder, 'SELECT 1').stderr).toMatch(/HLD_INPUT_SEVERAL_SANDBOXES/);
    const archives = join(scratch, 'archives');
    write('archives/one.tar.gz', tarGzOf(two[0]!, 'sandbox/'));
    write('archives/two.tar.gz', tarGzOf(join(samples, 'silent-application/sandbox'), 'sandbox/'));
    expect(run('analyze', archives).stdout).toMatch(
      /^archives holds 2 sandboxes[\s\S]*one\.tar\.gz .*sender-lock-drop[\s\S]*two\.tar\.gz .*silent-app/,
    );
    const all = write('all.tgz', tarGzOf(folder, 'recordings/'));
    expect(run('analyze', all).stderr).toMatch(/all\.tgz holds 2 sandboxes .* unpack it/);
  });

  test('parts of one run from several machines are one sandbox', () => {
    const folder = join(scratch, 'machines');
    for (const part of readdirSync(STALL))
      cpSync(join(STALL, part), join(folder, `host-of-${part.split('@')[0]}`, part), { recursive: true });
    expect(diagnosisOf(folder).flows).toEqual(diagnosisOf(STALL).flows);
  });
});

describe('a sandbox', () => {
  test('with links, pipes, folders for files and strange names is read, and each is named', () => {
    const root = copyOf('stall-e3-debug', 'odd/sandbox');
    const outside = write('odd/outside.log', 'secret of somebody else\n');
    symlinkSync(outside, join(root, 'out.log'));
    symlinkSync(join(root, 'gone'), join(root, 'dangling'));
    symlinkSync('client1@sandbox.local', join(root, 'inner'));
    mkdirSync(join(root, 'client2@sandbox.local/hotlink_telemetry.json'));
    makePipe(join(root, 'client1@sandbox.local/client-daemon.log'));
    writeFileSync(join(root, 'bad\n\u001b[31mname.log'), 'hello\n');
    mkdirSync(join(root, 'empty'));
    const d = diagnosisOf(root);
    expect(reasonsOf(d)).toMatchObject({
      'out.log': { 'link-outside': 1 },
      dangling: { 'link-dangling': 1 },
      inner: { 'link-inside': 1 },
      'client2@sandbox.local/hotlink_telemetry.json': { 'folder-for-file': 1 },
      'client1@sandbox.local/client-daemon.log': { 'special-file': 1 },
      'bad\n\u001b[31mname.log': { 'unrecognised-file': 1 },
    });
    expect(JSON.stringify(d)).not.toContain('secret of somebody else');
    const { stdout } = run('analyze', root, '--verbose', '--width', '100');
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(stdout).not.toMatch(/\u001b|bad\n/);
    expect(stdout).toMatch(/link-outside 1: .*out\.log/s);
    const strange = join(root, 'bad\n\u001b[31mname.log');
    expect(
      run('analyze', strange)
        .stderr.split('\n')
        .filter((line) => line !== ''),
    ).toHaveLength(2);
  });

  test('that a pipe or a socket stands for is refused without waiting', () => {
    const pipe = join(scratch, 'pipe');
    makePipe(pipe);
    expect(run('analyze', pipe)).toMatchObject({ code: 2, stderr: expect.stringContaining('HLD_INPUT_NOT_A_FILE') });
    expect(run('analyze', STALL, '--also', pipe).stderr).toContain('HLD_INPUT_NOT_A_FILE');
  });

  test('that is empty is an error', () => {
    const empty = join(scratch, 'empty');
    mkdirSync(empty);
    expect(run('analyze', empty).stderr).toContain('HLD_INPUT_NOTHING_RECOGNISED');
  });
});

/** Root may read everything; then the command runs as nobody, if nobody may read the command. */
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const other = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
const canRun = spawnSync(process.execPath, [bin, '--version'], other).status === 0;

describe('without the right to read', () => {
  if (!canRun) console.warn('SKIPPED: nobody but root can run the built command here, so unreadable files are NOT tested');

  test.skipIf(!canRun)('files and folders are named, the rest is judged', () => {
    const root = copyOf('stall-e3-debug', 'locked/sandbox');
    spawnSync('chmod', ['-R', 'a+rX', scratch]);
    spawnSync('chmod', ['1777', temporary]);
    spawnSync('chmod', ['000', join(root, LOG), join(root, 'relay')]);
    const ran = spawnSync(process.execPath, [bin, 'analyze', root, '--format', 'json'], {
      ...other,
      env: { ...process.env, TMPDIR: temporary },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    spawnSync('chmod', ['755', join(root, LOG), join(root, 'relay')]);
    expect(ran.stderr).toBe('');
    expect(reasonsOf(JSON.parse(ran.stdout) as Diagnosis)).toMatchObject({
      [LOG]: { 'unreadable-file': 1 },
      relay: { 'unreadable-folder': 1 },
    });
    spawnSync('chmod', ['000', root]);
    const none = spawnSync(process.execPath, [bin, 'analyze', root], { ...other, encoding: 'utf8' });
    spawnSync('chmod', ['755', root]);
    expect(none.stderr).toContain('HLD_INPUT_UNREADABLE');
  });
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/ingest/bundle/bundle.ts';
import type { Diagnosis } from '../../../src/model/diagnosis.ts';
import { runBin } from '../../helpers/bin.ts';
import { unpacked } from '../../helpers/bundle-run.ts';
import { bundleOf, judgeInput, removeScratch } from '../../../tools/bundle-run.ts';
import { comparable, firstDifference, withNames } from '../../../tools/bundle-difference.ts';
import { corpusCases, sampleCases } from '../../helpers/cases.ts';
import { CLIENT1, CLIENT_LOG, makeSandbox, removeSandboxes, rustLine, SESSION, STREAM } from '../../ingest/sandbox.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hld-bundle-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
  removeSandboxes();
  removeScratch();
});

const SLOW = { timeout: 300_000 };

describe.each([...sampleCases(), ...corpusCases()])('a bundle of $name', ({ sandbox }) => {
  it.each([false, true])('is judged like the sandbox, line by line (redact: %s)', SLOW, async (redact) => {
    const { archive, key, manifest } = await bundleOf(sandbox, redact);
    const names = Object.fromEntries(key);
    const left = new Set(manifest.leftOut.map(({ path }) => withNames(path, names)));
    const again = JSON.parse(withNames(JSON.stringify(await judgeInput(archive)), names)) as Diagnosis;
    expect(firstDifference(comparable(await judgeInput(sandbox), left), comparable(again, left))).toBeUndefined();
  });
});

const payload = (list: string): string =>
  rustLine(
    `ws message decoded type=HotlinkData(HotlinkData { session_id: "${SESSION}", seq: 1, path: "${STREAM}", etag: "e", payload: Some([${list}]) })`,
  );
const bytes = (n: number): string => Array.from({ length: n }, (_, i) => i % 256).join(', ');

describe('the files of a bundle', () => {
  it('are the evidence and a list of it, with sums that fit, and the same each time', SLOW, async () => {
    const root = makeSandbox({
      [CLIENT_LOG]: rustLine('daemon start') + payload(bytes(70_000)) + rustLine('hotlink tcp dump: dir=local->remote hex=00ff00ff'),
      'notes.txt': 'a private note\n',
      'relay/server/config.yaml': 'blob:\n  secret_key: abc\n',
      [`${CLIENT1}/photo.db`]: 'x',
    });
    const { archive } = await bundleOf(root, false);
    const { root: folder, names } = unpacked(archive);
    const top = names[0]?.split('/')[0] ?? '';
    expect(names.toSorted()).toEqual([`${top}/${CLIENT_LOG}`, `${top}/hotlink-bundle.json`]);
    const manifest = JSON.parse(readFileSync(join(folder, top, 'hotlink-bundle.json'), 'utf8')) as Manifest;
    const text = readFileSync(join(folder, top, CLIENT_LOG));
    expect(manifest.files).toMatchObject([
      { path: CLIENT_LOG, kind: 'client-log', bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') },
    ]);
    expect(manifest.leftOut).toEqual([
      { path: `${CLIENT1}/photo.db`, why: 'no evidence' },
      { path: 'notes.txt', why: 'no evidence' },
      { path: 'relay/server/config.yaml', why: 'credentials' },
    ]);
    expect(text.toString()).toContain('payload: Some([70000 bytes]) })"\n');
    expect(text.toString()).toContain('hex=[4 bytes]"\n');
    expect(readFileSync((await bundleOf(root, false)).archive)).toEqual(readFileSync(archive));
  });

  it('name neither the owner of a process nor the folder that was collected, when redacted', SLOW, async () => {
    const root = makeSandbox({
      [CLIENT_LOG]: rustLine('daemon start'),
      '_collected/manifest.json': JSON.stringify({ what: 'collection', sandbox: 'ottokar-try', problems: [] }),
      '_collected/docker-inspect.json': JSON.stringify([
        {
          Id: 'a'.repeat(64),
          Name: '/syqure-29510000-pid0',
          State: { Status: 'running', Running: true },
          Config: { Hostname: 'wilhelms-box', User: 'wilhelm', Image: 'syqure' },
        },
        {
          Id: 'b'.repeat(64),
          Name: '/relay',
          State: { Status: 'running', Running: true },
          Config: { Hostname: 'b'.repeat(12), User: 'root', Image: 'relay' },
        },
      ]),
      '_collected/processes.txt': [
        '    PID    PPID USER     STAT     ELAPSED     TIME %CPU   RSS COMMAND',
        '     12       1 ottokar  Ss          01:02 00:00:00  0.0  1816 syftbox -c /srv/muster-clinic/ottokar/config.json',
        '     13       1 wilhelm+ S           01:02 00:00:00  0.0  1816 syftbox',
        '     14       1 postgres S           01:02 00:00:00  0.0  1816 postgres',
        '',
      ].join('\n'),
    });
    const { archive, key } = await bundleOf(root, true);
    const { names, bytes } = unpacked(archive);
    expect(key).toContainEqual(['dir01', 'muster-clinic']);
    expect(names).toContain('sandbox/_collected/processes.txt');
    expect(bytes).not.toMatch(/ottokar|wilhelm|muster|clinic/);
    expect(bytes).toContain('"Hostname":"bbbbbbbbbbbb","User":"root"');
    expect(bytes).toContain('12       1 name01  Ss ');
    expect(bytes).toContain('14       1 postgres S');
    expect(bytes).toContain('"sandbox":"sandbox"');
  });

  it('keep what is broken broken', SLOW, async () => {
    const lines = [
      payload('1, 2, x'),
      payload('12 bytes?'),
      payload(bytes(9)).slice(0, -8),
      '\n',
      'time=x [1, 2, 3]\r\n',
      payload('3 bytes'),
    ];
    const root = makeSandbox({ [CLIENT_LOG]: rustLine('daemon start') + lines.join('') });
    const [before, after] = [await judgeInput(root), await judgeInput((await bundleOf(root, false)).archive)];
    const of = (d: Diagnosis) => d.accounting.sources.find(({ source }) => source === CLIENT_LOG);
    expect(of(after)).toEqual({ ...of(before), bytes: of(after)?.bytes });
    expect(of(before)?.reasons['bad-payload']).toBe(3);
  });
});

describe('bundle', () => {
  const archive = join(scratch, 'case.tar.gz');

  it('writes an archive that analyze opens, and says what is in it', SLOW, () => {
    const made = runBin(['bundle', 'samples/late-application/sandbox', '-o', archive]);
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(
      /case\.tar\.gz: \d+ files, 0\.2 MB of evidence in 0\.\d MB\n {2}left out, credentials: 1 \(relay\/server\/config\.yaml\)/,
    );
    const judged = runBin(['analyze', archive, '--format', 'json']);
    expect((JSON.parse(judged.stdout) as Diagnosis).causes[0]?.rule).toBe('late-application');
  });

  it('of a bundle is a bundle again', SLOW, async () => {
    const { archive: first } = await bundleOf('samples/stall-e3-debug/sandbox', false);
    const again = await bundleOf(first, false);
    const files = (m: Manifest) => m.files.map(({ path, sha256 }) => ({ path, sha256 }));
    expect(files(again.manifest)).toEqual(files((await bundleOf('samples/stall-e3-debug/sandbox', false)).manifest));
  });

  it('with --names writes which pseudonym is whose', SLOW, () => {
    const names = join(scratch, 'names.json');
    expect(runBin(['bundle', 'samples/late-application/sandbox', '-o', archive, '--redact', '--names', names]).code).toBe(0);
    expect(JSON.parse(readFileSync(names, 'utf8'))).toMatchObject({ 'client1@host01.example': 'client1@sandbox.local' });
  });

  it.each([
    ['--names without --redact', ['samples/late-application/sandbox', '-o', archive, '--names', 'x'], 'HLD_CLI_BAD_OPTION_VALUE'],
    ['nothing to bundle', ['src/util', '-o', archive], 'HLD_INPUT_NOTHING_RECOGNISED'],
    ['an output in no folder', ['samples/late-application/sandbox', '-o', '/nowhere/x.tar.gz'], 'HLD_CLI_UNWRITABLE_OUTPUT'],
    ['no such input', ['/nowhere/x', '-o', archive], 'HLD_INPUT_NO_SUCH_PATH'],
  ])('%s is refused', SLOW, (_, args, code) => {
    const ran = runBin(['bundle', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(code);
  });

  it('never writes over its own evidence', SLOW, () => {
    const file = join(makeSandbox({ [CLIENT_LOG]: rustLine('daemon start') }), CLIENT_LOG);
    const ran = runBin(['bundle', file, '-o', file]);
    expect(ran.stderr).toContain('HLD_CLI_UNWRITABLE_OUTPUT');
    expect(readFileSync(file, 'utf8')).toBe(rustLine('daemon start'));
  });

  it('leaves nothing behind when it fails', SLOW, () => {
    const blocked = join(scratch, 'blocked');
    writeFileSync(blocked, '');
    expect(runBin(['bundle', 'samples/late-application/sandbox', '-o', join(blocked, 'x.tar.gz')]).code).toBe(2);
    expect(existsSync(join(blocked, 'x.tar.gz'))).toBe(false);
  });
});

/**
 * Memory and time on files that nobody would write on purpose: `npm run build && npx tsx bench/hostile.ts [NAME…]`.
 *
 * Each case is written below a scratch folder (HOSTILE_DATA, else the system's), judged by the built command in a process of its
 * own, and deleted. Needs 2 GB of disk and /usr/bin/time. Exit 1 when a case goes over its limit or the command is not at its end.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const TIME = '/usr/bin/time';
const MB = 1024 * 1024;
const GB = 1024 * MB;
/** Peak memory that a file without any hotlink line may take, and any file. */
const WITHOUT_HOTLINK_MB = 300;
const ANY_MB = 700;
const LONGEST_S = 120;

const PARTY = 'client1@sandbox.local';
const LOG = `${PARTY}/.syftbox/logs/syftbox.log`;
const FLOW = `${PARTY}/datasites/${PARTY}/shared/flows/f/29510000-abcdefabcdef`;
const RELAY_LOG = 'relay/server/logs/server.log';
const STAMP = '2026-02-09T03:14:15.926Z';

type Write = (text: string | Uint8Array) => void;

interface Case {
  readonly name: string;
  readonly path: string;
  readonly limitMb: number;
  readonly fill: (write: Write, fd: number) => void;
}

/** Writes what `line` gives for 0, 1, 2, … until that many bytes are there. */
function lines(bytes: number, line: (no: number) => string): (write: Write) => void {
  return (write) => {
    let no = 0;
    for (let written = 0; written < bytes;) {
      let block = '';
      while (block.length < MB) block += line(no++);
      write(block);
      written += block.length;
    }
  };
}

/** Writes a beginning, one piece until that many bytes are there, and an end. */
function repeated(bytes: number, piece: string, before = '', after = ''): (write: Write) => void {
  return (write) => {
    const block = Buffer.from(piece.repeat(Math.ceil(MB / piece.length)));
    write(before);
    for (let written = 0; written < bytes; written += block.length) write(block);
    write(after);
  };
}

const uuid = (no: number): string => `${no.toString(16).padStart(8, '0')}-0000-4000-8000-${(no * 7).toString(16).padStart(12, '0')}`;
const rust = (message: string): string => `time=${STAMP} level=INFO msg="${message}"\n`;

const CASES: readonly Case[] = [
  {
    name: 'one-line-100mb',
    path: LOG,
    limitMb: WITHOUT_HOTLINK_MB,
    fill: repeated(100 * MB, 'x', `time=${STAMP} level=INFO msg="`, '"\n'),
  },
  { name: 'text-1gb', path: 'notes.txt', limitMb: WITHOUT_HOTLINK_MB, fill: repeated(GB, 'the quick brown fox jumps over the lazy dog\n') },
  { name: 'zeros-1gb', path: 'core', limitMb: WITHOUT_HOTLINK_MB, fill: (_, fd) => ftruncateSync(fd, GB) },
  {
    name: 'noise-log-1gb',
    path: LOG,
    limitMb: WITHOUT_HOTLINK_MB,
    fill: repeated(GB, rust('acl staging grace check path=a@x/syft.pub.yaml')),
  },
  { name: 'unknown-log-1gb', path: LOG, limitMb: WITHOUT_HOTLINK_MB, fill: lines(GB, (no) => rust(`no program says this ${no}`)) },
  { name: 'newlines-100m', path: 'notes.txt', limitMb: WITHOUT_HOTLINK_MB, fill: repeated(100 * MB, '\n') },
  { name: 'newlines-log-100m', path: LOG, limitMb: WITHOUT_HOTLINK_MB, fill: repeated(100 * MB, '\n', rust('daemon start').repeat(400)) },
  {
    name: 'sessions-log-1gb',
    path: LOG,
    limitMb: ANY_MB,
    fill: lines(GB, (no) => rust(`hotlink session new: session=${uuid(no)} path=${PARTY}/shared/flows/f/r/_mpc/1_to_2/stream.tcp.request`)),
  },
  {
    name: 'errors-log-1gb',
    path: LOG,
    limitMb: ANY_MB,
    fill: lines(GB, (no) => rust(`hotlink ws connect error: ${no} ${'y'.repeat(900)}`)),
  },
  {
    name: 'relay-json-endless',
    path: RELAY_LOG,
    limitMb: WITHOUT_HOTLINK_MB,
    fill: repeated(GB, 'y', `{"time":"${STAMP}","level":"INFO","msg":"`),
  },
  {
    name: 'relay-json-1gb',
    path: RELAY_LOG,
    limitMb: ANY_MB,
    fill: lines(
      GB,
      (no) =>
        `{"time":"${STAMP}","level":"INFO","msg":"hotlink data relay","session":"${uuid(no >> 8)}","from":"a@x","path":"a@x/p","seq":${no},"bytes":12021}\n`,
    ),
  },
  {
    name: 'access-log-1gb',
    path: 'relay/server/logs/access.log',
    limitMb: ANY_MB,
    fill: lines(
      GB,
      (no) =>
        `{"timestamp":"2026-02-09 03:14:15.926 UTC","path":"a@x/${no}","access_type":"write","user":"${PARTY}","ip":"127.0.0.1","user_agent":"SyftBox/0.1","allowed":true}\n`,
    ),
  },
  {
    name: 'access-users-1gb',
    path: 'relay/server/logs/access.log',
    limitMb: ANY_MB,
    fill: lines(
      GB,
      (no) => `{"timestamp":"2026-02-09 03:14:15.926 UTC","path":"a@x/${no}","access_type":"write","user":"u${no}@x","allowed":true}\n`,
    ),
  },
  {
    name: 'progress-1gb',
    path: `${FLOW}/_progress/progress.json`,
    limitMb: ANY_MB,
    fill: lines(GB, (no) => `{"event":"step_started","step":"s${no}","timestamp":"${STAMP}","message":"m"}\n`),
  },
  { name: 'progress-junk-1gb', path: `${FLOW}/_progress/progress.json`, limitMb: ANY_MB, fill: repeated(GB, '{]\n') },
  { name: 'phase-15mb', path: `${FLOW}/x.json.phase`, limitMb: ANY_MB, fill: repeated(15 * MB, 'a\n') },
  {
    name: 'telemetry-1gb',
    path: `${PARTY}/datasites/${PARTY}/.syftbox/hotlink_telemetry.json`,
    limitMb: ANY_MB,
    fill: repeated(GB, '1,', '{"tx_bytes":1,"x":[', '1]}'),
  },
  {
    name: 'telemetry-15mb',
    path: `${PARTY}/datasites/${PARTY}/.syftbox/hotlink_telemetry.json`,
    limitMb: ANY_MB,
    fill: repeated(15 * MB, '{"sid":"0f1e2d3c","peer":"a@x","seq":1},', '{"tx_bytes":1,"live":{"sessions_in":[', '{}]}}'),
  },
  {
    name: 'telemetry-deep',
    path: `${PARTY}/datasites/${PARTY}/.syftbox/hotlink_telemetry.json`,
    limitMb: ANY_MB,
    fill: repeated(15 * MB, '[', '{"tx_bytes":'),
  },
  {
    name: 'acl-15mb',
    path: `${FLOW}/_mpc/syft.pub.yaml`,
    limitMb: ANY_MB,
    fill: repeated(15 * MB, '- pattern: "a"\n  access:\n    read: [b@c]\n', 'rules:\n'),
  },
  {
    name: 'acl-yaml-15mb',
    path: `${FLOW}/_mpc/syft.pub.yaml`,
    limitMb: ANY_MB,
    fill: repeated(15 * MB, '- {pattern: "a", access: {read: ["*"]}}\n', 'rules:\n'),
  },
  { name: 'acl-deep', path: `${FLOW}/_mpc/syft.pub.yaml`, limitMb: ANY_MB, fill: repeated(MB, '[', 'rules: ') },
  {
    name: 'acl-alias-bomb',
    path: `${FLOW}/_mpc/syft.pub.yaml`,
    limitMb: ANY_MB,
    fill: (write) => {
      write('a0: &a0 [x, x]\n');
      for (let i = 1; i < 40; i++) write(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]\n`);
      write('rules: [{pattern: "**", access: {read: [*a39, [*a39]]}}]\n');
    },
  },
  { name: 'marker-1gb', path: `${FLOW}/_mpc/1_to_2/stream.tcp`, limitMb: ANY_MB, fill: repeated(GB, ' ') },
];

interface Measured {
  readonly code: number | null;
  readonly seconds: number;
  readonly peakMb: number;
  readonly stderr: string;
}

function measure(root: string): Measured {
  const started = performance.now();
  const child = spawnSync(
    'timeout',
    ['-s', 'KILL', String(LONGEST_S), TIME, '-f', '@ %M', process.execPath, BIN, 'analyze', root, '--quiet', '--format', 'json'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    },
  );
  const peak = /@ (\d+)\s*$/.exec(child.stderr)?.[1];
  return { code: child.status, seconds: (performance.now() - started) / 1000, peakMb: Number(peak) / 1024, stderr: child.stderr };
}

if (!existsSync(BIN)) throw new Error('dist/ is missing: run npm run build first');
if (!existsSync(TIME)) throw new Error(`${TIME} is missing: apt-get install time`);
const names = process.argv.slice(2);
const scratch = mkdtempSync(join(process.env['HOSTILE_DATA'] ?? tmpdir(), 'hotlink-doctor-hostile-'));
console.log('| case | seconds | peak MB | limit | exit |\n| --- | --- | --- | --- | --- |');
for (const { name, path, limitMb, fill } of CASES) {
  if (names.length > 0 && !names.includes(name)) continue;
  const root = join(scratch, name);
  try {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const fd = openSync(join(root, path), 'w');
    fill((text) => writeSync(fd, Buffer.from(text as string)), fd);
    closeSync(fd);
    // Something that is evidence for certain, so that the input is judged at all.
    mkdirSync(join(root, 'client2@sandbox.local'), { recursive: true });
    writeFileSync(join(root, 'client2@sandbox.local/hotlink_telemetry.json'), '{"tx_bytes":1,"rx_bytes":1}');
    const { code, seconds, peakMb, stderr } = measure(root);
    const isGood = code === 0 && peakMb <= limitMb;
    if (!isGood) process.exitCode = 1;
    console.log(`| ${name} | ${seconds.toFixed(1)} | ${peakMb.toFixed(0)} | ${limitMb} | ${code}${isGood ? '' : ' **over**'} |`);
    if (code !== 0) console.log(stderr.slice(0, 600));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
rmSync(scratch, { recursive: true, force: true });

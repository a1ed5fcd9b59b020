/**
 * The page of a large run: `npm run build && npx tsx bench/html.ts [FRAMES]` (100,000 unless told).
 *
 * The sample `healthy` goes on: its sessions carry that many more frames, lines as with debug logging where it is sent, at the relay, and where it is
 * received; 100,000 make some 100 MB. Prints how long the analysis takes with JSON and with the page, the rendering alone, the page's size, and
 * how long Chromium needs until it has loaded and until its plots are drawn. Needs /usr/bin/time, and
 * /usr/bin/chromium for the last two.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { loadPageAssets } from '../src/cli/html-assets.ts';
import { diagnosisSchema, type Diagnosis } from '../src/model/diagnosis.ts';
import { renderHtml } from '../src/report/html/page.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'dist/cli/bin.js');
const SAMPLE = join(ROOT, 'samples/healthy');
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
];
const ROUNDS = 5;
const BLOCK = 2000;
const FRAME_BYTES = 8;
const START_MS = Date.parse('2026-11-22T13:09:52.000Z');

interface Lane {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly path: string;
  readonly sent: number;
}

function lanesOf(d: Diagnosis): Lane[] {
  return d.sessions.flatMap(({ id, opener, acceptor, path, frames }) =>
    opener === null || acceptor === null || path === null ? [] : [{ id, from: opener, to: acceptor, path, sent: frames.sent ?? 0 }],
  );
}

const logOf = (party: string): string => `${party}/.syftbox/logs/syftbox.log`;
const RELAY_LOG = 'relay/server/logs/server.log';

/** Connection of each user in the relay's log. */
function connections(log: string): Map<string, string> {
  const plain = log.replaceAll(/\u001B\[[0-9;]*m/g, '');
  return new Map([...plain.matchAll(/wshub registered connId='(\w+)' user='([^']+)'/g)].map(([, conn = '', user = '']) => [user, conn]));
}

function grow(sandbox: string, frames: number): void {
  const lanes = lanesOf(diagnosisSchema.parse(JSON.parse(readFileSync(join(SAMPLE, 'expected.json'), 'utf8'))));
  const conns = connections(readFileSync(join(sandbox, RELAY_LOG), 'utf8'));
  const seqs = lanes.map(({ sent }) => sent);
  for (let done = 0; done < frames; done += BLOCK) {
    const blocks = new Map<string, string>();
    const put = (file: string, line: string): void => void blocks.set(file, `${blocks.get(file) ?? ''}${line}\n`);
    for (let i = done; i < Math.min(frames, done + BLOCK); i++) {
      const at = i % lanes.length;
      const lane = lanes[at];
      if (lane === undefined) throw new Error('the sample has no session');
      const seq = (seqs[at] ?? 0) + 1;
      seqs[at] = seq;
      const time = new Date(START_MS + i).toISOString();
      const local = `${time.slice(0, 10)} ${time.slice(11, 19)}`;
      const message = `${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
      const client = (text: string): string => `time=${time} level=INFO msg="${text}"`;
      put(logOf(lane.from), client(`hotlink send data: path=${lane.path} session=${lane.id.slice(0, 8)} seq=${seq} bytes=${FRAME_BYTES}`));
      put(logOf(lane.from), client(`hotlink send data: session=${lane.id} seq=${seq} bytes=${FRAME_BYTES} encoding=msgpack`));
      put(
        RELAY_LOG,
        `${local} DBG server/server.go:200 server received websocket message msgType=HOTLINK_DATA msgId='${message}' connId='${conns.get(lane.from) ?? ''}' from='${lane.from}'`,
      );
      put(
        RELAY_LOG,
        `${local} DBG ws/ws_client.go:137 wsclient writer connId='${conns.get(lane.to) ?? ''}' msgId='${message}' msgType=HOTLINK_DATA`,
      );
      put(
        RELAY_LOG,
        `${local} INF server/server.go:560 hotlink data relay session='${lane.id}' from='${lane.from}' path='${lane.path}' seq=${seq} bytes=${FRAME_BYTES} recipients=1 to=[${lane.to}@${conns.get(lane.to) ?? ''}]`,
      );
      const payload = Array.from({ length: FRAME_BYTES }, () => 0).join(', ');
      put(
        logOf(lane.to),
        client(
          `ws message decoded type=HotlinkData(HotlinkData { session_id: \\"${lane.id}\\", seq: ${seq}, path: \\"${lane.path}\\", etag: \\"\\", payload: Some([${payload}]) })`,
        ),
      );
    }
    for (const [file, text] of blocks) appendFileSync(join(sandbox, file), text);
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

interface Took {
  readonly ms: number;
  /** Processor time of its own, which other programs on the machine change little. */
  readonly cpuMs: number;
}

function analyze(sandbox: string, args: readonly string[]): Took {
  const started = performance.now();
  const child = spawnSync('/usr/bin/time', ['-f', '%U %S', process.execPath, BIN, 'analyze', sandbox, ...args], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  const [user = 0, system = 0] = (child.stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { ms: performance.now() - started, cpuMs: 1000 * (user + system) };
}

async function load(file: string): Promise<{ readonly loaded: number; readonly drawn: number }> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(pathToFileURL(file).href);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const loaded = await page.evaluate<number>("performance.getEntriesByType('navigation')[0].loadEventEnd");
  const drawn = await page.evaluate<number>('performance.now()');
  await browser.close();
  return { loaded, drawn };
}

const frames = Number(process.argv[2] ?? 100_000);
const scratch = mkdtempSync(join(tmpdir(), 'hld-bench-html-'));
try {
  const sandbox = join(scratch, 'sandbox');
  cpSync(join(SAMPLE, 'sandbox'), sandbox, { recursive: true });
  grow(sandbox, frames);
  const [json, html] = [join(scratch, 'detail.json'), join(scratch, 'report.html')];
  const rounds = Array.from({ length: ROUNDS }, () => ({
    json: analyze(sandbox, ['--format', `json=${json}`]),
    html: analyze(sandbox, ['--format', `html=${html}`]),
  }));
  analyze(sandbox, ['--detail', '--format', `json=${json}`]);
  const d = diagnosisSchema.parse(JSON.parse(readFileSync(json, 'utf8')));
  const assets = loadPageAssets();
  const renders = Array.from({ length: ROUNDS }, () => {
    const started = performance.now();
    writeFileSync(join(scratch, 'again.html'), renderHtml(d, assets));
    return performance.now() - started;
  });
  if (!readFileSync(html).equals(readFileSync(join(scratch, 'again.html')))) throw new Error('the page of the saved document differs');
  const logs = d.parties.map(({ email }) => logOf(email));
  const bytes = [...logs, RELAY_LOG].reduce((sum, file) => sum + statSync(join(sandbox, file)).size, 0);
  const received = (d.detail?.streams ?? [])
    .filter(({ hop }) => hop === 'received')
    .reduce((sum, { points }) => sum + (points.at(-1)?.[1] ?? 0), 0);
  console.log(`${(bytes / 1e6).toFixed(0)} MB of logs, ${received} frames received, verdict ${d.verdict}`);
  for (const format of ['json', 'html'] as const) {
    const took = rounds.map((round) => round[format]);
    console.log(
      `analyze --format ${format}   ${median(took.map(({ ms }) => ms)).toFixed(0)} ms, of the processor ${median(took.map(({ cpuMs }) => cpuMs)).toFixed(0)} ms`,
    );
  }
  console.log(`rendering alone         ${median(renders).toFixed(0)} ms (first ${renders[0]?.toFixed(0)})`);
  console.log(
    `size of the page        ${(statSync(html).size / 1e6).toFixed(2)} MB, of the document with --detail ${(statSync(json).size / 1e6).toFixed(2)} MB`,
  );
  if (existsSync(CHROMIUM)) {
    const loads = [];
    for (let i = 0; i < ROUNDS; i++) loads.push(await load(html));
    console.log(
      `Chromium: loaded        ${median(loads.map(({ loaded }) => loaded)).toFixed(0)} ms, plots drawn after ${median(loads.map(({ drawn }) => drawn)).toFixed(0)} ms`,
    );
  } else console.log(`Chromium: not measured, no ${CHROMIUM}`);
  if (process.env['BENCH_KEEP'] !== undefined) cpSync(html, process.env['BENCH_KEEP']);
} finally {
  rmSync(scratch, { recursive: true });
}

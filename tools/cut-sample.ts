/**
 * Cuts a recorded sandbox down to a sample: `tsx tools/cut-sample.ts SANDBOX NAME`. Kept is every line that says something; of
 * the heartbeats and sync noise one in NOISE_STEP, so that silences still show. Payload lists are cut to their number of elements
 * by repeating `0`, which keeps sizes and drops content. The stdout copies, the relay's own store and logs of access stay out.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isCaptureLine } from '../src/ingest/capture-line.ts';

const NOISE_STEP = 10;
const NOISE =
  /acl staging|sync reconcile start|sync actions|scan_remote|ws_file_write|ws_acl_file|commit_staged|type=FileWrite|type=Ack|update index|updated rule set|new datasite detected|reloading vanity|broadcasted file notify|wsmsg handler|\[GIN-debug\]/;
const HEARTBEAT = /scan_remote/;
/** A capture: only connections that become WebSockets are kept, whole. */
const CAPTURE = /\.jsonl$/;
const SKIPPED = /client-daemon\.log$|\/access\/|minio|state\.db|stream\.accept$/;

function main(): void {
  const [from, name] = process.argv.slice(2);
  if (from === undefined || name === undefined || !existsSync(from)) {
    console.error('usage: tsx tools/cut-sample.ts SANDBOX NAME');
    process.exitCode = 2;
    return;
  }
  const to = join('samples', name, 'sandbox');
  rmSync(to, { recursive: true, force: true });
  let bytes = 0;
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(from, file);
    if (!statSync(path).isFile() || SKIPPED.test(file)) continue;
    // What others hold of a party's shared files proves nothing and is left out; a party's own tree is kept.
    if (/^([^/]+@[^/]+)\/datasites\/(?!\1\/)/.test(file)) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    if (file.endsWith('.log')) writeFileSync(join(to, file), cutLog(readFileSync(path)));
    else if (CAPTURE.test(file)) writeFileSync(join(to, file), cutCapture(readFileSync(path, 'utf8')));
    else cpSync(path, join(to, file));
    bytes += statSync(join(to, file)).size;
  }
  console.log(`${to}: ${bytes} bytes`);
}

/** Bytes in, bytes out: invalid UTF-8 in a log survives. */
function cutLog(log: Buffer): Buffer {
  let noise = 0;
  const lines = log.toString('latin1').split('\n');
  const kept = lines.filter((line) => {
    if (!NOISE.test(line.slice(0, 200))) return true;
    if (!HEARTBEAT.test(line.slice(0, 200))) return false;
    return noise++ % NOISE_STEP === 0;
  });
  return Buffer.from(kept.map((line) => withoutContent(line)).join('\n'), 'latin1');
}

/** Lines of the connections that ask for an upgrade; a file of JSON lines that is no capture stays as it is. */
function cutCapture(text: string): string {
  if (!isCaptureLine(text)) return text;
  const lines = text.split('\n').filter((line) => line !== '');
  const parsed = lines.map((line) => JSON.parse(line) as { connection: number; bytes?: string });
  const asks = (bytes = ''): boolean => /^upgrade: *websocket/im.test(Buffer.from(bytes, 'base64').toString('latin1'));
  const sockets = new Set(parsed.filter((line) => asks(line.bytes)).map((line) => line.connection));
  return `${lines.filter((_, i) => sockets.has(parsed[i]?.connection ?? -1)).join('\n')}\n`;
}

/** Same number of payload elements, no content. */
function withoutContent(line: string): string {
  const at = line.indexOf('payload: Some([');
  if (at < 0) return line;
  const start = at + 'payload: Some(['.length;
  const end = line.indexOf(']', start);
  if (end < 0) return line;
  const count = end === start ? 0 : line.slice(start, end).split(',').length;
  return line.slice(0, start) + Array.from({ length: count }, () => '0').join(', ') + line.slice(end);
}

main();

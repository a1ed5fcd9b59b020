/** Following files that a client really treats that way: grows, truncates, rotates, rewrites in place. */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Follower, type FileNews } from '../../src/live/follow.ts';
import { Recorder, type RecordOptions } from '../../src/live/record.ts';

const LOG = 'client1@sandbox.local/.syftbox/logs/syftbox.log';
const TELEMETRY = 'client1@sandbox.local/datasites/client1@sandbox.local/.syftbox/hotlink_telemetry.json';

let root: string;
let box: string;
let record: string;
let clock = 0;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-follow-'));
  box = join(root, 'sandbox');
  record = join(root, 'record');
  mkdirSync(box);
  clock = 0;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

let second = 0;
/** A line as the client writes it; each has a time of its own. */
function line(words: string): string {
  second++;
  return `time=2026-11-22T13:${String(25 + (Math.floor(second / 60) % 30)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.${String(second % 1000).padStart(3, '0')}Z level=INFO msg="${words}"\n`;
}

function put(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(box, path)), { recursive: true });
  writeFileSync(join(box, path), text);
}

const add = (path: string, text: string): void => appendFileSync(join(box, path), text);
const kept = (path: string): string => readFileSync(join(record, path), 'utf8');

function flush(updated: number, txBytes: number, sessions: readonly string[] = []): string {
  const live = {
    proxies: [{ from: 'client1@sandbox.local', to: 'client2@sandbox.local', port: 1, connected: true }],
    sessions_in: sessions.map((sid) => ({ sid })),
  };
  return JSON.stringify({
    live,
    mode: 'hotlink_p2p',
    rx_bytes: 0,
    rx_packets: 0,
    started_ms: 1_795_353_000_000,
    tx_bytes: txBytes,
    tx_packets: 1,
    updated_ms: updated,
  });
}

function start(options: Partial<RecordOptions> = {}): {
  follower: Follower;
  recorder: Recorder;
  look: (isLast?: boolean) => readonly FileNews[];
} {
  const recorder = new Recorder({
    folder: record,
    prefix: '',
    maxBytes: 1e9,
    logs: true,
    time: () => '2026-11-22T13:25:40.000Z',
    ...options,
  });
  const follower = new Follower(
    box,
    recorder,
    () => clock,
    () => Date.now(),
  );
  // A look later the tree is walked again.
  const look = (isLast = false): readonly FileNews[] => {
    clock += 1100;
    const news: FileNews[] = [];
    let behind = true;
    while (behind) {
      const polled = follower.poll(isLast);
      news.push(...polled.news);
      ({ behind } = polled);
    }
    return news;
  };
  return { follower, recorder, look };
}

describe('logs', () => {
  it('that grow are kept byte for byte, half a last line included', () => {
    const first = line('daemon start version=0.1.0') + line('hotlink enabled: webrtc p2p + ws fallback + tcp proxy');
    put(LOG, first);
    const { look } = start();
    expect(look()).toEqual([]);
    expect(kept(LOG)).toBe(first);
    const more = line('websocket connected');
    add(LOG, more.slice(0, 30));
    expect(look()).toEqual([]);
    expect(kept(LOG)).toBe(first + more.slice(0, 30));
    add(LOG, more.slice(30));
    look();
    expect(kept(LOG)).toBe(first + more);
  });

  it('that a client truncates at its start keep what they held before, and the next one begins on a line of its own', () => {
    const old = line('daemon start version=0.1.0') + line('hotlink enabled: webrtc p2p + ws fallback + tcp proxy').slice(0, 60);
    put(LOG, old);
    const { look } = start();
    look();
    const now =
      line('daemon start version=0.1.1') + line('hotlink enabled: webrtc p2p + ws fallback + tcp proxy') + line('websocket connected');
    put(LOG, now);
    expect(look()).toEqual([{ what: 'truncated', path: LOG, kept: old.length }]);
    expect(kept(LOG)).toBe(`${old}\n${now}`);
    expect(kept('_collected/journal.jsonl')).toContain('"what":"truncated"');
  });

  it('that are longer after a truncation than before are told by their first bytes', () => {
    const old = line('daemon start version=0.1.0') + line('a');
    put(LOG, old);
    const { look } = start();
    look();
    const now = line('daemon start version=0.1.0') + line('b').repeat(5);
    expect(now.length).toBeGreaterThan(old.length);
    put(LOG, now);
    expect(look().map(({ what }) => what)).toEqual(['truncated']);
    expect(kept(LOG)).toBe(old + now);
  });

  it.each(['rename', 'copy'] as const)('that are rotated by %s are read once, to their end', (how) => {
    const old = line('daemon start version=0.1.0') + line('hotlink enabled: webrtc p2p + ws fallback + tcp proxy');
    put(LOG, old);
    const { look } = start();
    look();
    const late = line('the last word before the rotation');
    add(LOG, late);
    const now = line('daemon start version=0.1.0');
    if (how === 'rename') {
      renameSync(join(box, LOG), join(box, `${LOG}.1`));
      put(LOG, now);
    } else {
      copyFileSync(join(box, LOG), join(box, `${LOG}.1`));
      look();
      truncateSync(join(box, LOG));
      add(LOG, now);
    }
    look();
    look();
    expect(kept(LOG)).toBe(old + late + now);
    expect(existsSync(join(record, `${LOG}.1`))).toBe(false);
    const after = line('more');
    add(LOG, after);
    look();
    expect(kept(LOG)).toBe(old + late + now + after);
  });

  it('that are renamed and not begun anew are known again, and read on', () => {
    const old = line('daemon start version=0.1.0') + line('hotlink enabled: webrtc p2p + ws fallback + tcp proxy');
    put(LOG, old);
    const { look } = start();
    look();
    renameSync(join(box, LOG), join(box, `${LOG}.old`));
    expect(look()).toEqual([
      { what: 'removed', path: LOG, kept: old.length },
      { what: 'renamed', path: LOG, kept: old.length, to: `${LOG}.old` },
    ]);
    const more = line('its writer still has it open');
    add(`${LOG}.old`, more);
    look();
    expect(kept(LOG)).toBe(old);
    expect(kept(`${LOG}.old`)).toBe(more);
  });

  it('that are removed stay in the record, and so does what comes up under their name', () => {
    const old = line('daemon start version=0.1.0') + line('a');
    put(LOG, old);
    const { look } = start();
    look();
    add(LOG, line('unread until it is gone'));
    const whole = readFileSync(join(box, LOG), 'utf8');
    rmSync(join(box, LOG));
    expect(look()).toEqual([{ what: 'removed', path: LOG, kept: whole.length }]);
    const now = line('daemon start version=0.1.0');
    put(LOG, now);
    expect(look()).toEqual([{ what: 'new', path: LOG, kept: null }]);
    look();
    expect(kept(LOG)).toBe(whole + now);
  });

  it('that vanish with the whole sandbox are news, not an error', () => {
    put(LOG, line('daemon start version=0.1.0'));
    const { look } = start();
    look();
    rmSync(box, { recursive: true });
    expect(look().map(({ what }) => what)).toEqual(['removed']);
  });

  it('with a hole, as a truncation under an open writer leaves it, are kept without the hole', () => {
    put(LOG, line('daemon start version=0.1.0') + line('a'));
    const { look } = start();
    look();
    const before = kept(LOG);
    const rest = line('written at the old place');
    put(LOG, Buffer.concat([Buffer.alloc(3_000_000), Buffer.from(rest)]));
    look();
    expect(kept(LOG)).toBe(before + rest);
    expect(kept('_collected/journal.jsonl')).toContain('"what":"hole"');
  });

  it('with lines of megabytes are kept whole', () => {
    put(LOG, line('daemon start version=0.1.0'));
    const { look } = start();
    look();
    for (let i = 0; i < 3; i++) add(LOG, `${line('ws message decoded').trimEnd()}${'1, '.repeat(1_000_000)}\n`);
    look();
    expect(kept(LOG)).toBe(readFileSync(join(box, LOG), 'utf8'));
  });

  it('that come up later are found, whatever is in them at first', () => {
    const { look } = start();
    look();
    put(LOG, '');
    look();
    add(LOG, line('daemon start version=0.1.0'));
    expect(look()).toEqual([{ what: 'new', path: LOG, kept: null }]);
    look();
    expect(kept(LOG)).toBe(readFileSync(join(box, LOG), 'utf8'));
  });
});

describe('telemetry', () => {
  const flushesKept = (): readonly string[] =>
    readdirSync(dirname(join(record, TELEMETRY)))
      .filter((name) => name !== 'hotlink_telemetry.json')
      .toSorted();

  it('keeps each flush beside the newest one, and of equal flushes the first and the last', () => {
    put(TELEMETRY, flush(1_795_353_001_000, 10));
    const { look } = start();
    look();
    expect(flushesKept()).toEqual([]);
    for (const [updated, bytes] of [
      [2, 20],
      [3, 20],
      [4, 20],
      [5, 20],
      [6, 30],
    ] as const) {
      put(TELEMETRY, flush(1_795_353_000_000 + updated * 1000, bytes));
      look();
    }
    expect(kept(TELEMETRY)).toBe(flush(1_795_353_006_000, 30));
    expect(flushesKept()).toEqual([1, 2, 5].map((s) => `hotlink_telemetry.json.${1_795_353_000_000 + s * 1000}`));
  });

  it('takes flushes for equal whatever the order of their lists', () => {
    const { look } = start();
    for (const [updated, sessions] of [
      [1, ['a', 'b']],
      [2, ['b', 'a']],
      [3, ['a', 'b']],
      [4, ['a', 'b', 'c']],
    ] as const) {
      put(TELEMETRY, flush(1_795_353_000_000 + updated * 1000, 1, sessions));
      look();
    }
    expect(flushesKept()).toEqual([1, 3].map((s) => `hotlink_telemetry.json.${1_795_353_000_000 + s * 1000}`));
  });

  it('that is seen half-written is read again, and the record keeps the whole one', () => {
    const whole = flush(1_795_353_001_000, 10);
    put(TELEMETRY, whole);
    const { look, follower } = start();
    look();
    put(TELEMETRY, flush(1_795_353_002_000, 20).slice(0, 90));
    look();
    expect(kept(TELEMETRY)).toBe(whole);
    put(TELEMETRY, flush(1_795_353_002_000, 20));
    look();
    expect(kept(TELEMETRY)).toBe(flush(1_795_353_002_000, 20));
    expect(follower.parties()[0]?.pulse?.txBytes).toBe(20);
  });

  it('that stays empty is what the sandbox holds: its writer was killed; the flush before it is kept', () => {
    put(TELEMETRY, flush(1_795_353_001_000, 10));
    const { look } = start();
    look();
    put(TELEMETRY, '');
    look();
    expect(kept(TELEMETRY)).not.toBe('');
    look(true);
    expect(kept(TELEMETRY)).toBe('');
    expect(flushesKept()).toEqual(['hotlink_telemetry.json.1795353001000']);
  });
});

describe('the record', () => {
  it('masks the token in a configuration and nothing else', () => {
    put(
      'client1@sandbox.local/.syftbox/config.json',
      '{"email":"client1@sandbox.local","client_token":"c66fe0c94c07263e39314d98227356f9"}',
    );
    put(
      'client1@sandbox.local/datasites/client1@sandbox.local/shared/flows/f/r/_mpc/1_to_2/stream.tcp',
      '{"from":"client1@sandbox.local","port":9001}',
    );
    const { look } = start();
    look();
    expect(kept('client1@sandbox.local/.syftbox/config.json')).not.toContain('c66fe0c9');
    expect(kept('client1@sandbox.local/datasites/client1@sandbox.local/shared/flows/f/r/_mpc/1_to_2/stream.tcp')).toContain('9001');
  });

  it('stops where it is full, says so, and what it holds stays a beginning', () => {
    put(LOG, line('daemon start version=0.1.0'));
    const { look, recorder } = start({ maxBytes: 4000 });
    look();
    for (let i = 0; i < 30; i++) {
      add(LOG, line('x'.repeat(300)));
      look();
    }
    expect(recorder.stopped).toBe('full');
    expect(recorder.bytes).toBeLessThanOrEqual(4000);
    expect(recorder.leftOut).toBeGreaterThan(4000);
    expect(readFileSync(join(box, LOG), 'utf8').startsWith(kept(LOG))).toBe(true);
  });

  it('that cannot be written any more ends, and the watch goes on', () => {
    put(LOG, line('daemon start version=0.1.0'));
    const { look, recorder } = start();
    look();
    rmSync(record, { recursive: true });
    writeFileSync(record, 'in the way');
    add(LOG, line('more'));
    look();
    expect(recorder.stopped).toBe('failed');
    expect(recorder.reason).not.toBe('');
    add(LOG, line('more'));
    expect(look()).toEqual([]);
  });

  it.runIf(process.getuid?.() !== 0)('names what cannot be read', () => {
    put('client1@sandbox.local/notes.log', line('secret'));
    chmodSync(join(box, 'client1@sandbox.local/notes.log'), 0);
    const { look } = start();
    expect(look()).toEqual([{ what: 'unreadable', path: 'client1@sandbox.local/notes.log', kept: null }]);
  });

  it('without logs holds telemetry only', () => {
    put(LOG, line('daemon start version=0.1.0'));
    put(TELEMETRY, flush(1_795_353_001_000, 10));
    const { look } = start({ logs: false });
    look();
    put(TELEMETRY, flush(1_795_353_002_000, 20));
    put(LOG, line('daemon start version=0.1.0'));
    expect(look()).toEqual([{ what: 'truncated', path: LOG, kept: null }]);
    expect(existsSync(join(record, LOG))).toBe(false);
    expect(existsSync(join(record, TELEMETRY))).toBe(false);
    expect(existsSync(join(record, `${TELEMETRY}.1795353001000`))).toBe(true);
  });
});

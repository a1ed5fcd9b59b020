/** The captures that a recorder would have made of a story: what its client logs say, as bytes on the wire. */
import { encodeMessage } from '../../src/protocol/message-codec.ts';
import type { Message } from '../../src/protocol/message.ts';
import { captureLine, webSocketFrame } from './wire.ts';
import type { Files } from './story-files.ts';

type Way = 'to_relay' | 'to_client';

interface Said {
  readonly ms: number;
  readonly party: string;
  readonly way: Way;
  readonly message: Message;
}

const LINE = /^time=(\S+) level=\S+ msg="(.*)"/;
const PATTERNS: readonly (readonly [RegExp, (m: RegExpExecArray, full: (sid: string) => string) => { way: Way; message: Message }])[] = [
  [
    /^hotlink session new: session=(\S+) path=(\S+)/,
    (m, full) => ({
      way: 'to_relay',
      message: { type: 'HOTLINK_OPEN', id: 'm', session: full(m[1] ?? ''), path: m[2] ?? '', from: null, to: null },
    }),
  ],
  [
    /^hotlink sending accept for tcp proxy: session=(\S+)/,
    (m, full) => ({ way: 'to_relay', message: { type: 'HOTLINK_ACCEPT', id: 'm', session: full(m[1] ?? '') } }),
  ],
  [
    /^ws message decoded type=HotlinkOpen\(HotlinkOpen \{ session_id: "([^"]+)", path: "([^"]+)"(?:, from: Some\("([^"]+)"\))?(?:, to: Some\("([^"]+)"\))?/,
    (m) => ({
      way: 'to_client',
      message: {
        type: 'HOTLINK_OPEN',
        id: 'm',
        session: m[1] ?? '',
        path: m[2] ?? '',
        ...(m[3] !== undefined && { from: m[3] }),
        ...(m[4] !== undefined && { to: m[4] }),
      },
    }),
  ],
  [
    /^ws message decoded type=HotlinkAccept\(HotlinkAccept \{ session_id: "([^"]+)"/,
    (m) => ({ way: 'to_client', message: { type: 'HOTLINK_ACCEPT', id: 'm', session: m[1] ?? '' } }),
  ],
  [
    /^ws message decoded type=HotlinkReject\(HotlinkReject \{ session_id: "([^"]+)", reason: "([^"]*)"/,
    (m) => ({ way: 'to_client', message: { type: 'HOTLINK_REJECT', id: 'm', session: m[1] ?? '', reason: m[2] ?? '' } }),
  ],
  [
    /^ws message decoded type=HotlinkData\(HotlinkData \{ session_id: "([^"]+)", seq: (\d+), path: "([^"]+)", etag: "", payload: Some\(\[([^\]]*)\]/,
    (m) => ({
      way: 'to_client',
      message: {
        type: 'HOTLINK_DATA',
        id: 'm',
        session: m[1] ?? '',
        seq: Number(m[2]),
        path: m[3] ?? '',
        payload: Buffer.alloc((m[4] ?? '') === '' ? 0 : (m[4] ?? '').split(',').length),
      },
    }),
  ],
];

export interface WireOptions {
  /** Milliseconds that the recorder's clock is ahead. */
  readonly skewMs?: number;
  /** Seconds that the capture goes on behind the last line of all logs. */
  readonly until?: number;
}

/** A capture per party, below `wire/`. Frames are sent by who opened the session, a millisecond before they are received. */
export function capturesOf(files: Files, options: WireOptions = {}): Files {
  const logs = [...files].filter(([path]) => path.endsWith('syftbox.log'));
  const ids = new Set(
    [
      ...logs
        .map(([, text]) => text)
        .join('\n')
        .matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}/g),
    ].map((m) => m[0]),
  );
  const full = (sid: string): string => [...ids].find((id) => id.startsWith(sid)) ?? sid;
  const said: Said[] = logs.flatMap(([path, text]) => linesOf(path.split('/')[0] ?? '', text, full));
  const openers = new Map(
    said.flatMap(({ party, way, message }) =>
      message.type === 'HOTLINK_OPEN' && way === 'to_relay' ? [[message.session, party] as const] : [],
    ),
  );
  const sent = said.flatMap((one): Said[] => {
    const opener = one.message.type === 'HOTLINK_DATA' ? openers.get(one.message.session) : undefined;
    return opener === undefined ? [] : [{ ...one, party: opener, way: 'to_relay', ms: one.ms - 1 }];
  });
  const stamps = [
    ...logs
      .map(([, text]) => text)
      .join('\n')
      .matchAll(/^time=(\S+)/gm),
  ].map((m) => Date.parse(m[1] ?? ''));
  const [first, last] = [Math.min(...stamps), Math.max(...stamps) + (options.until ?? 0) * 1000];
  const parties = logs.map(([path]) => path.split('/')[0] ?? '');
  return new Map(
    parties.map((party) => [
      `wire/${party.split('@')[0] ?? party}.jsonl`,
      captureText(
        party,
        [...said, ...sent].filter((s) => s.party === party).toSorted((a, b) => a.ms - b.ms),
        { first, last, skewMs: options.skewMs ?? 0 },
      ),
    ]),
  );
}

function linesOf(party: string, log: string, full: (sid: string) => string): Said[] {
  return log.split('\n').flatMap((line) => {
    const m = LINE.exec(line);
    const message = (m?.[2] ?? '').replaceAll('\\"', '"');
    for (const [pattern, read] of PATTERNS) {
      const hit = pattern.exec(message);
      if (hit !== null) return [{ ms: Date.parse(m?.[1] ?? ''), party, ...read(hit, full) }];
    }
    return [];
  });
}

const MASK = Uint8Array.from([7, 11, 13, 17]);

function captureText(party: string, said: readonly Said[], at: { first: number; last: number; skewMs: number }): string {
  const line = (ms: number, way: Way, bytes: Uint8Array | string): string => captureLine((ms + at.skewMs) / 1000, 1, way, bytes);
  const ask = `GET /api/v1/events?user=${encodeURIComponent(party)} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const ping = webSocketFrame(9, Buffer.alloc(0));
  return [
    line(at.first, 'to_relay', ask),
    line(at.first, 'to_client', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'),
    ...said.map(({ ms, way, message }) =>
      line(
        ms,
        way,
        webSocketFrame(
          2,
          encodeMessage(message, 'msgpack', way === 'to_relay' ? 'shortest' : 'wide'),
          way === 'to_relay' ? { mask: MASK } : {},
        ),
      ),
    ),
    line(at.last, 'to_client', ping),
  ].join('');
}

/** The links that frames pass: sent, relayed, decoded, written, delivered in all. */
import { name, plural, ref } from '../engine/ask.ts';
import type { Ref } from '../facts/case-file.ts';
import { tellsAll } from '../facts/ledger.ts';
import { UNBOUNDED } from '../facts/transport.ts';
import {
  absent,
  amount,
  coveredByRelay,
  entryOf,
  failed,
  firstLast,
  noLine,
  seen,
  total,
  unknowable,
  whyBlind,
  type Judged,
  type View,
} from './view.ts';

const DIRECT = 'frames may have gone peer to peer, which leaves no line';

function numbers(first: number, last: number): string {
  return first === last ? `frame ${first}` : `frames ${first} to ${last}`;
}

export function sent(v: View): Judged {
  const { stream, direction: d } = v;
  if (stream?.sent != null) {
    const { frames, maxSeq, bytes } = stream.sent;
    const which = frames === maxSeq ? numbers(1, maxSeq) : `${plural(frames, 'frame')}, the last of them number ${maxSeq},`;
    return seen(`${which} over the WebSocket, ${bytes} bytes`, firstLast(stream.sent));
  }
  const seq = stream?.sentSeq ?? 0;
  if (seq > 0) return seen(`${numbers(1, seq)}, by telemetry`, entryOf(v.sender, stream?.sid, 'out'));
  if (stream?.received != null)
    return seen(`up to frame ${stream.received.maxSeq}, shown by ${name(v.to, v.c)}`, firstLast(stream.received).slice(1));
  if (v.idle || d?.frames.sent?.max === 0) return absent(`${name(v.from, v.c)} sent no frame`, neverSent(v));
  return unknowable(d?.hidden === true ? DIRECT : whyBlind(v.sender, name(v.from, v.c), true));
}

function neverSent(v: View): Ref[] {
  return [
    ...entryOf(v.sender, v.stream?.sid, 'out'),
    ...total(v.sender, 'tx_packets', v.sender?.telemetry?.txPackets),
    ...(v.sender?.log == null ? [] : [noLine(v.sender, `a frame for ${v.to}`)]),
  ];
}

export function relayed(v: View): Judged {
  const { c, direction: d } = v;
  if (c.relay === null) return unknowable('no relay log');
  const rows = c.relayed.filter((r) => r.from === v.from && r.to === v.to);
  const refused = c.events.of('data-not-sender').filter((e) => e.user === v.from && d?.sessions.some((s) => s.sid === e.sid) === true);
  if (refused.length > 0 && (rows.length === 0 || d?.lost.max !== 0))
    return failed(
      `refused ${plural(refused.length, 'frame')}: ${name(v.from, c)} did not open the session`,
      refused.slice(0, 2).flatMap((e) => ref(e)),
    );
  const frames = rows.reduce((sum, r) => sum + r.frames, 0);
  if (rows.length > 0) return seen(`took and wrote ${plural(frames, 'frame')}`, rows.flatMap((r) => firstLast(r)).slice(0, 2));
  const none: Ref = { source: c.relay.source.path, absent: true, text: `a frame from ${v.from} to ${v.to}` };
  if (v.idle) return absent('there was nothing to take', [none]);
  if (d === undefined || d.hidden) return unknowable(DIRECT);
  if (c.relayed.length === 0) return unknowable('no line could show it: this relay log lists no frames');
  if (!coveredByRelay(v) || d.sent.min === 0) return unknowable('no line could show it: the relay log does not cover that time');
  // A frame that was written to nobody does not name its direction.
  const nobody = c.relayed.find((r) => r.from === v.from && r.to === null);
  if (nobody === undefined) return absent('the relay wrote no frame of it', [none]);
  return absent(
    `the relay took ${plural(nobody.frames, 'frame')} of ${name(v.from, c)} and wrote ${nobody.frames === 1 ? 'it' : 'them'} to nobody`,
    [{ sourceId: nobody.sourceId, line: nobody.firstLine }],
  );
}

export function decoded(v: View): Judged {
  const { receiver, direction: d } = v;
  const got = v.stream?.received ?? null;
  if (got !== null) {
    const missing = got.maxSeq - got.distinct;
    const holes = missing > 0 ? `, ${plural(missing, 'number')} missing between them` : '';
    return seen(`${numbers(got.minSeq, got.maxSeq)}, ${got.bytes} bytes${holes}`, firstLast(got));
  }
  if (receiver?.log == null || !tellsAll(receiver)) return unknowable(whyBlind(receiver, name(v.to, v.c), false));
  if (d === undefined || d.hidden) return unknowable(DIRECT);
  return absent(`${name(v.to, v.c)} decoded no frame of it`, [
    noLine(receiver, `HotlinkData of ${v.session === undefined ? v.from : `session ${v.session.sid}`}`),
  ]);
}

export function written(v: View): Judged {
  const { c, direction: d } = v;
  const got = v.stream?.received ?? null;
  const skip = v.lines(v.to, 'write-skipped').find((e) => v.session?.path == null || e.path === v.session.path);
  if (skip !== undefined && v.session !== undefined)
    return failed(`${got?.skippedSeq == null ? 'a frame' : `frame ${got.skippedSeq}`} met no writer and was dropped`, ref(skip));
  const shown = d !== undefined && d.delivered.min > 0 ? writerOf(v) : undefined;
  if (shown !== undefined) return shown;
  const lost = c.events.ofParty(v.to, 'write-failed')[0];
  if (lost !== undefined && d !== undefined && d.lost.max > 0)
    return unknowable('a write failed, and the line does not say which channel it was', ref(lost));
  if (v.idle || (d?.delivered.max === 0 && got === null)) return absent('nothing came that could be written', totals(v));
  return unknowable('no line could show it: a write that succeeds leaves none');
}

function writerOf(v: View): Judged | undefined {
  const mapped = v.lines(v.to, 'writer-mapped')[0];
  if (mapped !== undefined) return seen('the writer was there and no frame was skipped', ref(mapped));
  const counted = total(v.receiver, 'rx_bytes', v.receiver?.telemetry?.rxBytes);
  return counted.length > 0 ? seen('counted by telemetry', counted) : undefined;
}

export function delivered(v: View): Judged {
  const d = v.direction;
  if (d === undefined) return unknowable('no marker and no session connects the two');
  const proof = totals(v);
  if (v.idle) return absent('nothing was sent, nothing delivered', proof);
  const total = `${amount(d.delivered, 'bytes')} of ${amount(d.sent, 'bytes')}`;
  if (d.lost.min > 0) return failed(`${total}; ${amount(d.lost, 'bytes')} did not arrive`, proof);
  if (d.delivered.max === 0) return absent(total, proof);
  if (d.delivered.min > 0) return seen(total, proof);
  return unknowable(d.delivered.max >= UNBOUNDED ? 'neither lines nor counters bound it' : `somewhere between: ${total}`, proof);
}

/** Counters of both ends; without telemetry the sum is ours. */
function totals(v: View): Ref[] {
  const counters = [
    ...total(v.sender, 'tx_bytes', v.sender?.telemetry?.txBytes),
    ...total(v.receiver, 'rx_bytes', v.receiver?.telemetry?.rxBytes),
  ];
  return counters.length > 0 ? counters : [{ ready: { text: 'from the lines of the logs', kind: 'computed' } }];
}

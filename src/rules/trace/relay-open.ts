/** The link between the opener and its peer: what the relay did with the open. */
import { name, names, ref } from '../engine/ask.ts';
import type { LogEvent } from '../facts/events.ts';
import { noSession } from './set-up.ts';
import { absent, coveredByRelay, failed, RELAY_BLUR_US, seen, unknowable, type Judged, type View } from './view.ts';

export function relayTook(v: View): Judged {
  const { c, session } = v;
  if (session === undefined) return noSession(v);
  if (session.denied !== null) return failed('it refused the open', ref(session.denied));
  if (c.relay === null) return unknowable('no relay log');
  const opens = c.events.of('relay-received').filter((e) => e.msgType === 'HOTLINK_OPEN');
  if (opens.length === 0) return unknowable('no line could show it: this relay log lists no opens');
  if (!coveredByRelay(v)) return unknowable('no line could show it: the relay log does not cover that time');
  const took = openOf(v, opens);
  if (took === 'several') return unknowable('the relay took several opens at that time, and its line does not name the session');
  const none = { source: c.relay.source.path, absent: true as const, text: `HOTLINK_OPEN from ${v.opener}` };
  if (took === undefined) return absent('it took no open at that time', [none]);
  return wroteTo(v, took);
}

/** Its lines name no session. A connection keeps the order, so the nth open of a user is the nth that its client sent; else the only one of that time. */
function openOf(v: View, opens: readonly LogEvent[]): LogEvent | 'several' | undefined {
  const at = v.session?.opened?.t ?? 0;
  const mine = opens.filter((e) => e.user === v.opener);
  const sent = v.c.sessions
    .flatMap((s) => (s.opener === v.opener && s.opened !== null && s.opened.party === v.opener ? [s.opened] : []))
    .toSorted((a, b) => a.line - b.line);
  const near = (e: LogEvent | undefined): e is LogEvent => e?.t != null && Math.abs(e.t - at) <= RELAY_BLUR_US;
  const inOrder =
    mine.length === sent.length ? mine.toSorted((a, b) => a.line - b.line)[sent.findIndex((e) => e.sid === v.session?.sid)] : undefined;
  if (near(inOrder)) return inOrder;
  const close = mine.filter((e) => near(e));
  return close.length > 1 ? 'several' : close[0];
}

function wroteTo(v: View, took: LogEvent): Judged {
  const { c } = v;
  const userOf = new Map(c.events.of('hub-registered').map((e) => [e.conn, e.user]));
  const writes = c.events.of('relay-written').filter((e) => e.msgId !== null && e.msgId === took.msgId);
  if (c.events.of('relay-written').every((e) => e.msgType !== 'HOTLINK_OPEN'))
    return seen('no line of this log says to whom it was written', ref(took));
  const users = [...new Set(writes.map((e) => userOf.get(e.conn) ?? null).filter((u) => u !== null))].toSorted();
  const line = writes.find((e) => userOf.get(e.conn) === v.acceptor);
  if (line !== undefined) return seen(`wrote it to ${names(users, c)}`, [...ref(took), ...ref(line)]);
  if (writes.some((e) => !userOf.has(e.conn)))
    return seen('wrote it to a connection whose user no line names', [...ref(took), ...ref(writes[0])]);
  const whom = users.length === 0 ? 'to nobody' : `to ${names(users, c)} only`;
  return absent(`it took it and wrote it ${whom}, not to ${name(v.acceptor, c)}`, [
    ...ref(took),
    { source: took.source, absent: true, text: `a write of that message to a connection of ${v.acceptor}` },
  ]);
}

/** The links before the first frame: marker, listener, program, session. */
import { name, plural, proxyOf, ref, refs, stopped } from '../engine/ask.ts';
import type { Ref } from '../facts/case-file.ts';
import type { LogEvent } from '../facts/events.ts';
import { tellsAll } from '../facts/ledger.ts';
import { expectedPath, PROBLEMS } from '../facts/markers.ts';
import { absent, entryOf, failed, isOff, noLine, seen, tellsDebug, total, unknowable, whyBlind, type Judged, type View } from './view.ts';

function markersOf(v: View, party: string) {
  return v.c.pairs.find((p) => [p.a, p.b].includes(v.from) && [p.a, p.b].includes(v.to))?.markers.get(party) ?? [];
}

/** The marker by which a party, at either end, knows of this pair's channel. */
export function marker(v: View, me: string): Judged {
  const peer = me === v.from ? v.to : v.from;
  const mine = markersOf(v, me);
  const usable = mine.find((m) => m.problem === null);
  if (usable !== undefined)
    return seen(`${usable.channel}, port ${String(usable.localPort ?? usable.port)}`, [
      { source: usable.source, pointer: '/to', text: `${usable.channel} to ${usable.to ?? ''}` },
    ]);
  const broken = mine[0];
  if (broken !== undefined) {
    const proof: Ref =
      broken.problem === 'not-json'
        ? { sourceId: broken.sourceId, line: 1 }
        : broken.problem === 'empty'
          ? { source: broken.source, absent: true, text: 'the marker has no content' }
          : { source: broken.source, pointer: '', text: `marker ${broken.channel}: ${broken.problem ?? ''}` };
    return failed(`it is there, but the client cannot use it: ${PROBLEMS[broken.problem ?? ''] ?? broken.problem ?? ''}`, [proof]);
  }
  const theirs = markersOf(v, peer)[0];
  const collected = v.c.party(me)?.log != null || v.c.markers.some((m) => m.party === me);
  if (theirs !== undefined && collected)
    return absent(`${name(peer, v.c)} has one for this pair, ${name(me, v.c)} has none`, [
      { source: expectedPath(v.c, me, theirs), absent: true, text: `no stream.tcp of ${me} for ${peer}` },
    ]);
  return unknowable(theirs === undefined ? 'the input holds no marker of this pair' : `nothing of ${name(me, v.c)}'s tree was collected`);
}

/** What a client with hotlink off does not do. */
function offAt(v: View): Judged {
  return absent(`hotlink is off in the client of ${name(v.from, v.c)} (SYFTBOX_HOTLINK is not 1)`, [
    noLine(v.sender, 'hotlink enabled: …'),
  ]);
}

export function listener(v: View): Judged {
  const { sender } = v;
  if (isOff(v.c, sender)) return offAt(v);
  const connected = v.lines(v.from, 'app-connected')[0];
  const refusal = refusedBind(v);
  if (refusal !== undefined && connected === undefined) return failed('the client could not bind its port', ref(refusal));
  const proxy = proxyOf(sender, v.to);
  if (proxy !== undefined) return seen(`on port ${String(proxy.port)}`, [proxy.ref]);
  if (connected !== undefined) return seen('a program connected to it', ref(connected));
  const started = v.lines(v.from, 'proxy-marker', 'proxy-starting')[0];
  if (started !== undefined) return seen('it was started, and no line says that the bind failed', ref(started));
  const telemetry = sender?.telemetry;
  if (telemetry?.hasLive === true)
    return absent(`telemetry lists no proxy for ${name(v.to, v.c)}`, [
      { source: telemetry.source, pointer: '/live/proxies', text: `live.proxies lists no proxy for ${v.to}` },
    ]);
  if (tellsDebug(sender)) return absent('the client started no proxy for it', [noLine(sender, 'hotlink tcp proxy: starting for …')]);
  return unknowable(`${whyBlind(sender, name(v.from, v.c), true)}, and no telemetry with a list of proxies`);
}

/** A bind that failed and was not made good. A second manager of one process meets the listener of the first: that one still listens. */
function refusedBind(v: View): LogEvent | undefined {
  const port = markersOf(v, v.from).find((m) => m.problem === null)?.localPort ?? null;
  const second = v.sender?.managers[1]?.enabled?.line ?? Infinity;
  if (port === null || proxyOf(v.sender, v.to)?.connected === true || v.session?.opener === v.from) return undefined;
  return v.c.events.ofParty(v.from, 'bind-failed', 'bind-timeout').find((e) => e.addr?.endsWith(`:${port}`) === true && e.line < second);
}

export function program(v: View): Judged {
  const { sender } = v;
  if (isOff(v.c, sender)) return unknowable('a client with hotlink off takes no program, so none could connect to it');
  const connected = v.lines(v.from, 'app-connected')[0];
  if (connected !== undefined) return seen('', ref(connected));
  const proxy = proxyOf(sender, v.to);
  if (proxy?.connected === true) return seen('at the last flush of telemetry', [proxy.ref]);
  const used = firstUse(v);
  if (used.length > 0) return seen('shown by the bytes that it sent', used);
  if (tellsDebug(sender))
    return absent(`no program connected to the proxy for ${name(v.to, v.c)}`, [noLine(sender, 'hotlink tcp proxy: accepted on …')]);
  const others = v.c.parties.some((p) => p.telemetry?.proxies.some((x) => x.connected) === true);
  if (proxy !== undefined && others && stopped(v.c) && (sender?.managers.length ?? 0) <= 1)
    return absent('not connected at the last flush, while others are, and it never sent a byte here', [proxy.ref]);
  return unknowable(whyBlind(sender, name(v.from, v.c), true), proxy === undefined ? [] : [proxy.ref]);
}

/** What shows that bytes of this direction left the program. */
function firstUse(v: View): Ref[] {
  const { session, stream } = v;
  if (session?.opened?.party === v.from) return ref(session.opened);
  if (stream?.sent != null) return [{ sourceId: stream.sent.sourceId, line: stream.sent.firstLine }];
  if (stream?.received != null) return [{ sourceId: stream.received.sourceId, line: stream.received.firstLine }];
  return (stream?.sentSeq ?? 0) > 0 ? entryOf(v.sender, stream?.sid, 'out') : [];
}

export function bytes(v: View): Judged {
  if (isOff(v.c, v.sender)) return offAt(v);
  const reads = v.c.appBytes.filter((a) => a.party === v.from && v.isPairPath(a.path, v.from));
  const [first] = reads;
  if (first !== undefined) {
    const total = reads.reduce((sum, a) => sum + a.bytes, 0);
    const times = reads.reduce((sum, a) => sum + a.reads, 0);
    return seen(`${total} bytes in ${plural(times, 'read')}`, [{ sourceId: first.sourceId, line: first.firstLine }]);
  }
  const used = firstUse(v);
  if (used.length > 0) return seen('a session is opened, and a frame numbered, when bytes come', used);
  if (tellsDebug(v.sender)) return absent('the program wrote nothing to its proxy', [noLine(v.sender, 'hotlink tcp proxy: recv bytes=…')]);
  if (v.idle) return absent('the first byte would have opened a session', neverOpened(v));
  return unknowable(whyBlind(v.sender, name(v.from, v.c), true));
}

function neverOpened(v: View): Ref[] {
  return tellsAll(v.sender)
    ? [noLine(v.sender, `hotlink session new: … (for ${v.to})`)]
    : total(v.sender, 'tx_packets', v.sender?.telemetry?.txPackets);
}

export function opened(v: View): Judged {
  const { session, stream } = v;
  const more = (v.direction?.sessions.length ?? 0) - 1;
  const others = more > 0 ? `; ${plural(more, 'other session')} of this direction got no further` : '';
  if (session !== undefined) {
    const adoption = session.adoptions.find((e) => e.party === v.from) ?? session.fallbacks.find((e) => e.party === v.from);
    const by =
      stream?.adopted === true ? `, opened by ${name(v.to, v.c)}: ${name(v.from, v.c)} sends on a session that it did not open` : '';
    if (session.opened !== null)
      return seen(`session ${session.sid}${by}${others}`, [...ref(session.opened), ...(by === '' ? [] : ref(adoption))]);
    const entry = entryOf(v.c.party(v.opener), session.sid, 'out');
    if (entry.length > 0) return seen(`session ${session.sid}${by}${others}`, entry);
    if (stream?.received != null)
      return seen(`session ${session.sid}, shown by its frames`, [{ sourceId: stream.received.sourceId, line: stream.received.firstLine }]);
    return unknowable(whyBlind(v.c.party(v.opener), name(v.opener, v.c), false));
  }
  if (v.idle) return absent(`${name(v.from, v.c)} opened no session towards ${name(v.to, v.c)}`, neverOpened(v));
  return unknowable(whyBlind(v.sender, name(v.from, v.c), false));
}

export function openArrived(v: View): Judged {
  const { session } = v;
  const acceptor = v.c.party(v.acceptor);
  if (session === undefined) return noSession(v);
  const line = session.seenBy.find((e) => e.party === v.acceptor) ?? session.accepting.find((e) => e.party === v.acceptor);
  if (line !== undefined) return seen(`at ${name(v.acceptor, v.c)}`, ref(line));
  const entry = entryOf(acceptor, session.sid, 'in');
  if (entry.length > 0) return seen(`at ${name(v.acceptor, v.c)}`, entry);
  if (session.denied !== null) return failed('the relay denied the open', ref(session.denied));
  if (tellsAll(acceptor))
    return absent(`${name(v.acceptor, v.c)} never saw it`, [noLine(acceptor, `HotlinkOpen of session ${session.sid}`)]);
  return unknowable(whyBlind(acceptor, name(v.acceptor, v.c), false));
}

export function accepted(v: View): Judged {
  const { session } = v;
  const acceptor = v.c.party(v.acceptor);
  if (session === undefined) return noSession(v);
  const line = session.accepting.find((e) => e.party === v.acceptor);
  if (line !== undefined) return seen(`by ${name(v.acceptor, v.c)}`, ref(line));
  if (session.rejects[0] !== undefined) return failed('it was rejected', ref(session.rejects[0]));
  if (session.denied !== null) return failed('the relay denied the open', ref(session.denied));
  if (tellsAll(acceptor))
    return absent(`${name(v.acceptor, v.c)} sent no accept`, [noLine(acceptor, `hotlink sending accept …: session=${session.sid}`)]);
  return unknowable(whyBlind(acceptor, name(v.acceptor, v.c), false));
}

export function acceptArrived(v: View): Judged {
  const { session } = v;
  const opener = v.c.party(v.opener);
  if (session === undefined) return noSession(v);
  const late = session.timeout === null ? '' : `, after ${name(v.opener, v.c)} had stopped waiting for it`;
  if (session.accepted !== null) return seen(`at ${name(v.opener, v.c)}${late}`, refs(session.accepted, session.timeout));
  if (session.rejects[0] !== undefined) return failed('a reject came instead', ref(session.rejects[0]));
  if (session.timeout !== null) return failed(`${name(v.opener, v.c)} waited for it in vain`, ref(session.timeout));
  const entry = entryOf(opener, session.sid, 'out');
  if (entry.length > 0 && session.telemetryStatus === 'accepted') return seen('by telemetry', entry);
  if (tellsAll(opener))
    return absent(`${name(v.opener, v.c)} got none`, [noLine(opener, `hotlink session accepted: session=${session.sid}`)]);
  return unknowable(whyBlind(opener, name(v.opener, v.c), false));
}

export function noSession(v: View): Judged {
  if (v.idle) return absent('no session was opened', []);
  return unknowable(whyBlind(v.sender, name(v.from, v.c), false));
}

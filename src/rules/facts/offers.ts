/**
 * How peer to peer came up, or did not. Offers that outran their accept inside the relay (field guide F-29). Its log says so; without it the two ends do: the acceptor sent an
 * offer and got no answer, and candidates that it sent later reached the opener, which never saw the offer itself.
 */
import type { CaseFile, SessionFact } from './case-file.ts';
import type { LogEvent } from './events.ts';

export interface LostOffer {
  readonly session: SessionFact;
  readonly lines: readonly LogEvent[];
  /** The relay's own lines, or what remains at both ends. */
  readonly by: 'relay' | 'ends';
}

export function lostOffer(c: CaseFile, s: SessionFact): LostOffer | undefined {
  const refused = refusedSignals(c, s);
  if (refused.length > 0) return { session: s, lines: refused, by: 'relay' };
  const ends = c.relay === null ? seenFromEnds(c, s) : [];
  return ends.length > 0 ? { session: s, lines: ends, by: 'ends' } : undefined;
}

/** Refused signals of this session from parties that had accepted it and were not turned away. */
function refusedSignals(c: CaseFile, s: SessionFact): readonly LogEvent[] {
  return c.events
    .session(s.sid, 'signal-not-participant')
    .filter((e) => e.user !== null && e.user !== s.opener && !s.rejects.some((r) => r.party === e.user && isTurnedAway(r)));
}

function isTurnedAway(reject: LogEvent): boolean {
  return (reject.reason ?? '').includes('already accepted');
}

function seenFromEnds(c: CaseFile, s: SessionFact): readonly LogEvent[] {
  const opener = s.opener === null ? undefined : c.party(s.opener);
  const offer = c.events.session(s.sid, 'webrtc-offer-sent').find((e) => e.party !== s.opener);
  if (opener?.logComplete !== true || offer === undefined || s.rejects.some((r) => isTurnedAway(r))) return [];
  const signals = c.events.session(s.sid, 'decoded-signal').filter((e) => e.party === opener.email);
  const candidate = signals.find((e) => e.reason === 'ice_candidate');
  const cameThrough =
    signals.some((e) => e.reason === 'sdp_offer') ||
    c.events.session(s.sid, 'webrtc-offer-received', 'webrtc-answer-sent', 'webrtc-answer-received', 'webrtc-open').length > 0;
  return candidate === undefined || cameThrough ? [] : [offer, candidate];
}

/** The line by which this party's data channel opened before a line of the same session; a line without session id stands for its only one. */
export function channelBefore(c: CaseFile, party: string, e: LogEvent): LogEvent | undefined {
  const own = c.sessions.filter((s) => s.opener === party);
  const session = e.sid === null && own.length === 1 ? own[0] : own.find((s) => s.sid === e.sid);
  return session?.p2pOpen.find((x) => x.party === party && x.line < e.line);
}

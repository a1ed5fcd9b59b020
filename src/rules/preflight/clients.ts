/** Clients: switched on, of versions that meet, and with a way to send in the mode that they run in. */
import { counter, name, ref } from '../engine/ask.ts';
import type { CaseFile, PartyFact } from '../facts/case-file.ts';
import { classifySkips, mapsKey, swapped, type Skip } from '../facts/skips.ts';
import { directionsOf, eraFor, markerRef, outboundOf, sidesOf, type PreflightResult, type Side } from './channels.ts';

/** A client announces hotlink within a second of its connection. */
const SETTLED_US = 10_000_000;

export function judgeClients(c: CaseFile): PreflightResult[] {
  const skips = classifySkips(c);
  return [...c.parties.flatMap((p) => [...judgeOff(c, p), ...judgeStrict(c, p)]), ...sidesOf(c).flatMap((s) => judgeVersions(c, s, skips))];
}

function judgeOff(c: CaseFile, p: PartyFact): PreflightResult[] {
  const start = c.events.ofParty(p.email, 'daemon-start')[0] ?? null;
  if (start === null || p.hotlinkOn || p.log === null || p.log.dialect.startsWith('go-')) return [];
  const settled = p.logStart !== null && p.logEnd !== null && p.logEnd - p.logStart > SETTLED_US;
  return [
    {
      outlook: settled ? 'will-fail' : 'may-fail',
      check: 'hotlink-off',
      party: p.email,
      directions: directionsOf(c, p.email),
      message: `${name(p.email, c)}'s client runs without hotlink: it listens for no program, answers no open and writes no telemetry${settled ? '' : ' (its log is short: it may only not have begun)'}`,
      evidence: [...ref(start), { source: p.log.path, absent: true, text: 'no "hotlink enabled" line in this log' }],
      remedy: `Set SYFTBOX_HOTLINK=1 in ${p.email}'s environment and restart its client.`,
    },
  ];
}

/** The acceptor offers, so a direction needs a peer connection at both of its ends. */
function judgeStrict(c: CaseFile, p: PartyFact): PreflightResult[] {
  const t = p.telemetry;
  const strict = t?.strict === true || /strict|only/.test(t?.mode ?? '');
  const refused = c.events.of('webrtc-setup-failed').filter((e) => (e.reason ?? '').includes('credentials required'));
  const directions = directionsOf(c, p.email).filter(
    (d) => d.from === p.email && refused.some((e) => e.party === d.from || e.party === d.to),
  );
  const proof = refused.find((e) => directions.some((d) => e.party === d.from || e.party === d.to));
  if (!strict || proof === undefined) return [];
  return [
    {
      outlook: 'will-fail',
      check: 'strict-without-turn',
      party: p.email,
      directions,
      message: `${name(p.email, c)} may send peer to peer only, and ${name(proof.party, c)} can build no peer connection: the TURN server has no credentials`,
      evidence: [...counter(p, 'mode', t?.mode ?? null), ...ref(proof)],
      remedy:
        'Give the relay SYFTBOX_HOTLINK_TURN_USER and SYFTBOX_HOTLINK_TURN_PASS, or each client its own SYFTBOX_HOTLINK_ICE_SERVERS, or leave the strict mode.',
    },
  ];
}

/** Whether the receiver registers its program under the path on which the sender's version sends (field guide 8.4). */
function judgeVersions(c: CaseFile, { me, peer, marker }: Side, skips: readonly Skip[]): PreflightResult[] {
  const theirs = sidesOf(c).find((s) => s.me === peer && s.peer === me)?.marker;
  const [era, own] = [eraFor(c, peer), eraFor(c, me)];
  const out = theirs === undefined || era === null ? undefined : outboundOf(era, theirs);
  if (marker === undefined || out === undefined || own === null) return [];
  const mapped = mapsKey(`${out.owner}/${out.channel}`, marker, me, own);
  // One frame that met no such key shows the build, for every larger email.
  const lost = skips.find((s) => s.party === me && s.reason === 'peer-key');
  const unknown = mapped === 'unless-swapped';
  if (mapped === true || mapped === undefined || (unknown && lost === undefined && swapped(c, me, null))) return [];
  const versions = versionWords(own, `${name(peer, c)} ${String(era)}`, own === era, unknown, lost !== undefined);
  return [
    {
      outlook: unknown && lost === undefined ? 'may-fail' : 'will-fail',
      check: 'versions-do-not-meet',
      party: me,
      directions: [{ from: peer, to: me }],
      message: `${name(me, c)} runs ${versions}: it does not register its program under ${name(out.owner, c)}'s ${out.channel}, on which ${name(peer, c)} sends`,
      evidence: [...(c.party(me)?.era.proof ?? []), ...ref(lost?.event), ...(c.party(peer)?.era.proof ?? []), markerRef(marker)],
      remedy: 'Run the same version, E5b or later, at every party.',
    },
  ];
}

function versionWords(own: string, theirs: string, same: boolean, unknown: boolean, shown: boolean): string {
  if (!same) return `${own}, and ${theirs}`;
  return !unknown ? own : `${own}, which ${shown ? 'its log shows to be' : 'may be'} E5a`;
}

/**
 * What looks like the leading cause and is not it. Each look-alike is tested against this run's own lines; it is said only when
 * a line or figure refutes it, never because a rule happened to find nothing.
 */
import { UNBOUNDED } from '../facts/transport.ts';
import type { Telemetry } from '../facts/load-files.ts';
import type { CaseFile, DirectionFact, Ref, SessionFact } from '../facts/case-file.ts';
import { counter, name, plural, proxyOf, refs } from './ask.ts';
import type { Found } from './fold.ts';
import { largest } from '../../util/extent.ts';

export interface ExclusionDraft {
  readonly rule: string;
  readonly why: string;
  readonly evidence: readonly Ref[];
}

export function refuteLookAlikes(c: CaseFile, top: Found | undefined, found: ReadonlySet<string>): readonly ExclusionDraft[] {
  if (top === undefined || (top.draft.severity !== 'error' && !c.stillness.standing)) return [];
  const involved = directionsOf(c, top);
  const sessions = c.sessions.filter((s) => involved.some((d) => d.streams.some((x) => x.sid === s.sid)));
  const drafts = [
    selfRoute(c, sessions, top),
    fanOut(c, involved),
    amplification(c),
    writerPoisoning(c, involved),
    senderSaidNothing(c, involved),
    deniedPath(c, sessions),
    relayRestart(c),
    deadClient(c),
    cutConnection(c),
  ];
  return drafts.filter((d) => d !== undefined).filter((d) => !found.has(d.rule) && d.evidence.length > 0 && d.rule !== top.rule.meta.id);
}

function directionsOf(c: CaseFile, top: Found): readonly DirectionFact[] {
  const { from, to, party } = top.draft.subject;
  if (from !== undefined && to !== undefined) return c.directions.filter((d) => d.from === from && d.to === to);
  const touched = top.draft.touches;
  return c.directions.filter((d) => d.from === party && (touched === undefined || touched === '*' || touched.includes(d.to)));
}

/** Opened by one party and accepted by another: it did not come back to its opener. */
function selfRoute(c: CaseFile, sessions: readonly SessionFact[], top: Found): ExclusionDraft | undefined {
  const used =
    sessions.find(
      (s) =>
        s.opener !== null &&
        s.accepting.some((e) => e.party !== s.opener) &&
        (top.draft.subject.from === undefined || s.streams.length > 0),
    ) ?? c.sessions.find((s) => s.opener !== null && s.accepting.some((e) => e.party !== s.opener));
  if (used?.opener == null) return undefined;
  const accept = used.accepting.find((e) => e.party !== used.opener) ?? null;
  return {
    rule: 'self-route',
    why: `session ${used.sid} was opened by ${name(used.opener, c)} and accepted by ${name(accept?.party ?? null, c)}, not by its opener`,
    evidence: refs(used.opened, accept),
  };
}

function fanOut(c: CaseFile, directions: readonly DirectionFact[]): ExclusionDraft | undefined {
  const most = Math.max(0, largest(c.relayed.map((r) => Math.max(r.copies, r.receivers))));
  if (c.relay === null || c.relayed.length === 0 || most > 1) return undefined;
  const line = c.relayed.find((r) => directions.some((d) => d.from === r.from)) ?? c.relayed[0];
  const frames = c.relayed.reduce((sum, r) => sum + r.frames, 0);
  return {
    rule: 'duplicate-delivery',
    why: `no fan-out: of ${plural(frames, 'data frame')} that the relay took, none was written to more than one connection`,
    evidence: line === undefined ? [] : [{ sourceId: line.sourceId, line: line.firstLine }],
  };
}

/** Totals as such, not ranges. */
function isExact(t: Telemetry | null): boolean {
  return t?.txBytes != null && t.rxBytes != null && t.txBytesMax === null && t.rxBytesMax === null;
}

/** More sent than received, over all parties: nothing was multiplied. */
function amplification(c: CaseFile): ExclusionDraft | undefined {
  const known = c.parties.filter((p) => isExact(p.telemetry) && p.managers.length <= 1);
  if (known.length < 2 || known.length !== c.parties.length) return undefined;
  const sent = known.reduce((sum, p) => sum + (p.telemetry?.txBytes ?? 0), 0);
  const received = known.reduce((sum, p) => sum + (p.telemetry?.rxBytes ?? 0), 0);
  if (received > sent || sent === 0) return undefined;
  return {
    rule: 'duplicate-delivery',
    why: `no amplification: all parties together sent ${sent} bytes and received ${received} bytes`,
    evidence: known.flatMap((p) => [
      ...counter(p, 'tx_bytes', p.telemetry?.txBytes ?? null),
      ...counter(p, 'rx_bytes', p.telemetry?.rxBytes ?? null),
    ]),
  };
}

/** The receivers' writers were there: no frame met none, and the proxies are connected. */
function writerPoisoning(c: CaseFile, directions: readonly DirectionFact[]): ExclusionDraft | undefined {
  const d = directions.find((x) => proxyOf(c.party(x.to), x.from)?.connected === true);
  if (d === undefined || c.events.of('write-skipped', 'writer-waiting').some((e) => e.party === d.to)) return undefined;
  const mapped = c.events.ofParty(d.to, 'writer-mapped')[0] ?? null;
  const proxy = proxyOf(c.party(d.to), d.from);
  return {
    rule: 'lost-writer',
    why: `${name(d.to, c)}'s program is connected and no frame was skipped for want of a writer`,
    evidence: [...(proxy === undefined ? [] : [proxy.ref]), ...refs(mapped)],
  };
}

function senderSaidNothing(c: CaseFile, directions: readonly DirectionFact[]): ExclusionDraft | undefined {
  const d = directions.find((x) => x.sent.min > 0 || x.streams.some((s) => s.sent !== null || (s.sentSeq ?? 0) > 0));
  const sender = d === undefined ? undefined : c.party(d.from);
  if (d === undefined || sender === undefined) return undefined;
  const line = d.streams.map((s) => s.sent).find((s) => s !== null);
  const bytes = sender.sent.bytes;
  const evidence: Ref[] = [
    ...(line == null ? [] : [{ sourceId: line.sourceId, line: line.firstLine }]),
    ...counter(sender, 'tx_bytes', sender.telemetry?.txBytes ?? null),
  ];
  return {
    rule: 'silent-application',
    why: `${name(d.from, c)} did send${bytes.min > 0 && bytes.max < UNBOUNDED ? `: ${bytes.min === bytes.max ? '' : 'at least '}${bytes.min} bytes left its program` : ''}`,
    evidence,
  };
}

function deniedPath(c: CaseFile, sessions: readonly SessionFact[]): ExclusionDraft | undefined {
  const accepted = sessions.find((s) => s.accepted !== null);
  if (c.relay === null || accepted === undefined || c.events.of('open-denied', 'open-target-denied').length > 0) return undefined;
  return {
    rule: 'rejected-session',
    why: `session ${accepted.sid} was accepted, and the relay denied no open`,
    evidence: refs(accepted.accepted),
  };
}

function relayRestart(c: CaseFile): ExclusionDraft | undefined {
  const starts = c.events.of('relay-start');
  const first = starts[0];
  if (first === undefined || starts.length > 1 || c.events.of('ws-disconnected').length > 0) return undefined;
  return {
    rule: 'relay-restart',
    why: 'the relay started once, before the clients, and no client lost its connection',
    evidence: [{ event: first }],
  };
}

function deadClient(c: CaseFile): ExclusionDraft | undefined {
  const last = c.parties.map((p) => p.managers.at(-1)?.last ?? null);
  if (last.length < 2 || last.some((f) => f === null) || c.stillness.end === null) return undefined;
  const ends = last.filter((f) => f !== null);
  const end = c.stillness.end;
  if (ends.some((f) => end - f.t > 6_000_000)) return undefined;
  return {
    rule: 'dead-client',
    why: 'every client wrote its summary line up to the end',
    evidence: ends.map((f) => ({ sourceId: f.sourceId, line: f.line })),
  };
}

function cutConnection(c: CaseFile): ExclusionDraft | undefined {
  const enabled = c.parties.map((p) => p.managers[0]?.enabled ?? null);
  if (enabled.some((e) => e === null) || c.parties.some((p) => p.managers.length !== 1)) return undefined;
  return { rule: 'split-client', why: 'each client started hotlink once and never reconnected', evidence: refs(...enabled) };
}

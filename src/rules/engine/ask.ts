/** Questions that several rules ask of a case file. */
import type { Severity } from '../../model/diagnosis.ts';
import type { CaseFile, DirectionFact, PartyFact, Ref } from '../facts/case-file.ts';
import { citeCounter } from '../facts/counters.ts';
import type { LogEvent } from '../facts/events.ts';
import { QUIET_LIMIT_US } from '../facts/stillness.ts';
import { largest, smallest } from '../../util/extent.ts';

/** Error only for what lost bytes or stopped the run: on a run that finished, or that still moves, it is less (design §7). */
export function harm(c: CaseFile, lost: boolean): Severity {
  if (c.finished === true) return 'info';
  if (lost || stopped(c)) return 'error';
  return 'warning';
}

/** The run stands still, or never began although a program waits, and nothing says that it was done. */
export function stopped(c: CaseFile): boolean {
  return c.finished !== true && (c.stillness.standing || c.toldStill || neverBegan(c));
}

/** A program is connected, all clients have been up for the time that counts as standing still, and nothing ever moved. */
function neverBegan(c: CaseFile): boolean {
  const { lastMoved, end } = c.stillness;
  const up = c.parties.flatMap((p) => p.managers.slice(0, 1).map((m) => m.enabled?.t ?? m.first?.t ?? null)).filter((t) => t !== null);
  if (lastMoved !== null || end === null || up.length === 0) return false;
  return end - largest(up) >= QUIET_LIMIT_US && c.parties.some((p) => p.telemetry?.proxies.some((x) => x.connected) === true);
}

export function ref(event: LogEvent | null | undefined): Ref[] {
  return event == null ? [] : [{ event }];
}

export function refs(...events: (LogEvent | null | undefined)[]): Ref[] {
  return events.flatMap((e) => ref(e));
}

export function names(emails: readonly string[], c: CaseFile): string {
  const roles = emails.map((e) => c.party(e)?.role ?? e);
  return roles.length <= 1 ? (roles[0] ?? 'nobody') : `${roles.slice(0, -1).join(', ')} and ${roles.at(-1) ?? ''}`;
}

export function name(email: string | null, c: CaseFile): string {
  return email === null ? 'an unknown party' : (c.party(email)?.role ?? email);
}

export function subjectOf(from: string, targets: readonly string[]): { party: string } | { from: string; to: string } {
  const to = targets[0];
  return targets.length === 1 && to !== undefined ? { from, to } : { party: from };
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** Where a counter of a party stands. */
export function counter(p: PartyFact | undefined, field: string, value: number | string | boolean | null): Ref[] {
  return p?.telemetry == null ? [] : [citeCounter(p.telemetry, field, `${field}: ${String(value)}`)];
}

export function proxyOf(
  p: PartyFact | undefined,
  peer: string,
): { readonly connected: boolean; readonly ref: Ref; readonly port: number | null } | undefined {
  const t = p?.telemetry;
  if (t == null || p === undefined) return undefined;
  const hit = t.proxies.find((x) => (x.from === p.email && x.to === peer) || (x.from === peer && x.to === p.email));
  return hit === undefined
    ? undefined
    : {
        connected: hit.connected,
        port: hit.port,
        ref: { source: t.source, pointer: hit.pointer, text: `port ${String(hit.port)} connected: ${String(hit.connected)}` },
      };
}

/** Whether a party has any marker in its tree for the judged run. */
export function hasOwnEvidence(p: PartyFact): boolean {
  return p.log !== null || p.telemetry !== null;
}

export function firstTime(events: readonly LogEvent[]): { at?: number } {
  const t = events.map((e) => e.t).filter((x) => x !== null);
  return t.length === 0 ? {} : { at: smallest(t) };
}

/** All that was sent arrived: no byte can be missing, or (when bytes are only known in round figures) no frame. */
export function isWhole(d: DirectionFact): boolean {
  if (d.lost.max === 0) return true;
  const { sent, delivered } = d.frames;
  return d.lost.min === 0 && sent !== null && delivered !== null && sent.max === delivered.min;
}

/** Signs that a party's client was connected before `since`: the relay registered it, or a session of the time was its own or got its accept. */
export function wasThere(c: CaseFile, p: PartyFact, since: number): boolean {
  const before = since - 1_500_000;
  if (c.events.of('hub-registered').some((e) => e.user === p.email && e.t !== null && e.t < before)) return true;
  return c.sessions.some(
    (s) =>
      s.opened?.t != null &&
      s.opened.t < before &&
      (s.opener === p.email || (s.peer === p.email && s.accepted?.t != null && s.accepted.t < since)),
  );
}

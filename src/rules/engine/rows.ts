/** What a row of a rule's steps is called, and the line or field that shows it, whatever its kind. */
import type { CaseFile, Ref } from '../facts/case-file.ts';
import type { LogEvent } from '../facts/events.ts';
import { name } from './ask.ts';

export interface NamedRow {
  readonly what: string;
  readonly refs: readonly Ref[];
}

type Fields = Readonly<Record<string, unknown>>;

/** How deep a row that a rule put together is looked into. */
const DEPTH = 3;

export function nameRow(c: CaseFile, row: unknown, depth = DEPTH): NamedRow {
  if (row === c) return { what: 'the run', refs: c.stillness.lastMovedRef === null ? [] : [c.stillness.lastMovedRef] };
  if (typeof row === 'string') return { what: c.party(row) === undefined ? '' : name(row, c), refs: [] };
  if (typeof row !== 'object' || row === null) return { what: '', refs: [] };
  const fields = row as Fields;
  return knownRow(c, fields) ?? (depth === 0 ? { what: '', refs: [] } : composedRow(c, fields, depth));
}

/** Rows that come from the case file as they are. */
function knownRow(c: CaseFile, f: Fields): NamedRow | undefined {
  if (isEvent(f)) return { what: f.party === null ? 'relay' : name(f.party, c), refs: [{ event: f }] };
  if (textOf(f, 'sid') !== null) return { what: `session ${textOf(f, 'sid') ?? ''}`, refs: sessionRefs(c, f) };
  const email = textOf(f, 'email');
  if (email !== null && c.party(email) !== undefined && Array.isArray(f['managers'])) return partyRow(c, email);
  const [from, to] = [textOf(f, 'from') ?? textOf(f, 'me'), textOf(f, 'to') ?? textOf(f, 'peer')];
  if (from !== null && to !== null) return { what: `${name(from, c)} → ${name(to, c)}`, refs: placeOf(f) ?? directionRefs(c, from, to) };
  const place = placeOf(f);
  const party = textOf(f, 'party') ?? email;
  if (place !== undefined) return { what: party === null ? '' : name(party, c), refs: place };
  const path = textOf(f, 'path');
  if (path !== null && textOf(f, 'dialect') !== null)
    return { what: path, refs: [{ ready: { source: path, text: `a file of kind ${textOf(f, 'kind') ?? ''}` } }] };
  return undefined;
}

/** Rows that a rule put together: the name of the first part that has one, the place of the last. */
function composedRow(c: CaseFile, f: Fields, depth: number): NamedRow {
  const parts = Object.values(f).map((part) => nameRow(c, Array.isArray(part) ? part[0] : part, depth - 1));
  return { what: parts.find((p) => p.what !== '')?.what ?? '', refs: parts.findLast((p) => p.refs.length > 0)?.refs ?? [] };
}

function isEvent(f: Fields): f is LogEvent & Fields {
  return typeof f['kind'] === 'string' && typeof f['line'] === 'number' && typeof f['sourceId'] === 'number' && 'ownT' in f;
}

function textOf(f: Fields, key: string): string | null {
  const value = f[key];
  return typeof value === 'string' ? value : null;
}

/** A line or a pointer that the row itself carries. */
function placeOf(f: Fields): Ref[] | undefined {
  const { sourceId, source, pointer } = f;
  const line = f['line'] ?? f['firstLine'];
  if (typeof sourceId === 'number' && typeof line === 'number') return [{ sourceId, line }];
  if (typeof source === 'string' && typeof pointer === 'string') return [{ source, pointer, text: '' }];
  const event: unknown = f['event'];
  if (typeof event === 'object' && event !== null && isEvent(event as Fields)) return [{ event: event as LogEvent }];
  return undefined;
}

function sessionRefs(c: CaseFile, f: Fields): readonly Ref[] {
  const own = placeOf(f);
  if (own !== undefined) return own;
  const session = c.sessions.find((s) => s.sid === f['sid']);
  const line =
    session?.opened ?? session?.seenBy[0] ?? session?.accepting[0] ?? session?.accepted ?? session?.rejects[0] ?? session?.denied;
  if (line != null) return [{ event: line }];
  const frames = session?.streams.map((s) => s.received ?? s.sent).find((x) => x !== null);
  if (frames != null) return [{ sourceId: frames.sourceId, line: frames.firstLine }];
  for (const t of c.telemetry) {
    const entry = t.sessions.find((s) => s.sid === f['sid']);
    if (entry !== undefined) return [{ source: t.source, pointer: entry.pointer, text: `sid ${entry.sid}` }];
  }
  return [];
}

function directionRefs(c: CaseFile, from: string, to: string): readonly Ref[] {
  const session = c.direction(from, to)?.sessions[0];
  if (session !== undefined) return sessionRefs(c, { sid: session.sid });
  const marker = c.pairs.find((p) => [p.a, p.b].includes(from) && [p.a, p.b].includes(to))?.markers.get(from)?.[0];
  return marker === undefined ? [] : [{ source: marker.source, pointer: '', text: `marker ${marker.channel}` }];
}

/** The line by which its hotlink came up, else its counters, else nothing. */
function partyRow(c: CaseFile, email: string): NamedRow {
  const p = c.party(email);
  const on = p?.managers[0]?.enabled ?? c.events.ofParty(email, 'daemon-start')[0];
  const t = p?.telemetry;
  const refs: Ref[] =
    on != null
      ? [{ event: on }]
      : t == null
        ? []
        : [{ source: t.source, pointer: '/tx_packets', text: `tx_packets: ${String(t.txPackets)}` }];
  return { what: name(email, c), refs };
}

/**
 * Two daemons with one identity: the relay sends opens and frames to both, both accept, and the one without markers drops its
 * copies. Over the WebSocket that only doubles the traffic; peer to peer, the opener may connect to the wrong one.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, name, refs, stopped } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

/** A new connection that the old one outlives by less than this is a reconnect. */
const RECONNECT_US = 5_000_000;

export const duplicateDaemon = defineRule({
  meta: {
    id: 'duplicate-daemon',
    title: 'Two daemons run with one identity',
    severity: 'error',
    failures: ['F-19'],
    needs: ['relay-log'],
    proves: 'The relay had two connections of one user at the same time.',
    notEvidence: {
      reconnect: 'A new connection after the old one was removed.',
      restart: 'A client that was restarted: its old connection is removed.',
      'two-acceptors': 'Two different users that accept one session.',
    },
    blindTo: 'Where the second daemon runs.',
    remedy: 'Stop the second daemon of this identity (another machine, another home directory, an embedded client in a desktop app).',
    explains: ['duplicate-delivery', 'asymmetric-growth', 'stalled-counters', 'silent-application'],
    slowsOnly: true,
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('of which the relay registered a connection', ({ email }) => connectionsOf(c, email))
      .to('while it had another of the same user', ({ email, lines }) => nonEmpty(email, meetings(lines)))
      // A reconnect shows the old connection's removal within a second or two.
      .to('which it did not remove in the next 5 s', ({ email, met }) =>
        nonEmpty(
          email,
          met.filter((m) => m.besideUs >= RECONNECT_US),
        ),
      )
      .rows.flatMap(({ email, met }) => met.slice(0, 1).map((m) => draftFor(c, email, m))),
});

interface Meeting {
  readonly came: LogEvent;
  readonly other: LogEvent;
  /** How long both were there. */
  readonly besideUs: number;
}

function nonEmpty(email: string, met: readonly Meeting[]): { readonly email: string; readonly met: readonly Meeting[] } | undefined {
  return met.length === 0 ? undefined : { email, met };
}

/** What the relay says of a user's connections; a relay that starts anew knows no connection of before. */
function connectionsOf(c: CaseFile, email: string): { readonly email: string; readonly lines: readonly LogEvent[] } | undefined {
  const lines = c.events
    .of('hub-registered', 'hub-removed', 'relay-start')
    .filter((e) => e.user === email || e.kind === 'relay-start')
    .toSorted((a, b) => a.id - b.id);
  return lines.some((e) => e.kind === 'hub-registered') ? { email, lines } : undefined;
}

function meetings(lines: readonly LogEvent[]): readonly Meeting[] {
  const met: Meeting[] = [];
  const alive = new Map<string, LogEvent>();
  for (const e of lines) {
    if (e.kind === 'relay-start') alive.clear();
    if (e.conn === null) continue;
    if (e.kind === 'hub-removed') {
      alive.delete(e.conn);
      continue;
    }
    const other = [...alive.values()][0];
    alive.set(e.conn, e);
    if (other === undefined) continue;
    const removed = lines.find((x) => x.kind === 'hub-removed' && x.conn === other.conn && x.id > e.id);
    met.push({ came: e, other, besideUs: removed?.t == null || e.t === null ? Infinity : removed.t - e.t });
  }
  return met;
}

function draftFor(c: CaseFile, email: string, { came, other }: Meeting): Draft {
  const twice = c.events
    .of('accept-received')
    .find((x) => c.events.session(x.sid ?? '', 'accept-received').filter((y) => y.party === x.party).length > 1);
  return {
    subject: { party: email },
    severity: stopped(c) && c.directions.some((d) => (d.to === email || d.from === email) && d.lost.min > 0) ? 'error' : 'warning',
    confidence: 'certain',
    message: `the relay had two connections of ${name(email, c)} at the same time: a second daemon of this identity takes part`,
    evidence: refs(other, came, twice),
    ...firstTime([came]),
    touches: '*',
  };
}

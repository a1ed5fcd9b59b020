/**
 * Two daemons with one identity: the relay sends opens and frames to both, both accept, and the one without markers drops its
 * copies. Over the WebSocket that only doubles the traffic; peer to peer, the opener may connect to the wrong one.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, name, refs, stopped } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

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
  judge(c) {
    return c.parties.flatMap((p) => overlap(c, p.email));
  },
});

function overlap(c: CaseFile, email: string): Draft[] {
  // A relay that starts anew knows no connection of before.
  const lines = c.events
    .of('hub-registered', 'hub-removed', 'relay-start')
    .filter((e) => e.user === email || e.kind === 'relay-start')
    .toSorted((a, b) => a.id - b.id);
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
    // A reconnect shows the old connection's removal within a second or two.
    const removed = lines.find((x) => x.kind === 'hub-removed' && x.conn === other.conn && x.id > e.id);
    if (removed?.t != null && e.t !== null && removed.t - e.t < 5_000_000) continue;
    const twice = c.events
      .of('accept-received')
      .find((x) => c.events.session(x.sid ?? '', 'accept-received').filter((y) => y.party === x.party).length > 1);
    return [
      {
        subject: { party: email },
        severity: stopped(c) && c.directions.some((d) => (d.to === email || d.from === email) && d.lost.min > 0) ? 'error' : 'warning',
        confidence: 'certain',
        message: `the relay had two connections of ${name(email, c)} at the same time: a second daemon of this identity takes part`,
        evidence: refs(other, e, twice),
        ...firstTime([e]),
        touches: '*',
      },
    ];
  }
  return [];
}

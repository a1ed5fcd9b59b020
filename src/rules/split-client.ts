/**
 * Every WebSocket connect builds a new hotlink manager; the old one keeps its ports, its program connections and a dead
 * send queue (field guide §8.8). After one lost connection the client is two halves: one that has the program and no
 * connection, one that has the connection and no program.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { WITHOUT_CONNECTION } from './engine/follows.ts';
import { firstTime, harm, name, plural, ref } from './engine/ask.ts';
import type { CaseFile, PartyFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

export const splitClient = defineRule({
  meta: {
    id: 'split-client',
    title: 'A client lost its connection and came back as two halves',
    severity: 'error',
    failures: ['F-18'],
    needs: ['client-log'],
    proves: 'This process runs two or more hotlink managers; the programs are connected to one that can send no more.',
    notEvidence: {
      'process-restart': 'A new process: its log begins with a daemon start.',
      'relay-restarted': 'All clients at once with refused connections: the relay went away.',
      'second-start-lines': 'The two zero lines at the start of one manager.',
    },
    blindTo: 'What cut the connection: neither side logs a reason.',
    remedy: 'Restart this client process and its program; keep idle connections alive (neither side sends pings) if a middlebox cuts them.',
    explains: [...WITHOUT_CONNECTION, 'port-conflict', 'lost-writer', 'read-loop-blockage', 'frozen-link', 'mixed-versions'],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('whose log shows hotlink come up a second time', (p) => {
        const second = p.managers[1]?.enabled ?? null;
        return second === null ? null : { p, second };
      })
      .that('in the same process', ({ p, second }) => {
        const first = p.managers[0]?.enabled?.line ?? 0;
        return !c.events.ofParty(p.email, 'daemon-start').some((e) => e.line > first && e.line < second.line);
      })
      .rows.map(({ p, second }) => draftFor(c, p, second)),
});

function draftFor(c: CaseFile, p: PartyFact, second: LogEvent): Draft {
  const cut = c.events.ofParty(p.email, 'ws-disconnected', 'ws-send-error')[0] ?? null;
  const bind = c.events.ofParty(p.email, 'bind-failed').find((e) => e.line > second.line) ?? null;
  const dead =
    c.events
      .ofParty(p.email, 'send-open-failed', 'app-send-failed', 'send-data-failed')
      .find((e) => (e.reason ?? '').includes('queue closed')) ?? null;
  return {
    subject: { party: p.email },
    severity: harm(c, dead !== null),
    confidence: 'certain',
    message: `${name(p.email, c)} lost its connection and came back with ${plural(p.managers.length - 1, 'new hotlink manager')}; its program stays with the old one, which can send no more`,
    evidence: [...ref(cut), ...ref(second), ...ref(bind), ...ref(dead)],
    metrics: { managers: p.managers.length },
    ...firstTime([cut ?? second]),
    touches: p.managers[0] === undefined ? [p.email] : '*',
  };
}

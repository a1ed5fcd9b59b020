/** A telemetry file is written in place; a copy taken meanwhile, or a process killed meanwhile, leaves it empty or cut. */
import { defineRule } from './engine/rule.ts';
import { name } from './engine/ask.ts';

export const unreadableTelemetry = defineRule({
  meta: {
    id: 'unreadable-telemetry',
    title: 'A telemetry file is empty or cut',
    severity: 'info',
    failures: ['F-36'],
    needs: [],
    proves: 'The file is there and gives no counters.',
    notEvidence: {
      'no-file': 'No file at all: hotlink is off, or the client is a Go client.',
      'other-daemon': 'A readable file of another manager.',
      'one-of-copies': 'One of several copies that were taken while the file was written, beside copies that are whole.',
    },
    blindTo: 'What the counters were: the summary lines of the log may still tell.',
    remedy: 'Copy the file again while the client runs; if it stays empty the process was killed while it wrote.',
    explains: [],
  },
  judge: (c, steps) =>
    steps
      .of('files', c.sources)
      .to('telemetry of a party', (s) => (s.kind === 'telemetry' && s.party !== null ? { ...s, party: s.party } : null))
      .that('of which no file gave counters', (s) => !c.telemetry.some((t) => t.party === s.party && t.cites === null))
      .rows.map((s) => ({
        subject: { party: s.party },
        severity: 'info' as const,
        confidence: 'certain' as const,
        message: `${name(s.party, c)}'s telemetry file cannot be read`,
        evidence: [{ source: s.path, absent: true as const, text: 'the file has no readable content' }],
      })),
});

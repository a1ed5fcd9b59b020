import { unreadableTelemetry } from '../../src/rules/unreadable-telemetry.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { telemetryPath, type Files } from '../helpers/story-files.ts';
import { story } from '../helpers/story.ts';

function withTelemetry(text: (whole: string) => string): Files {
  const s = story().start().talk('client1', 'aggregator', 8).end(20);
  const path = telemetryPath(s.email('client1'));
  const files = new Map(s.files());
  return files.set(path, text(files.get(path) ?? ''));
}

testRule(unreadableTelemetry, {
  found: {
    empty: {
      story: () => withTelemetry(() => ''),
      subject: 'client1',
      severity: 'info',
      message: /client1's telemetry file cannot be read/,
    },
    'cut in the middle': { story: () => withTelemetry((whole) => whole.slice(0, 200)), subject: 'client1' },
  },
  clear: {
    'no-file': () => story().hotlinkOff('client2').start().talk('client1', 'aggregator', 8).end(20),
    'one-of-copies': () =>
      story()
        .start()
        .talk('client1', 'aggregator', 8)
        .end(20)
        .file(`${telemetryPath('client1@sandbox.local')}.1`, '{"bench_strict":false,"live":{"inb')
        .file(`${telemetryPath('client1@sandbox.local')}.2`, ''),
    'other-daemon': () => story().start().talk('client1', 'aggregator', 8).end(20).patch('client1', { started_ms: 1_770_000_000_000 }),
  },
});

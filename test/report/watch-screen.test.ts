/** The screen of a watch: always inside its window, the verdict first, nothing of a log as it stands. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WatchView } from '../../src/model/watch.ts';
import { textWidth } from '../../src/report/text.ts';
import { renderScreen } from '../../src/report/watch-screen.ts';

const A = 'aggregator@sandbox.local';
const B = 'client1@sandbox.local';

const VIEW: WatchView = {
  sandbox: 'sandbox',
  state: 'standing',
  words: 'nothing moved for 34 s and more, and nothing says that the run is done',
  watchedMs: 95_000,
  run: { id: '29510841-3a82b861f31a', flow: 'syqure-flow' },
  verdict: 'failed',
  because: `${A} sent on 2 sessions that client1 and client2 had opened; the relay drops that (2 frames refused)`,
  isFinal: true,
  judgedAgoMs: 1200,
  judgeMs: 300,
  causes: [
    {
      rule: 'sender-lock-drop',
      severity: 'error',
      confidence: 'certain',
      subject: { party: A },
      message: `${A} sent on 2 sessions that client1 and client2 had opened`,
      remedy: 'run clients from E5b on',
      fingerprint: 'sender-lock-drop:p0',
      confirmed: true,
      since: '2026-11-22T13:25:50.000Z',
      evidence: [
        {
          source: `${A}/.syftbox/logs/syftbox.log`,
          line: 596,
          text: 'time=2026-11-22T13:25:47.472Z level=INFO msg="hotlink reusing inbound session: session=cfde99a0"',
          time: '2026-11-22T13:25:47.472Z',
          clock: A,
        },
      ],
    },
  ],
  waits: [{ party: B, for: [A], why: 'bytes of this direction were sent and never arrived' }],
  directions: [
    {
      from: A,
      to: B,
      sent: { min: 12_021, max: 12_021 },
      delivered: { min: 0, max: 0 },
      lost: { min: 12_021, max: 12_021 },
      neverUsed: false,
      rate: 0,
      stillMs: 34_000,
      isAtLeast: true,
      transport: 'ws',
    },
    {
      from: B,
      to: A,
      sent: { min: 13, max: 13 },
      delivered: { min: 13, max: 13 },
      lost: { min: 0, max: 0 },
      neverUsed: false,
      rate: 0,
      stillMs: 34_000,
      isAtLeast: false,
      transport: 'ws',
    },
  ],
  parties: [
    {
      email: A,
      role: 'aggregator',
      alive: true,
      era: 'E3',
      logAgeMs: 400,
      telemetryAgeMs: 2100,
      sent: 24_042,
      received: 26,
      way: 'websocket',
      cpuPercent: 0.4,
    },
    {
      email: B,
      role: 'client1',
      alive: false,
      era: 'E3',
      logAgeMs: 90_000,
      telemetryAgeMs: null,
      sent: 13,
      received: 0,
      way: 'websocket',
      cpuPercent: null,
    },
  ],
  relayAgeMs: 700,
  events: [
    {
      time: '2026-11-22T13:25:47.463Z',
      clock: B,
      what: 'opens session cfde99a0 (client1 → aggregator)',
      place: `${B}/.syftbox/logs/syftbox.log:41`,
    },
  ],
  notices: [],
  record: { folder: './record', bytes: 1_234_567, stopped: null },
};

const plain = (view: WatchView, width: number, height: number): string[] =>
  renderScreen(view, { width, height, color: false, ascii: false });

describe('the screen', () => {
  it('shows the verdict, the causes with their lines, directions, parties and events', () => {
    expect(`\n${plain(VIEW, 100, 24).join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ✗ FAILED  nothing moved for 34 s and more, and nothing says that the run is done  watched 1 min 35 s
      syqure-flow 29510841-3a82b861f31a                                                     judged 1 s ago
        aggregator sent on 2 sessions that client1 and client2 had opened; the relay drops that (2 frames
        refused)
       1  sender-lock-drop  aggregator sent on 2 sessions that client1 and client2 had opened      certain
            13:25:47.472 aggregator  hotlink reusing inbound session: session=cfde99a0     syftbox.log:596
          client1 waits for aggregator: bytes of this direction were sent and never arrived

        direction               sent  delivered     bytes/s      still
        aggregator → client1  12 021          0  ✗           over 34 s  ws
        client1 → aggregator      13         13  ✓                34 s  ws

        party                      log  telemetry    sent  received    CPU
        aggregator  writes         now        2 s  24 042        26  0.4 %  E3 websocket
        client1     silent  1 min 30 s          -      13         0      -  E3 websocket
        relay       writes         now

        newest events
        13:25:47.463  client1 opens session cfde99a0 (client1 → aggregator)                 syftbox.log:41




      sandbox · record ./record: 1.2 MiB                                                       Ctrl-C ends
      "
    `);
  });

  it('keeps the verdict, the first cause and the foot in a small window', () => {
    const lines = plain(VIEW, 60, 8);
    expect(lines).toHaveLength(8);
    expect(lines[0]).toContain('✗ FAILED');
    expect(lines.join('\n')).toContain('sender-lock-drop');
    expect(lines.at(-1)).toContain('Ctrl-C ends');
  });

  it.each([
    ['moving', false, null, '▶ RUNNING'],
    ['moving', true, null, '✗ FAILING'],
    ['standing', true, 'failed', '✗ FAILED'],
    ['standing', false, 'inconclusive', '? STANDS STILL'],
    ['silent', false, 'inconclusive', '? SILENT'],
    ['finished', false, 'healthy', '✓ FINISHED'],
    ['finished', false, 'degraded', '! FINISHED, DEGRADED'],
    ['finished', false, 'inconclusive', '? FINISHED'],
    ['waiting', false, null, '… WAITING'],
  ] as const)('says of %s (an error: %s, %s) %s', (state, fails, verdict, words) => {
    const view: WatchView = { ...VIEW, state, verdict, isFinal: fails || state === 'finished', causes: fails ? VIEW.causes : [] };
    expect(plain(view, 80, 24)[0]).toContain(words);
  });

  it('calls what was not confirmed a suspicion, and no verdict final', () => {
    const [cause] = VIEW.causes;
    const view: WatchView = {
      ...VIEW,
      state: 'moving',
      isFinal: false,
      causes: cause === undefined ? [] : [{ ...cause, confirmed: false }],
    };
    const text = plain(view, 100, 24).join('\n');
    expect(text).toContain('▶ RUNNING');
    expect(text).toContain('suspected');
    expect(text).toContain('so far: ');
    expect(text).not.toContain('FAILED');
  });

  it('has plain ASCII and no colour where that is wanted, and colour else', () => {
    expect(renderScreen(VIEW, { width: 100, height: 30, color: false, ascii: true }).join('\n')).toMatch(/^[\n -~]*$/);
    expect(plain(VIEW, 100, 30).join('')).not.toContain('\u001B');
    expect(renderScreen(VIEW, { width: 100, height: 30, color: true, ascii: false }).join('')).toContain('\u001B[');
  });

  it('fits every window, whatever the texts are', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('\u001B[2J\u001B]0;x\u0007', '\u202Eabc', 'a\nb\tc\r\n', '漢字'.repeat(60), '👩‍👩‍👧'.repeat(30), '\u0000'),
    );
    fc.assert(
      fc.property(
        nasty,
        nasty,
        fc.integer({ min: 1, max: 250 }),
        fc.integer({ min: 1, max: 80 }),
        fc.boolean(),
        (one, two, width, height, ascii) => {
          const view: WatchView = {
            ...VIEW,
            sandbox: one,
            because: `${one} ${two}`,
            run: { id: two, flow: one },
            causes: VIEW.causes.map((cause) => ({ ...cause, message: one, evidence: [{ source: two, text: one, clock: two, time: one }] })),
            parties: VIEW.parties.map((party) => ({ ...party, role: party.email === A ? one : two })),
            events: [{ time: two, clock: one, what: two, place: one }],
            notices: [two],
            waits: [{ party: one, for: [two], why: one }],
          };
          const lines = renderScreen(view, { width, height, color: false, ascii });
          expect(lines).toHaveLength(height);
          for (const line of lines) {
            expect(textWidth(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it('leaves the verdict, causes and directions behind when it ends', () => {
    const text = renderScreen(VIEW, { width: 100, height: Infinity, color: false, ascii: false, brief: true }).join('\n');
    expect(text).toContain('✗ FAILED');
    expect(text).toContain('aggregator → client1');
    expect(text).not.toContain('Ctrl-C');
    expect(text).not.toContain('telemetry');
  });
});

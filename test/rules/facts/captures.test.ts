/** Captures beside logs and instead of them: the same run, counted once, and nothing claimed that a wire cannot show. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnosis, Flow, Interval } from '../../../src/model/diagnosis.ts';
import { judgeFolder } from '../../helpers/cases.ts';
import { caseOf, judgeStory } from '../../helpers/judge.ts';
import { story } from '../../helpers/story.ts';
import type { Files } from '../../helpers/story-files.ts';
import { capturesOf } from '../../helpers/story-wire.ts';
import { wireCases } from '../../helpers/wire.ts';

const PARTIES = ['aggregator', 'client1', 'client2'];

/** A run with an answer in each direction of one pair, and one direction of another. */
function told(): Files {
  return story({ parties: PARTIES, era: 'E6' })
    .start()
    .open('client1', 'aggregator')
    .accept()
    .data(8, 1500)
    .open('aggregator', 'client1')
    .accept()
    .data(8, 20, 700)
    .open('aggregator', 'client2')
    .accept()
    .data(5)
    .end(20)
    .files();
}

function only(files: Files, pattern: RegExp): Files {
  return new Map([...files].filter(([path]) => pattern.test(path)));
}

function both(...parts: readonly Files[]): Files {
  return new Map(parts.flatMap((part) => [...part]));
}

function essence(d: Diagnosis): unknown {
  return {
    verdict: d.verdict,
    causes: d.causes.map((c) => [c.fingerprint, c.severity, c.message]),
    findings: d.findings.map((f) => f.fingerprint).toSorted(),
  };
}

function inside(inner: Interval, outer: Interval): boolean {
  return inner.min >= outer.min && inner.max <= outer.max;
}

/** No flow says more than before, nor anything else. */
function expectNarrower(flows: readonly Flow[], before: readonly Flow[]): void {
  expect(flows.map((f) => `${f.from} ${f.to}`)).toEqual(before.map((f) => `${f.from} ${f.to}`));
  for (const [i, f] of flows.entries()) {
    const b = before[i]!;
    expect([f.from, f.to, inside(f.sent, b.sent), inside(f.delivered, b.delivered), inside(f.lost, b.lost)]).toEqual([
      f.from,
      f.to,
      true,
      true,
      true,
    ]);
    expect(f.frames.received).toEqual(b.frames.received);
  }
}

function flow(d: Diagnosis, from: string, to: string): Flow {
  const found = d.flows.find((f) => f.from.startsWith(`${from}@`) && f.to.startsWith(`${to}@`));
  if (found === undefined) throw new Error(`no flow ${from} → ${to}`);
  return found;
}

const exactly = (n: number): Interval => ({ min: n, max: n });

describe('captures beside the logs of their parties', () => {
  it('change neither verdict, nor causes, nor what was received', async () => {
    const files = told();
    const before = await judgeStory(files);
    const after = await judgeStory(both(files, capturesOf(files)));
    expect(essence(after)).toEqual(essence(before));
    expectNarrower(after.flows, before.flows);
  });

  it('twice the same, and once more under another name', async () => {
    const files = told();
    const wire = capturesOf(files);
    const again = new Map([...wire].map(([path, text]) => [path.replace('wire/', 'copy/'), text]));
    const before = await judgeStory(files);
    const after = await judgeStory(both(files, wire, again));
    expect(essence(after)).toEqual(essence(before));
    expectNarrower(after.flows, before.flows);
  });

  it.each([90_000, -3_600_000])('of a recorder whose clock is %s ms ahead', async (skewMs) => {
    const files = told();
    const before = await judgeStory(files);
    const after = await judgeStory(both(files, capturesOf(files, { skewMs })));
    expect(essence(after)).toEqual(essence(before));
    expectNarrower(after.flows, before.flows);
    const clock = after.clocks.find((c) => c.clock.startsWith('capture of client1@'));
    expect(clock?.offsetMs.min).toBeLessThanOrEqual(skewMs);
    expect(clock?.offsetMs.max).toBeGreaterThanOrEqual(skewMs);
  });

  it('add what a log without debug lines does not say: the bytes that were sent', async () => {
    const files = told();
    const c = await caseOf(both(files, capturesOf(files)));
    const [session] = c.sessions.filter((s) => s.opener?.startsWith('client1@'));
    expect(session?.streams[0]?.sent).toMatchObject({ frames: 2, maxSeq: 2, bytes: 1508 });
    expect(c.received.every((r) => !r.wire && r.frames === r.distinct)).toBe(true);
    expect(c.parties.some((p) => p.debug)).toBe(false);
  });

  it('stand in for the log that one party lost', async () => {
    const files = told();
    const d = await judgeStory(both(only(files, /^(?!client1@.*\.log$)/), capturesOf(files)));
    expect(flow(d, 'aggregator', 'client1')).toMatchObject({ frames: { received: exactly(3) }, hops: { received: exactly(728) } });
    expect(d.causes.map((c) => c.rule)).not.toContain('duplicate-delivery');
  });
});

describe('captures alone', () => {
  it('give sessions and flows; that a program got the bytes no capture shows', async () => {
    const d = await judgeStory(capturesOf(told()));
    expect(d.verdict).toBe('inconclusive');
    expect(d.because).toMatch(/captures show that all that was sent reached the other clients/);
    expect(d.sessions).toHaveLength(3);
    expect(d.sessions.every((s) => s.opened !== null && s.accepted !== null)).toBe(true);
    expect(flow(d, 'client1', 'aggregator')).toMatchObject({
      sent: exactly(1508),
      delivered: { min: 0, max: 1508 },
      hops: { sent: exactly(1508), relayed: exactly(1508), received: exactly(1508) },
      frames: { sent: exactly(2), relayed: exactly(2), received: exactly(2) },
    });
    expect(flow(d, 'client2', 'client1').state).toBe('never-used');
    expect(d.parties.every((p) => p.log === null && p.era.value === null)).toBe(true);
  });

  it('of one party say nothing of directions that it cannot see', async () => {
    const d = await judgeStory(only(capturesOf(told()), /client1/));
    expect(flow(d, 'client1', 'aggregator')).toMatchObject({ sent: exactly(1508), hops: { received: null } });
    expect(flow(d, 'aggregator', 'client1')).toMatchObject({ hops: { received: exactly(728) } });
    expect(d.flows.filter((f) => f.state === 'never-used')).toEqual([]);
  });

  it('a frame that came twice is found once per copy, a hole parks what is behind it', async () => {
    const wire = capturesOf(told(), { until: 20 });
    const doubled = new Map([...wire].map(([path, text]) => [path, /client2/.test(path) ? repeatLast(text, 'to_client') : text]));
    expect((await judgeStory(doubled)).findings.map((f) => f.rule)).toContain('duplicate-delivery');
    const holed = new Map([...wire].map(([path, text]) => [path, /client1/.test(path) ? withoutDataLine(text, 2) : text]));
    expect((await judgeStory(holed)).findings.map((f) => f.rule)).toContain('sequence-gap');
  });

  it('with a line that could not be read prove nothing absent', async () => {
    const wire = capturesOf(told());
    const torn = new Map([...wire].map(([path, text]) => [path, text.replace(/\n/, '\n{"t": 1}\n')]));
    const d = await judgeStory(torn);
    expect(flow(d, 'client2', 'client1').state).toBe('unknown');
    expect(flow(d, 'client1', 'aggregator')).toMatchObject({ sent: { min: 1508 }, hops: { relayed: null } });
    expect(d.accounting.sources.flatMap((s) => Object.keys(s.reasons))).toContain('unexpected-shape');
  });

  it('of a quiet run blame no program: whether it got its bytes is not shown', async () => {
    const told = story({ parties: ['client1', 'client2'], era: 'E6' })
      .start()
      .open('client1', 'client2')
      .accept()
      .data(8, 1500);
    told.open('client2', 'client1').accept();
    for (let i = 0; i < 4; i++) told.on('client1', 'client2').data(8, 100).on('client2', 'client1').data(8, 100);
    const d = await judgeStory(capturesOf(told.on('client1', 'client2').data(8, 100).end(60).files()));
    expect(d.verdict).toBe('inconclusive');
    expect(d.findings.map((f) => f.rule)).toEqual(['stalled-counters']);
    expect(d.waits.every((w) => w.evidence.length > 0)).toBe(true);
  });

  it('evidence is the beginning of the real line, and its note says what the bytes say', async () => {
    const d = await judgeFolder(join('samples', 'wire-stall', 'sandbox'));
    expect(d.verdict).toBe('failed');
    const [cause] = d.causes;
    expect(cause?.rule).toBe('sender-lock-drop');
    for (const e of cause!.evidence) {
      expect(e.text).toMatch(/^\{"t": \d+\.\d+, "connection": \d+, "way": "to_(relay|client)", "bytes": "…$/);
      expect(e.note).toMatch(/^HOTLINK_(OPEN|ACCEPT|DATA) to the relay: session=[0-9a-f-]{36}/);
      expect(e.clock).toMatch(/@sandbox\.local$/);
      expect(e.time).toMatch(/^2026-11-22T13:20:02\.\d{3}Z$/);
    }
    expect(flow(d, 'aggregator', 'client1')).toMatchObject({ sent: exactly(1521), delivered: exactly(0), lost: exactly(1521) });
  });
});

/** The last data line once more. */
function repeatLast(text: string, way: string): string {
  const lines = text.trimEnd().split('\n');
  const at = lines.findLastIndex((line, i) => i < lines.length - 1 && line.includes(way));
  return `${[...lines.slice(0, at + 1), lines[at], ...lines.slice(at + 1)].join('\n')}\n`;
}

/** Without the n-th but last line to the client: frames behind it have come, it has not. */
function withoutDataLine(text: string, n: number): string {
  const lines = text.trimEnd().split('\n');
  const received = lines.flatMap((line, i) => (line.includes('to_client') && i < lines.length - 1 ? [i] : []));
  const gone = received.at(-n);
  return `${lines.filter((_, i) => i !== gone).join('\n')}\n`;
}

/** Judges a folder into which these files and folders were copied. */
async function judgeCopies(parts: readonly (readonly [from: string, to: string])[]): Promise<Diagnosis> {
  const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-wire-'));
  try {
    for (const [from, to] of parts) cpSync(from, join(root, to), { recursive: true });
    return await judgeFolder(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

for (const c of wireCases()) {
  describe(`the recording ${c.name}`, () => {
    const emailOf = (role: string): string => `${role}@sandbox.local`;

    it('says the same with its captures in the sandbox', async () => {
      const before = await judgeFolder(c.sandbox);
      const after = await judgeCopies([
        [c.sandbox, ''],
        [c.wire, 'wire'],
      ]);
      expect(essence(after)).toEqual(essence(before));
      expectNarrower(after.flows, before.flows);
    });

    const wires = [c.wire, ...readdirSync(c.wire).map((file) => join(c.wire, file))];
    it.each(wires.map((w) => [w.slice(c.wire.length + 1) || 'all captures', w] as const))(
      'from %s alone every flow holds the truth',
      async (_, wire) => {
        const d = await judgeCopies([[wire, basename(wire)]]);
        expect(['failed', 'inconclusive']).toContain(d.verdict);
        for (const [name, truth] of Object.entries(c.directions)) {
          const [from = '', to = ''] = name.split('>').map((role) => emailOf(role));
          const f = d.flows.find((x) => x.from === from && x.to === to);
          expect([
            name,
            f === undefined || inside(exactly(truth.app_sent), f.sent),
            f === undefined || inside(exactly(truth.delivered), f.delivered),
          ]).toEqual([name, true, true]);
        }
      },
    );
  });
}

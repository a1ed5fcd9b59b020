import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../src/model/diagnosis.ts';
import { judgeStory, withStore, type Told } from '../../helpers/judge.ts';
import { diagnose } from '../../../src/rules/diagnose.ts';
import { excerptReader } from '../../../src/ingest/excerpts.ts';
import { merged, pasted, PUBLISHED_799, PUBLISHED_970, statusLine, telemetryAt, type Table } from '../../helpers/tables.ts';
import { RUN } from '../../helpers/story-lines.ts';
import { story } from '../../helpers/story.ts';

const TEXT = { foreignLines: true };
const flowsOf = (d: Diagnosis): unknown[] =>
  d.flows.map((f) => ({
    from: f.from.split('@')[0],
    to: f.to.split('@')[0],
    sent: f.sent,
    delivered: f.delivered,
    lost: f.lost,
    frames: f.frames,
    state: f.state,
  }));
const judgeText = async (text: string, run?: string): Promise<Diagnosis> =>
  judgeStory(new Map([['notes.md', text]]), { ...TEXT, ...(run === undefined ? {} : { run }) });

const stillSeconds = (d: Diagnosis): unknown => d.findings.find((f) => f.rule === 'stalled-counters')?.metrics['seconds'];

const HEADING = '## Run `29509799-05d14e57483d`\n- Telemetry at plateau:\n';

describe('figures in a text stand in for telemetry', () => {
  it('give the same flows as the files', async () => {
    const byText = await judgeText(HEADING + pasted(PUBLISHED_799));
    const byFile = await judgeStory(telemetryAt(PUBLISHED_799, 60));
    expect(flowsOf(byText)).toEqual(flowsOf(byFile));
    expect(byText.flows.every((f) => f.delivered.min === f.delivered.max)).toBe(true);
    expect(byText.run?.id).toBe('29509799-05d14e57483d');
    expect(byText.verdict).toBe('inconclusive');
    expect(byText.causes[0]?.message).toMatch(/^client1 sent 8 bytes in 1 frame more than arrived; client2 is the likelier receiver/);
    expect(byText.causes[0]?.evidence.map((e) => `${e.source ?? ''}:${String(e.line)}`)).toEqual([
      'notes.md:4',
      'notes.md:3',
      'notes.md:5',
    ]);
  });

  it('without a heading too, and whatever the order of keys', async () => {
    const d = await judgeText('client2: rx=1572916, tx=1,572,924\n\nclient1: tx=3145848 rx=1572924\naggregator rx=1572924 tx=0\n');
    expect(d.flows.every((f) => f.delivered.min === f.delivered.max)).toBe(true);
    expect(d.causes[0]?.metrics['missing_bytes']).toBe(8);
  });

  it('of several runs are several runs', async () => {
    const text = `${HEADING}${pasted(PUBLISHED_799)}## Then 29509970-8e9bf03c1ac4\n${pasted(PUBLISHED_970)}## Unrelated\n- client1: tx=7 rx=7\n`;
    const newest = await judgeText(text);
    expect([newest.run?.id, newest.causes[0]?.metrics['missing_bytes']]).toEqual(['29509970-8e9bf03c1ac4', 7_744_088]);
    const older = await judgeText(text, '29509799-05d14e57483d');
    expect([older.run?.id, older.causes[0]?.metrics['missing_bytes']]).toEqual(['29509799-05d14e57483d', 8]);
  });

  it('only the last sample of a party counts, and a figure that it lacks stays unknown', async () => {
    const d = await judgeText(`- client1: tx=5 rx=0\n- client2: tx=0 rx=5\n\n\n\n- client1: tx=9 rx=0\n- client2: tx=0 rx=5\n`);
    expect(d.flows.find((f) => f.from === 'client1')?.sent).toEqual({ min: 9, max: 9 });
    const partial = await judgeText('- client1: tx=5 rx=0\n- client2: rx=5\n');
    expect(partial.flows.find((f) => f.from === 'client2')?.sent.max).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('stand aside where the party has a file or summary lines', async () => {
    const s = story().start().talk('client1', 'aggregator', 8, 100).end(20);
    const files = merged(s.files(), new Map([['notes.md', `client1: tx=999999 rx=5\nclient2: tx=4 rx=4\n`]]));
    const plain = await judgeStory(s);
    expect(flowsOf(await judgeStory(files, TEXT))).toEqual(flowsOf(plain));
    const bare = story().start().talk('client1', 'aggregator', 8, 100).end(20).withoutTelemetry();
    expect(flowsOf(await judgeStory(merged(bare.files(), new Map([['notes.md', 'client1: tx=999999 rx=5\n']])), TEXT))).toEqual(
      flowsOf(await judgeStory(bare)),
    );
  });

  it('short names are the emails that the sandbox knows', async () => {
    const table = { aggregator: PUBLISHED_799['aggregator'] ?? { tx: 0, rx: 0 } };
    const others = Object.fromEntries(Object.entries(PUBLISHED_799).filter(([name]) => name !== 'aggregator'));
    const d = await judgeStory(
      merged(
        telemetryAt(others, 60),
        new Map([['notes.md', `aggregator@sandbox.local: tx=0 rx=1572924 txpk=0 rxpk=110\nclient1: tx=1 rx=1\n`]]),
      ),
      TEXT,
    );
    expect(d.parties.map((p) => p.email)).toEqual(['aggregator@sandbox.local', 'client1@sandbox.local', 'client2@sandbox.local']);
    expect(flowsOf(d)).toEqual(flowsOf(await judgeStory(merged(telemetryAt(others, 60), telemetryAt(table, 60)))));
  });

  it('status lines give exact frames', async () => {
    const d = await judgeText(statusLine(PUBLISHED_799, {}));
    expect(d.flows.find((f) => f.from === 'client1' && f.to === 'client2')?.frames.sent).toEqual({ min: 110, max: 111 });
    expect(d.flows.filter((f) => f.state === 'never-used')).toHaveLength(3);
  });

  it('the notes of the investigation', async () => {
    const notes = '/work/shared/docs/investigation-notes.md';
    if (!existsSync(notes)) return;
    const d = await judgeText(readFileSync(notes, 'utf8'), '29509799-05d14e57483d');
    expect(flowsOf(d)).toEqual(flowsOf(await judgeStory(telemetryAt(PUBLISHED_799, 60))));
  });
});

describe('copies of a telemetry file', () => {
  const grown: Table = { ...PUBLISHED_799, client2: { tx: 1_572_924, rx: 1_572_924, txPackets: 112, rxPackets: 111, fallbacks: 1 } };
  const verdict = async (told: Told): Promise<readonly unknown[]> => {
    const d = await judgeStory(told, TEXT);
    return [d.verdict, d.causes[0]?.rule, d.causes[0]?.severity];
  };

  it('unchanged for a minute while the clients live: what is missing is lost', async () => {
    const d = await judgeStory(merged(telemetryAt(PUBLISHED_799, 0), telemetryAt(PUBLISHED_799, 60, '.1')));
    expect([d.verdict, d.causes[0]?.rule, stillSeconds(d)]).toEqual(['failed', 'asymmetric-growth', 60]);
    expect(d.causes[0]?.evidence.filter((e) => e.pointer === '/updated_ms')).toHaveLength(6);
    expect(d.findings.find((f) => f.rule === 'stalled-counters')?.message).toMatch(/^no counter, frame or session moved for the last 60 s/);
  });

  it('under whatever names, the newest is the telemetry', async () => {
    const old = telemetryAt(PUBLISHED_970, 0);
    const named = (suffix: string, files: ReadonlyMap<string, string>): Map<string, string> =>
      new Map([...files].map(([path, text]) => [`telemetry/${suffix}/${path.split('/')[0] ?? ''}/hotlink_telemetry.json`, text]));
    const plain = await judgeStory(telemetryAt(PUBLISHED_799, 60));
    for (const files of [
      merged(telemetryAt(PUBLISHED_799, 60), new Map([...old].map(([p, t]) => [p.replace('.json', '-20260209T030000.json'), t]))),
      merged(named('0001', old), named('0002', telemetryAt(PUBLISHED_799, 60))),
      merged(named('0002', old), named('0001', telemetryAt(PUBLISHED_799, 60))),
    ])
      expect(flowsOf(await judgeStory(files))).toEqual(flowsOf(plain));
  });

  it('growth between them is not standing still', async () => {
    expect(await verdict(merged(telemetryAt(PUBLISHED_799, 0), telemetryAt(grown, 60, '.1')))).toEqual([
      'inconclusive',
      'websocket-fallback',
      'warning',
    ]);
    const lossy = { ...PUBLISHED_799, client1: { tx: 3_000_000, rx: 1_572_924, txPackets: 200, rxPackets: 112, fallbacks: 3 } };
    expect(await verdict(merged(telemetryAt(lossy, 0), telemetryAt(PUBLISHED_799, 60, '.1')))).toEqual([
      'inconclusive',
      'asymmetric-growth',
      'warning',
    ]);
  });

  it('too close together, or of one party only, they say nothing', async () => {
    expect(await verdict(merged(telemetryAt(PUBLISHED_799, 51), telemetryAt(PUBLISHED_799, 60, '.1')))).toEqual([
      'inconclusive',
      'asymmetric-growth',
      'warning',
    ]);
    const one = { client1: PUBLISHED_799['client1'] ?? { tx: 0, rx: 0 } };
    expect(await verdict(merged(telemetryAt(one, 0, '.0'), telemetryAt(PUBLISHED_799, 60)))).toEqual([
      'inconclusive',
      'asymmetric-growth',
      'warning',
    ]);
  });

  it('that do not overlap in time do not add up', async () => {
    const { client2 = { tx: 0, rx: 0 }, ...first } = PUBLISHED_799;
    const late = merged(telemetryAt({ client2 }, 100), telemetryAt({ client2 }, 160, '.1'));
    expect(await verdict(merged(telemetryAt(first, 0), telemetryAt(first, 60, '.1'), late))).toEqual([
      'inconclusive',
      'asymmetric-growth',
      'warning',
    ]);
  });

  it('of two managers that flush by turns add up, and both must be still', async () => {
    const parties = { client1: { tx: 100, rx: 0, txPackets: 2, rxPackets: 0 }, client2: { tx: 0, rx: 100, txPackets: 0, rxPackets: 2 } };
    const before = { client1: { tx: 40, rx: 0, txPackets: 1, rxPackets: 0 } };
    const files = merged(
      telemetryAt(parties, 0),
      telemetryAt(parties, 60, '.1'),
      telemetryAt(before, 30, '.2', -50),
      telemetryAt(before, 57, '.3', -50),
    );
    const d = await judgeStory(files);
    expect(d.flows.find((f) => f.from.startsWith('client1'))?.sent).toEqual({ min: 140, max: 140 });
    expect(stillSeconds(d)).toBe(27);
    expect(d.verdict).toBe('failed');
  });
});

describe('a status line that says stall', () => {
  const all = { aggregator: 300, client1: 295, client2: 290 };
  it('of every party is standing still', async () => {
    const d = await judgeText(statusLine(PUBLISHED_799, all));
    expect([d.verdict, d.causes[0]?.rule, stillSeconds(d)]).toEqual(['failed', 'asymmetric-growth', 290]);
  });
  it('of one that moved is not', async () => {
    const d = await judgeText(statusLine(PUBLISHED_799, { ...all, client2: 2 }));
    expect(d.verdict).toBe('inconclusive');
  });
  it('does not hold against a file that counts more', async () => {
    const more = { ...PUBLISHED_799, client1: { tx: 3_145_900, rx: 1_572_924, txPackets: 222, rxPackets: 112, fallbacks: 3 } };
    const told = merged(telemetryAt(more, 60), new Map([['console.txt', statusLine(PUBLISHED_799, all)]]));
    expect(stillSeconds(await judgeStory(told, TEXT))).toBeUndefined();
    const same = merged(telemetryAt(PUBLISHED_799, 60), new Map([['console.txt', statusLine(PUBLISHED_799, all)]]));
    expect(stillSeconds(await judgeStory(same, TEXT))).toBe(290);
  });
});

describe('beside logs', () => {
  it('copies that grew say that the run still moved then', async () => {
    const s = story().start().talk('client1', 'aggregator', 8).wait(30).talk('client1', 'aggregator', 100).end(4);
    const d = await withStore(s, async (store, root) => diagnose(store.query, excerptReader(root, store), { run: RUN }));
    expect(d.run?.stoodStillMs ?? 0).toBeLessThan(10_000);
  });
});

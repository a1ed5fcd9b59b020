import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { excerptReader } from '../src/ingest/excerpts.ts';
import { loadInput } from '../src/ingest/load.ts';
import { diagnosisSchema } from '../src/model/diagnosis.ts';
import { renderJson } from '../src/report/json.ts';
import { diagnose } from '../src/rules/diagnose.ts';
import { Store } from '../src/store/store.ts';

const NAMES = readdirSync('samples')
  .filter((n) => existsSync(join('samples', n, 'sandbox')))
  .toSorted();

async function judge(name: string): Promise<string> {
  const root = join('samples', name, 'sandbox');
  const store = await Store.create();
  try {
    await loadInput(root, store, {});
    return renderJson(await diagnose(store.query, excerptReader(root, store), {}));
  } finally {
    store.close();
  }
}

describe('samples', () => {
  it('are at least five recorded sandboxes and the published tables', () => {
    expect(NAMES.filter((n) => !n.startsWith('published-')).length).toBeGreaterThanOrEqual(5);
    expect(NAMES.filter((n) => n.startsWith('published-')).length).toBeGreaterThanOrEqual(4);
  });

  for (const name of NAMES) {
    it(`${name} gives its expected diagnosis, byte for byte`, async () => {
      const text = await judge(name);
      expect(text).toBe(readFileSync(join('samples', name, 'expected.json'), 'utf8'));
      expect(() => diagnosisSchema.parse(JSON.parse(text))).not.toThrow();
    });
  }
});

describe('samples of text', () => {
  const parsed = async (name: string) => diagnosisSchema.parse(JSON.parse(await judge(name)));

  it('figures that were pasted give the flows of the files', async () => {
    const [text, files] = [await parsed('pasted-counters'), await parsed('published-29509799')];
    expect(text.flows.map((f) => [f.sent, f.delivered])).toEqual(files.flows.map((f) => [f.sent, f.delivered]));
    expect(text.causes[0]?.evidence.map((e) => e.line)).toEqual([10, 9, 11, 16]);
    expect(text.findings.find((f) => f.rule === 'stalled-counters')?.message).toMatch(
      /last 900 s .*client1 computes \(CPU 99\.83 %\), aggregator and client2 are idle/,
    );
  });

  it('containers of an older run are named for removal, and no others', async () => {
    const finding = (await parsed('stale-containers')).causes.find((f) => f.rule === 'stale-container');
    expect(finding?.remedy).toMatch(/^docker rm -f syqure-29510719-7490556cde56-pid0 syqure-29510719-7490556cde56-pid1$/);
  });
});

describe('the published run 29509799, from three telemetry files alone', () => {
  it('delivered is exact in all six directions and three of them were never used', async () => {
    const d = diagnosisSchema.parse(JSON.parse(await judge('published-29509799')));
    expect(d.flows).toHaveLength(6);
    expect(d.flows.every((f) => f.delivered.min === f.delivered.max)).toBe(true);
    expect(d.flows.filter((f) => f.state === 'never-used')).toHaveLength(3);
    expect(d.verdict).toBe('inconclusive');
    expect(d.causes[0]?.message).toMatch(/8 bytes in 1 frame .*client2 is the likelier receiver.*assumed/);
  });

  it('a word that it stood still makes it failed', async () => {
    const root = 'samples/published-29509799/sandbox';
    const store = await Store.create();
    await loadInput(root, store, {});
    const d = await diagnose(store.query, excerptReader(root, store), { notes: ['stood still 15 min'] });
    store.close();
    expect(d.verdict).toBe('failed');
    expect(d.causes[0]?.evidence.some((e) => e.kind === 'told')).toBe(true);
  });

  it('a missing counter is unknown, never zero', async () => {
    const d = diagnosisSchema.parse(JSON.parse(await judge('published-29509775')));
    expect(d.causes[0]?.metrics['missing_frames']).toBeNull();
  });
});

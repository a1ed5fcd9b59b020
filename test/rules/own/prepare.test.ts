import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { excerptReader } from '../../../src/ingest/excerpts.ts';
import { loadInput } from '../../../src/ingest/load.ts';
import { diagnosisSchema, type Diagnosis } from '../../../src/model/diagnosis.ts';
import { ownMetaSchema, type OwnRule } from '../../../src/model/own-rule.ts';
import { diagnose } from '../../../src/rules/diagnose.ts';
import { buildCase } from '../../../src/rules/facts/build.ts';
import { RULES } from '../../../src/rules/index.ts';
import { MOST_ROWS, prepareOwnRules } from '../../../src/rules/own/prepare.ts';
import { Store } from '../../../src/store/store.ts';

const ROOT = 'samples/stall-e3-debug/sandbox';
const LOG = 'client1@sandbox.local/.syftbox/logs/syftbox.log';
let store: Store;

beforeAll(async () => {
  store = await Store.create();
  await loadInput(ROOT, store);
});
afterAll(() => store.close());

function rule(statement: string, more: Record<string, unknown> = {}): OwnRule {
  const meta = ownMetaSchema.parse({ id: 'mine', title: 'T', severity: 'error', proves: 'P', remedy: 'R', ...more });
  return { file: '/somewhere/mine.sql', meta, statement };
}

async function judge(limitMs: number, ...own: OwnRule[]): Promise<Diagnosis> {
  const select = async (text: string) => store.selectUserSql(text, limitMs);
  return diagnose(store.query, excerptReader(ROOT, store), { own: async (c) => prepareOwnRules(own, c, store.query, select) });
}

const EVERY_OPEN = `SELECT s.opener AS from_email, s.peer AS to_email, 'opened' AS message, ev.source, ev.line_no AS line, 7 AS n, 0.5 AS half, ev.t
  FROM session AS s JOIN ev ON ev.kind = 'session-new' AND ev.sid8 = s.sid AND ev.party = s.opener`;

describe("a user's rule", () => {
  test('finds with evidence, metrics and fingerprints like the others, in an order of its own', async () => {
    const d = await judge(5000, rule(`${EVERY_OPEN} ORDER BY 1 DESC`));
    diagnosisSchema.parse(d);
    const mine = d.findings.filter((f) => f.rule === 'mine');
    expect(mine.length).toBeGreaterThan(1);
    const openers = mine.map((f) => f.subject.from ?? '');
    expect(openers).toEqual(openers.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(mine[0]).toMatchObject({ severity: 'error', confidence: 'likely', remedy: 'R', metrics: { n: 7, half: '0.5' } });
    expect(mine[0]?.evidence[0]).toMatchObject({
      source: expect.stringMatching(/syftbox\.log$/),
      text: expect.stringContaining('hotlink session new'),
    });
    expect(mine[0]?.fingerprint).toMatch(/^mine:p\d>p\d$/);
    expect(d.verdicts.find((v) => v.rule === 'mine')).toEqual({ rule: 'mine', verdict: 'found', reason: 'opened' });
    const again = await judge(5000, rule(`${EVERY_OPEN} ORDER BY 1, ev.line_no`));
    expect(JSON.stringify(again)).toBe(JSON.stringify(d));
  });

  test('folds what it explains', async () => {
    const d = await judge(5000, rule(`SELECT 'all' AS message, 1 AS source_id, 1 AS line_no`, { explains: ['sender-lock-drop'] }));
    expect(d.findings.find((f) => f.rule === 'sender-lock-drop')?.foldedUnder).toBe('mine:run');
    expect(d.causes[0]).toMatchObject({ rule: 'mine', severity: 'error' });
  });

  test('is clear without rows, and has not enough data when a need is missing', async () => {
    const none = `SELECT 'x' AS message, 1 AS source_id, 1 AS line_no WHERE false`;
    const d = await judge(5000, rule(none), rule(none, { id: 'needy', needs: ['container-load'] }));
    expect(d.verdicts.slice(-2).map((v) => v.verdict)).toEqual(['clear', 'insufficient-data']);
  });

  test('cites a JSON file by a pointer', async () => {
    const d = await judge(
      5000,
      rule(`SELECT party, 'x' AS message, source_id, '/tx_bytes' AS pointer, 'tx_bytes: ' || tx_bytes AS shows FROM telemetry`),
    );
    const [first] = d.findings.filter((f) => f.rule === 'mine');
    expect(first?.evidence[0]).toMatchObject({
      source: expect.stringMatching(/telemetry\.json$/),
      pointer: '/tx_bytes',
      text: expect.stringMatching(/^tx_bytes: \d/),
    });
  });

  const at = `'${LOG}' AS source, 1 AS line`;
  test.each([
    { name: 'no evidence columns', sql: `SELECT 'x' AS message`, says: /gives no evidence: select source/ },
    { name: 'evidence that is NULL', sql: `SELECT 'x' AS message, NULL AS source, 1 AS line`, says: /row 1 .*its source is NULL/ },
    { name: 'a file that is not there', sql: `SELECT 'x' AS message, '/etc/passwd' AS source, 1 AS line`, says: /no file of this input/ },
    { name: 'a line that is not there', sql: `SELECT 'x' AS message, '${LOG}' AS source, 999999 AS line`, says: /has no line 999999/ },
    { name: 'no message column', sql: `SELECT ${at}`, says: /no column 'message'/ },
    { name: 'an empty message', sql: `SELECT ' ' AS message, ${at}`, says: /has no message/ },
    { name: 'a stranger', sql: `SELECT 'x' AS message, 'eve@x.org' AS party, ${at}`, says: /'eve@x.org' as party, who is no party/ },
    { name: 'half a direction', sql: `SELECT 'x' AS message, 'a' AS from_email, ${at}`, says: /belong together/ },
    {
      name: 'a louder row',
      sql: `SELECT 'x' AS message, 'error' AS severity, ${at}`,
      says: /at worst warning/,
      more: { severity: 'warning' },
    },
    { name: 'a wrong confidence', sql: `SELECT 'x' AS message, 'sure' AS confidence, ${at}`, says: /can be certain, likely, possible/ },
    { name: 'too many rows', sql: `SELECT 'x' AS message, ${at} FROM range(${MOST_ROWS + 1})`, says: /group them/ },
    { name: 'bad SQL', sql: 'SELEC 1', says: /syntax error/i },
    { name: 'an unknown table', sql: 'SELECT * FROM nothing_here', says: /nothing_here/ },
    { name: 'a write', sql: 'DELETE FROM log_event', says: /one SELECT, and this is another/ },
    { name: 'two statements', sql: 'SELECT 1; SELECT 2', says: /2 statements/ },
    { name: 'another file', sql: `SELECT content AS message, ${at} FROM read_text('/etc/passwd')`, says: /disabled/ },
    {
      name: 'no end',
      sql: `SELECT count(*)::VARCHAR AS message, ${at} FROM range(1000000000) a, range(1000000) b`,
      says: /took longer than 300 ms/,
    },
  ])('breaks down alone: $name', async ({ sql, says, more }) => {
    const d = await judge(300, rule(sql, more ?? {}), rule(`SELECT 'fine' AS message, ${at}`, { id: 'other' }));
    const verdict = d.verdicts.find((v) => v.rule === 'mine');
    expect(verdict?.verdict).toBe('errored');
    expect(verdict?.reason).toMatch(says);
    expect(verdict?.reason).toMatch(/^mine\.sql: /);
    expect(d.verdicts.find((v) => v.rule === 'other')?.verdict).toBe('found');
    expect(d.findings.map((f) => f.rule)).toContain('sender-lock-drop');
    expect(d.findings.map((f) => f.rule)).not.toContain('mine');
  });

  test('changes nothing of the diagnosis without rows', async () => {
    const plain = await diagnose(store.query, excerptReader(ROOT, store));
    const d = await judge(5000, rule(`SELECT 'x' AS message, 1 AS source_id, 1 AS line_no WHERE false`));
    expect({ ...d, verdicts: d.verdicts.slice(0, RULES.length) }).toEqual(plain);
    expect((await buildCase(store.query)).sessions.length).toBeGreaterThan(0);
  });
});

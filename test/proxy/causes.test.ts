/**
 * The table of causes: each failure that the lab makes gives the first cause and direction that docs/live-causes.md has for it, which are those of
 * a recording. Runs wait on timers most of their time, so several share it. HLD_CAUSES=full: every scenario, in every era in which it shows.
 */
import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { causesOf, findingsOf, fingerprintText } from '../../src/live/fingerprint.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { scenarioNamed, SCENARIOS, setupOf, type Scenario } from '../../src/proxy/lab/scenarios.ts';
import { CAUSES, isSame, saidOnPage } from '../../tools/parts/causes.ts';
import { startBin } from '../helpers/bin.ts';
import { limiter } from '../helpers/limiter.ts';

const FULL = process.env['HLD_CAUSES'] === 'full';
/** Those that take long: they wait for grace times, for full buffers, or are like another that is run. */
const LONG: readonly string[] = [
  'stalled-reader-blocks',
  'seed-29509799',
  'reorder-lock',
  'late-client',
  'twin-client',
  'oversize-packet',
  'marker-without-port',
  'acl-denied',
  'restarted-client',
  'mixed-eras',
  'probe-poisons',
  'two-party-late',
  'late-accept',
  'relay-overflow',
  'crossed-channels',
  'crossed-locks',
  'wrong-acceptor',
  'grace-tax',
];
const AT_ONCE = 4;
/** A failure that is left to chance shows in one of so many runs. */
const TRIES = 5;

const page = readFileSync(new URL('../../docs/live-causes.md', import.meta.url), 'utf8');
const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-causes-'));
const slot = limiter(AT_ONCE);
let made = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Seen {
  readonly completed: boolean;
  readonly diagnosis: Diagnosis;
}

async function make(name: string, era: string, more: readonly string[]): Promise<Seen> {
  const sandbox = join(root, `${name}-${era}-${++made}`, 'sandbox');
  const run = await startBin(['live', 'up', sandbox, '--scenario', name, '--era', era, '--format', 'json', ...more]);
  const judged = await startBin(['analyze', sandbox, '--format', 'json', '--quiet']);
  rmSync(join(sandbox, '..'), { recursive: true, force: true });
  return { completed: (JSON.parse(run.stdout) as Seen).completed, diagnosis: JSON.parse(judged.stdout) as Diagnosis };
}

function firstCause({ diagnosis }: Seen): string {
  const [cause] = causesOf(diagnosis);
  return cause === undefined ? 'none' : fingerprintText(cause);
}

function expected({ expects }: Scenario): string {
  return expects.where === '*' ? expects.cause : `${expects.cause} ${expects.where}`;
}

/** Flags of the tries: chance decides some failures, and on a loaded machine a run is given up before its clients have waited. */
function triesOf(scenario: Scenario): readonly (readonly string[])[] {
  const patient = ['--patience', String(setupOf(scenario).patience * 3)];
  const seeds = Array.from({ length: scenario.expects.where === '*' ? TRIES - 1 : 0 }, (_, index) => ['--seed', String(index + 20)]);
  return [[], ...seeds, patient];
}

async function makeUntilShown(scenario: Scenario, era: string): Promise<Seen> {
  let seen: Seen | undefined;
  for (const more of triesOf(scenario)) {
    seen = await slot(async () => make(scenario.name, era, more));
    if (firstCause(seen).startsWith(expected(scenario)) && seen.completed === scenario.expects.completes) break;
  }
  if (seen === undefined) throw new Error('no run');
  return seen;
}

/** Two clients in one folder write into one log, and through each other's lines. */
const TORN: readonly string[] = ['twin-at-home'];

const chosen = SCENARIOS.filter(({ name }) => FULL || !LONG.includes(name));
const runs = chosen.flatMap((scenario) => (FULL ? scenario.eras : scenario.eras.slice(0, 1)).map((era) => [scenario.name, era] as const));

describe('a run of the lab has the cause that was made', { timeout: 600_000 }, () => {
  it.concurrent.each(runs)('%s in %s', async (name, era) => {
    const scenario = scenarioNamed(name);
    const seen = await makeUntilShown(scenario, era);
    expect(firstCause(seen)).toMatch(new RegExp(`^${expected(scenario)}`));
    expect(seen.completed).toBe(scenario.expects.completes);
    expect(seen.diagnosis.accounting.total.rejected).toBeLessThanOrEqual(TORN.includes(name) ? Infinity : 0);
    const wanted = CAUSES.flatMap((row) => (row.scenario === name && row.finding !== undefined ? [row.finding] : []));
    expect(findingsOf(seen.diagnosis).map(({ rule }) => rule)).toEqual(expect.arrayContaining(wanted));
  });
});

describe('docs/live-causes.md', () => {
  it('has every scenario in a row', () => {
    expect(new Set(CAUSES.map(({ scenario }) => scenario))).toEqual(new Set(SCENARIOS.map(({ name }) => name)));
  });

  it.each(CAUSES)('$cause: what the lab makes is what was recorded', (row) => {
    const said = saidOnPage(page, row);
    const scenario = scenarioNamed(row.scenario);
    expect(said?.ours.startsWith(row.finding ?? expected(scenario))).toBe(true);
    expect(said?.recorded === null).toBe(row.recording === null);
    expect(said && isSame(said, scenario)).not.toBe(false);
  });
});

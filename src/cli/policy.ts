/** --policy, --baseline and --today, for the commands that gate. */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Baseline } from '../gate/baseline.ts';
import type { Loader, Policy } from '../gate/policy.ts';

import type { Diagnosis, Severity } from '../model/diagnosis.ts';
import { DoctorError } from '../model/errors.ts';
import { choices, nearest } from '../util/suggest.ts';
import { reasonOf } from './output.ts';
import { loadOwnRules } from './own-rules.ts';

const SEVERITIES = ['error', 'warning', 'info'] as const satisfies readonly Severity[];

export interface PolicyOptions {
  policy?: string;
  failOn?: Severity;
  today?: string;
  rules?: string;
}

export function addPolicyOptions(command: Command): Command {
  return command
    .option('--policy <file>', 'limits and severities: a file (docs/gate.md), or investigation, investigation-literal, smoke')
    .option('--fail-on <severity>', 'exit 1 from this severity on: error, warning or info; outweighs the policy', parseSeverity)
    .option('--today <date>', 'date by which accepted findings expire, YYYY-MM-DD; today if left out', parseDate);
}

function parseSeverity(value: string): Severity {
  const severity = SEVERITIES.find((known) => known === value);
  if (severity === undefined)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--fail-on', value, expected: choices(value, SEVERITIES) });
  return severity;
}

export function parseDate(value: string): string {
  const day = new Date(`${value}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: 'a date', value, expected: 'a day of the calendar as YYYY-MM-DD' });
  return value;
}

/** The only place of the gate that asks the clock: what it gives stands in the document. */
export function asOf({ today }: PolicyOptions): string {
  return today ?? new Date().toISOString().slice(0, 10);
}

/** `diagnoses`: their rules may be named too, since a saved document may have rules of its own. */
export async function policyOf(options: PolicyOptions, diagnoses: readonly Diagnosis[]): Promise<Policy> {
  const [{ DEFAULT_POLICY, loadPolicy }, { BUNDLED }, { RULES }] = await Promise.all([
    import('../gate/policy.ts'),
    import('../gate/bundled.ts'),
    import('../rules/index.ts'),
  ]);
  const named = options.policy;
  const { failOn } = options;
  if (named === undefined) return { ...DEFAULT_POLICY, ...(failOn === undefined ? {} : { failOn }) };
  const own = (await loadOwnRules(options.rules)).map(({ meta }) => meta.id);
  const known = [...new Set([...RULES.map(({ meta }) => meta.id), ...own, ...diagnoses.flatMap((d) => d.verdicts.map((v) => v.rule))])];
  const load: Loader = (name, from) => {
    const bundled = Object.hasOwn(BUNDLED, name) ? BUNDLED[name] : undefined;
    if (bundled !== undefined) return { path: name, text: bundled };
    const path = from === undefined || Object.hasOwn(BUNDLED, from) ? name : resolve(dirname(from), name);
    try {
      return { path, text: readFileSync(path, 'utf8') };
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code !== 'ENOENT') throw new DoctorError('HLD_INPUT_UNREADABLE', { path, reason: reasonOf(cause) }, { cause });
      const names = Object.keys(BUNDLED);
      throw new DoctorError('HLD_GATE_NO_SUCH_POLICY', { name, bundled: names, similar: nearest(name, names) }, { cause });
    }
  };
  const policy = loadPolicy(named, load, known);
  // No absolute path gets into a document.
  return { ...policy, name: basename(named), ...(failOn === undefined ? {} : { failOn }) };
}

export async function baselineOf(path: string | undefined): Promise<Baseline | null> {
  if (path === undefined) return null;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const expected = `a file that can be read (${reasonOf(cause)}); 'hotlink-doctor baseline create' writes one`;
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--baseline', value: path, expected }, { cause });
  }
  const { parseBaseline } = await import('../gate/baseline.ts');
  return parseBaseline(path, text);
}

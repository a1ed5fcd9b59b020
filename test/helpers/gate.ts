/** Recorded documents and policies in few words. */
import { readFileSync } from 'node:fs';
import { BUNDLED } from '../../src/gate/bundled.ts';
import { gateAll } from '../../src/gate/gate.ts';
import { BASELINE_SCHEMA, type BaselineEntry } from '../../src/gate/baseline.ts';
import { loadPolicy, type Policy } from '../../src/gate/policy.ts';
import type { PolicyFile } from '../../src/gate/policy-schema.ts';
import type { Check, Diagnosis, Gate } from '../../src/model/diagnosis.ts';
import { RULES } from '../../src/rules/index.ts';

export const RULE_IDS = RULES.map(({ meta }) => meta.id);
export const DAY = '2026-11-23';

/** A bundled sample's Diagnosis as it is committed, or a recorded one of test/fixtures/gate. */
export function recorded(name: string): Diagnosis {
  const path = name.endsWith('-c') ? `test/fixtures/gate/${name}.json` : `samples/${name}/expected.json`;
  return JSON.parse(readFileSync(path, 'utf8')) as Diagnosis;
}

/** Files by name; bundled policies too. */
export function policyFrom(files: Readonly<Record<string, string>>, name: string): Policy {
  const all: Readonly<Record<string, string>> = { ...BUNDLED, ...files };
  return loadPolicy(
    name,
    (wanted) => {
      const text = all[wanted];
      if (text === undefined) throw new Error(`no file ${wanted}`);
      return { path: wanted, text };
    },
    RULE_IDS,
  );
}

export function policy(file: PolicyFile | string): Policy {
  return typeof file === 'string' ? policyFrom({}, file) : policyFrom({ 'p.json': JSON.stringify(file) }, 'p.json');
}

export interface GateOptions {
  readonly policy?: PolicyFile | string;
  readonly accepted?: readonly BaselineEntry[];
  readonly against?: readonly Diagnosis[];
  readonly asOf?: string;
}

export function gateSet(diagnoses: readonly Diagnosis[], options: GateOptions = {}): readonly (Diagnosis & { gate: Gate })[] {
  return gateAll({
    diagnoses,
    policy: policy(options.policy ?? {}),
    baseline: options.accepted === undefined ? null : { schema: BASELINE_SCHEMA, accepted: [...options.accepted] },
    against: options.against ?? [],
    asOf: options.asOf ?? DAY,
  });
}

export function gateOne(d: Diagnosis | string, options: GateOptions = {}): Gate {
  const [first] = gateSet([typeof d === 'string' ? recorded(d) : d], options);
  if (first === undefined) throw new Error('no document');
  return first.gate;
}

export function checkOf(gate: Gate, id: string): Check {
  const check = gate.checks.find((c) => c.id === id);
  if (check === undefined) throw new Error(`no check ${id} among ${gate.checks.map((c) => c.id).join(', ')}`);
  return check;
}

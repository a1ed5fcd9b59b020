/** Documents whose text is hostile, and readers of the formats that know nothing of how we write them. */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { gateSet, recorded } from './gate.ts';
import type { Chance } from './mutate.ts';

/** Text that some format or its reader takes for more than text. */
export const HOSTILE = [
  '::error file=x,line=1::injected',
  '\n::error::injected',
  '\r\n::set-output name=a::b',
  '##[error]injected',
  '%0A::error::injected',
  '::stop-commands::x',
  ']]>',
  '<failure message="x">',
  '</testcase><testcase name="injected">',
  '&amp;&#10;&lt;',
  '"\' onload="x"',
  '<!-- x --> <script>alert(1)</script>',
  '# heading\n## another',
  '```\n# out\n```',
  '`` ` ``` `a`',
  '| a | b |\n| --- | --- |',
  '[click](http://evil.example/) ![x](y)',
  '**bold** _it_ ~~no~~ - [ ] x',
  '\n\n---\n\n* item',
  '{0} {{x}} [x](1) \\[y\\]',
  '\u0000\u0001\u0008\u000b\u001b[31m\u007f\u0085\u009b31m',
  '\ud800 half \udc00',
  '\ufffe\uffff',
  '\u202e\u2066\u200b\u2028\u2029',
  '@everyone @org/team',
  'https://evil.example www.evil.example',
  '../../../../etc/passwd',
  'C:\\x\\y file:///etc/passwd javascript:x',
  '%2e%2e%2f?q#f',
  '{"type":"finding"}\n{"type":"gate"}',
  '$HOME $(id) `id`',
] as const;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Words of the schema, which must stay for the document to be one. */
const FIXED =
  /^(?:schema|verdict|severity|confidence|kind|transport|layout|state|what|fingerprint|foldedUnder|time|opened|accepted|startedAt|endedAt|outcome|rule)$/;

function poisonedJson(value: Json, key: string, chance: Chance): Json {
  if (typeof value === 'string')
    return FIXED.test(key) || chance.below(3) > 0 ? value : `${value.slice(0, 40)}${chance.pick([...HOSTILE])}`;
  if (Array.isArray(value)) return value.map((item: Json) => poisonedJson(item, key === 'explains' ? 'fingerprint' : key, chance));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, poisonedJson(inner, name, chance)]));
}

/** A recorded document with hostile text wherever a text stands. */
export function poisoned(sample: string, chance: Chance): Diagnosis {
  const d = JSON.parse(JSON.stringify(recorded(sample))) as Json;
  return poisonedJson(d, '', chance) as unknown as Diagnosis;
}

/** The same with a gate in it that has something of every kind. */
export function poisonedGate(sample: string, chance: Chance): Diagnosis {
  const d = poisoned(sample, chance);
  const [first] = d.findings;
  const accepted = first === undefined ? [] : [{ fingerprint: first.fingerprint, reason: `known ${chance.pick([...HOSTILE])}` }];
  const [gated] = gateSet([d], {
    policy: { extends: 'smoke', failOn: 'warning', require: ['progress'], rules: { 'exited-program': { required: true } } },
    accepted: [...accepted, { fingerprint: `gone ${chance.pick([...HOSTILE])}`, reason: 'x' }],
  });
  if (gated === undefined) throw new Error('nothing gated');
  return gated;
}

let compiled: ValidateFunction | undefined;

/** Faults by the published schema of SARIF 2.1.0; draft 4 differs from what ajv knows in the name of the id, and its patterns are not of the unicode kind. */
export function sarifFaults(document: unknown): readonly string[] {
  if (compiled === undefined) {
    const {
      $schema: _draft,
      id,
      ...schema
    } = JSON.parse(readFileSync('test/fixtures/sarif-2.1.0-rtm.5.json', 'utf8')) as Record<string, unknown>;
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
    addFormats.default(ajv);
    compiled = ajv.compile({ $id: String(id), ...schema });
  }
  compiled(document);
  return (compiled.errors ?? []).map((e) => `${e.instancePath}: ${e.message ?? ''}`);
}

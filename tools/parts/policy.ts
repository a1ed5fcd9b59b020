/** The reference of the policy file in docs/gate.md, from the schema that reads it. */
import * as z from 'zod';
import { BUNDLED } from '../../src/gate/bundled.ts';
import { METRICS, METRIC_NAMES } from '../../src/gate/metrics.ts';
import { policySchema } from '../../src/gate/policy-schema.ts';
import { unitsOf } from '../../src/gate/units.ts';

const START = '<!-- generated: npm run parts -- --write -->';
const END = '<!-- end of what is generated -->';

interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly enum?: readonly string[];
}

/** Longer lists of words have a table of their own. */
const MOST_WORDS = 12;

function typeOf(shape: Shape): string {
  if (shape.enum !== undefined)
    return shape.enum.length > MOST_WORDS ? 'a word, see below' : shape.enum.map((word) => `\`${word}\``).join(', ');
  if (shape.anyOf !== undefined) return shape.anyOf.map((one) => typeOf(one)).join(', or ');
  if (shape.items !== undefined) return `list of ${shape.items.enum === undefined ? 'objects' : typeOf(shape.items)}`;
  return shape.type === 'integer' ? 'whole number' : (shape.type ?? '');
}

/** Every key with its path; a list adds `[]`, a free name `NAME`. */
function rowsOf(shape: Shape, path: string): string[] {
  const inner = [...(shape.anyOf ?? []), shape];
  return inner.flatMap((one) => [
    ...Object.entries(one.properties ?? {}).flatMap(([key, value]) => {
      const at = path === '' ? key : `${path}.${key}`;
      const must = one.required?.includes(key) === true ? ' Required.' : '';
      return [`| \`${at}\` | ${typeOf(value)} | ${value.description ?? ''}${must} |`, ...rowsOf(value, at)];
    }),
    ...(typeof one.additionalProperties === 'object' ? rowsOf(one.additionalProperties, `${path}.NAME`) : []),
    ...(one.items === undefined ? [] : rowsOf(one.items, `${path}[]`)),
  ]);
}

function generated(): string {
  const schema = z.toJSONSchema(policySchema, { io: 'input' }) as Shape;
  const metrics = METRIC_NAMES.map((name) => {
    const { about, dimension, worse, scopes } = METRICS[name];
    const units = unitsOf(dimension).join(', ');
    return `| \`${name}\` | ${about} | ${worse === 'more' ? '`max`' : '`min`'} | ${units} | ${scopes.length === 0 ? '' : scopes.join(', ')} |`;
  });
  const policies = Object.entries(BUNDLED).map(([name, text]) => `### \`${name}\`\n\n\`\`\`jsonc\n${text.trimEnd()}\n\`\`\``);
  return [
    '## Keys of the policy file',
    ['| key | value | means |', '| --- | --- | --- |', ...rowsOf(schema, '')].join('\n'),
    '## Metrics',
    ['| metric | what it is | limit | units | scope |', '| --- | --- | --- | --- | --- |', ...metrics].join('\n'),
    '## Bundled policies',
    ...policies,
  ].join('\n\n');
}

/** The page with the generated part as the schema has it today. */
export function renderPolicyPage(page: string): string {
  const [before = '', rest = ''] = page.split(START);
  const after = rest.split(END)[1] ?? '\n';
  return `${before}${START}\n\n${generated()}\n\n${END}${after}`;
}

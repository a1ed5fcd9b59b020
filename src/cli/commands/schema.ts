import { Argument, type Command } from 'commander';
import type { ZodType } from 'zod';
import { choiceOf } from '../choice.ts';
import { print } from '../output.ts';

const DOCUMENTS = ['diagnosis', 'policy', 'baseline', 'watch'] as const;
type Document = (typeof DOCUMENTS)[number];

/** A diagnosis is read, so with what is filled in; the others are written by a person. */
const LOAD: Readonly<Record<Document, () => Promise<{ readonly schema: ZodType; readonly io: 'input' | 'output' }>>> = {
  diagnosis: async () => ({ schema: (await import('../../model/diagnosis.ts')).diagnosisSchema, io: 'output' }),
  policy: async () => ({ schema: (await import('../../gate/policy-schema.ts')).policySchema, io: 'input' }),
  baseline: async () => ({ schema: (await import('../../gate/baseline.ts')).baselineSchema, io: 'input' }),
  watch: async () => ({ schema: (await import('../../model/watch.ts')).watchEventSchema, io: 'output' }),
};

async function schemaOf(document: Document): Promise<unknown> {
  const [{ toJSONSchema }, { schema, io }] = await Promise.all([import('../json-schema.ts'), LOAD[document]()]);
  return toJSONSchema(schema, io);
}

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description(
      'print the JSON Schema of the diagnosis that --format json writes, of the policy or baseline that gate reads, or of a line of watch',
    )
    .addArgument(choiceOf(new Argument('[document]', 'which schema'), DOCUMENTS).default('diagnosis'))
    .action(async (document: Document) => print(JSON.stringify(await schemaOf(document), null, 2)));
}

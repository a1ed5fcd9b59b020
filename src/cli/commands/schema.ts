import { Argument, type Command } from 'commander';
import { print } from '../output.ts';

const DOCUMENTS = ['diagnosis', 'policy', 'baseline'] as const;
type Document = (typeof DOCUMENTS)[number];

async function schemaOf(document: Document): Promise<unknown> {
  const { toJSONSchema } = await import('../json-schema.ts');
  switch (document) {
    case 'diagnosis':
      return toJSONSchema((await import('../../model/diagnosis.ts')).diagnosisSchema, 'output');
    case 'policy':
      return toJSONSchema((await import('../../gate/policy-schema.ts')).policySchema, 'input');
    case 'baseline':
      return toJSONSchema((await import('../../gate/baseline.ts')).baselineSchema, 'input');
  }
}

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of the diagnosis that --format json writes, or of the policy or baseline that gate reads')
    .addArgument(new Argument('[document]', 'which schema').choices(DOCUMENTS).default('diagnosis'))
    .action(async (document: Document) => print(JSON.stringify(await schemaOf(document), null, 2)));
}

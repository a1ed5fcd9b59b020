import type { Command } from 'commander';
import { print } from '../output.ts';

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of the diagnosis that --format json writes')
    .action(async () => {
      const [{ z }, { diagnosisSchema }] = await Promise.all([import('zod'), import('../../model/diagnosis.ts')]);
      print(JSON.stringify(z.toJSONSchema(diagnosisSchema), null, 2));
    });
}

/** Scenarios as files: what `live reproduce` writes, and what `live verify` and `live up` take in place of a name. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { DoctorError } from '../../model/errors.ts';
import { scenarioNamed, setupOf, type Scenario } from './scenarios.ts';

export const SCENARIO_SCHEMA = 'hotlink-doctor/scenario@1';

const schema = z.strictObject({
  schema: z.literal(SCENARIO_SCHEMA),
  name: z.string(),
  shows: z.string(),
  failures: z.string(),
  eras: z.array(z.string()).min(1),
  settings: z.string(),
  expects: z.strictObject({ cause: z.string(), where: z.string(), completes: z.boolean() }),
  cure: z.string().nullable(),
});

export function scenarioText(scenario: Scenario): string {
  return `${JSON.stringify({ schema: SCENARIO_SCHEMA, ...scenario }, null, 2)}\n`;
}

/** A scenario by its name, or from a file; what cannot be set up is refused here. */
export async function readScenario(nameOrFile: string, option = 'SCENARIO'): Promise<Scenario> {
  if (!/[/\\.]/.test(nameOrFile) || !existsSync(nameOrFile)) return scenarioNamed(nameOrFile, option);
  const parsed = schema.safeParse(parseJson(nameOrFile));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option,
      value: nameOrFile,
      expected: `a file of the form ${SCENARIO_SCHEMA}${where}`,
    });
  }
  const { schema: _schema, ...scenario } = parsed.data;
  setupOf(scenario);
  return scenario;
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

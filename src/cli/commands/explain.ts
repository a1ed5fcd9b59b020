import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DoctorError, ERRORS } from '../../model/errors.ts';
import { print } from '../output.ts';
import { nearest } from '../suggest.ts';

const docs = new URL('../../../docs/', import.meta.url);

function rulePage(id: string): string | undefined {
  const page = new URL(`rules/${id}.md`, docs);
  return /^[a-z][a-z0-9-]*$/.test(id) && existsSync(page) ? readFileSync(page, 'utf8') : undefined;
}

function errorSection(code: string): string | undefined {
  const page = readFileSync(new URL('errors.md', docs), 'utf8');
  return page.split(/^(?=## )/m).find((section) => section.startsWith(`## ${code}\n`));
}

async function explain(name: string): Promise<string> {
  const page = name.startsWith('HLD_') ? errorSection(name) : rulePage(name);
  if (page !== undefined) return page;
  const { RULES } = await import('../../rules/index.ts');
  const failure = name.toUpperCase();
  const pages = RULES.filter(({ meta }) => meta.failures.includes(failure)).map(
    ({ meta }) => rulePage(meta.id) ?? `# ${meta.id}\n\n${meta.title}\n`,
  );
  if (pages.length > 0) return pages.join('\n');
  const known = [...RULES.flatMap(({ meta }) => [meta.id, ...meta.failures]), ...Object.keys(ERRORS)];
  throw new DoctorError('HLD_RULES_NO_SUCH_RULE', { name, similar: nearest(name, known) });
}

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('print the page of a rule (sender-lock-drop), of a failure (F-3) or of an error code (HLD_…)')
    .argument('<name>', 'rule, failure or error code')
    .action(async (name: string) => print(await explain(name)));
}

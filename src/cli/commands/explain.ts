import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DoctorError, ERRORS } from '../../model/errors.ts';
import { print } from '../output.ts';
import { nearest } from '../../util/suggest.ts';

const docs = new URL('../../../docs/', import.meta.url);

function rulePage(id: string): string | undefined {
  const page = new URL(`rules/${id}.md`, docs);
  if (!/^[a-z][a-z0-9-]*$/.test(id) || !existsSync(page)) return undefined;
  // The marks of what is generated are for us, not for a reader on a terminal.
  return readFileSync(page, 'utf8').replaceAll(/^<!--.*-->\n+/gm, '');
}

/** What a person sees of a failure of the catalogue, and which rule says it. */
function failureLine(failure: string): string | undefined {
  const page = readFileSync(new URL('failures.md', docs), 'utf8');
  return page
    .split('\n')
    .find((l) => l.startsWith(`- **${failure}** `))
    ?.slice(`- **${failure}** `.length);
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
  const line = failureLine(failure);
  const pages = RULES.filter(({ meta }) => meta.failures.includes(failure)).map(
    ({ meta }) => rulePage(meta.id) ?? `# ${meta.id}\n\n${meta.title}\n`,
  );
  if (line !== undefined || pages.length > 0) return [...(line === undefined ? [] : [`${failure}  ${line}\n`]), ...pages].join('\n');
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

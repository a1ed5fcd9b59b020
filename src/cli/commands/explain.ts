import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DoctorError, ERRORS } from '../../model/errors.ts';
import type { OwnRule } from '../../model/own-rule.ts';
import { print, visible } from '../output.ts';
import { loadOwnRules, RULES_OPTION } from '../own-rules.ts';
import { PACKAGE } from '../package.ts';
import { nearest } from '../../util/suggest.ts';

const docs = new URL('docs/', PACKAGE);

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

/** A user's rule in the shape of the pages of the others; its statement is how it judges. */
function ownPage({ meta, statement }: OwnRule): string {
  const alike = Object.entries(meta['not-evidence']).map(([name, why]) => `- **${name}**: ${why}`);
  const sections: readonly (readonly [string, string])[] = [
    ['What it proves', meta.proves],
    ['How it judges', `\`\`\`sql\n${statement}\n\`\`\``],
    ['What is not evidence', alike.length === 0 ? 'Its author names nothing.' : alike.join('\n')],
    ['What it cannot see', meta['blind-to']],
    ['What to do', meta.remedy],
  ];
  return visible(`# ${meta.id}\n\n${meta.title}\n\n${sections.map(([title, body]) => `## ${title}\n\n${body}\n`).join('\n')}`);
}

async function explain(name: string, folder: string | undefined): Promise<string> {
  const own = await loadOwnRules(folder);
  const mine = own.find(({ meta }) => meta.id === name);
  if (mine !== undefined) return ownPage(mine);
  const page = name.startsWith('HLD_') ? errorSection(name) : rulePage(name);
  if (page !== undefined) return page;
  const { RULES } = await import('../../rules/index.ts');
  const failure = name.toUpperCase();
  const line = failureLine(failure);
  const pages = RULES.filter(({ meta }) => meta.failures.includes(failure)).map(
    ({ meta }) => rulePage(meta.id) ?? `# ${meta.id}\n\n${meta.title}\n`,
  );
  if (line !== undefined || pages.length > 0) return [...(line === undefined ? [] : [`${failure}  ${line}\n`]), ...pages].join('\n');
  const known = [...RULES.flatMap(({ meta }) => [meta.id, ...meta.failures]), ...own.map(({ meta }) => meta.id), ...Object.keys(ERRORS)];
  throw new DoctorError('HLD_RULES_NO_SUCH_RULE', { name, similar: nearest(name, known) });
}

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('print the page of a rule (sender-lock-drop), of a failure (F-3) or of an error code (HLD_…)')
    .argument('<name>', 'rule, failure or error code')
    .option(...RULES_OPTION)
    .action(async (name: string, options: { rules?: string }) => print(await explain(name, options.rules)));
}

import { openSync, closeSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { Diagnosis } from '../../model/diagnosis.ts';
import { DIAGNOSIS_SCHEMA } from '../../model/schema-id.ts';
import { withCase } from '../case.ts';
import { parseTextOrJson, type TextOrJson } from '../format.ts';
import { TEMPLATES_HELP } from '../input.ts';
import { addLayoutOptions, stdoutLayout, type LayoutOptions } from '../layout.ts';
import { print } from '../output.ts';
import { nameInputs } from '../several.ts';

interface Options extends LayoutOptions {
  format: TextOrJson;
  templates?: string;
}

/** A saved diagnosis names its schema near its beginning. */
const HEAD_BYTES = 512;
const MOST_BYTES = 512 * 1024 * 1024;

function isSaved(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isFile() !== true || status.size > MOST_BYTES) return false;
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    const fd = openSync(path, 'r');
    try {
      return head.toString('utf8', 0, readSync(fd, head)).includes(`"${DIAGNOSIS_SCHEMA}"`);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/** What was said of a run before; undefined when the file is none such. */
async function saved(path: string): Promise<Diagnosis | undefined> {
  if (!isSaved(path)) return undefined;
  const { diagnosisSchema } = await import('../../model/diagnosis.ts');
  try {
    return diagnosisSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

async function diagnosisOf(input: string, { templates }: Options): Promise<Diagnosis> {
  return (await saved(input)) ?? withCase(input, { templates }, ({ judge }) => judge());
}

async function diff(a: string, b: string, options: Options): Promise<string> {
  const [one, other] = [await diagnosisOf(a, options), await diagnosisOf(b, options)];
  const { compare } = await import('../../report/diff/compare.ts');
  const comparison = compare(one, other);
  if (options.format === 'json') return JSON.stringify(comparison, null, 2);
  const { renderDiff } = await import('../../report/diff/text.ts');
  const [nameA, nameB] = nameInputs([a, b]);
  const labels = { a: nameA?.name ?? a, b: nameB?.name ?? b };
  return renderDiff(comparison, labels, stdoutLayout(options));
}

export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .description('what differs between a good run and a bad one, the most telling first')
    .argument('<a>', 'sandbox directory, file, archive, saved database, or a diagnosis that analyze --format json wrote')
    .argument('<b>', 'the run to compare it with, in any of these forms')
    .option('--format <format>', 'text or json', parseTextOrJson, 'text')
    .option('--templates <file>', TEMPLATES_HELP);
  addLayoutOptions(command).action(async (a: string, b: string, options: Options) => print(await diff(a, b, options)));
}

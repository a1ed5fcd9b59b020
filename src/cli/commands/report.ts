import type { Command } from 'commander';
import { readDocuments } from '../documents.ts';
import { FORMAT_HELP, parseTarget, targetsOf, writeTarget, type FormatOptions } from '../formats.ts';
import { addLayoutOptions } from '../layout.ts';

export function addReport(program: Command): void {
  const command = program
    .command('report')
    .description('draw a saved diagnosis again, in any format; the same bytes as when it was made')
    .argument('<diagnosis>', 'file that --format json wrote, or -')
    .option('--format <x[=file]>', FORMAT_HELP, parseTarget)
    .option('--verbose', 'show everything that was found');
  addLayoutOptions(command).action(async (path: string, options: FormatOptions) => {
    const { diagnoses, isLines } = await readDocuments(path);
    // What the document has is kept.
    for (const target of targetsOf(options)) await writeTarget(diagnoses, target, { ...options, detail: true }, isLines);
  });
}

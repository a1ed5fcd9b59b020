import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { choices } from '../../util/suggest.ts';
import { print, terminalWidth, visible } from '../output.ts';
import { loadOwnRules, RULES_OPTION } from '../own-rules.ts';

/** Columns for two failure numbers beside each other. */
const FAILURES_WIDTH = 14;

async function listRules(format: string, folder: string | undefined): Promise<void> {
  const [{ RULES }, own] = await Promise.all([import('../../rules/index.ts'), loadOwnRules(folder)]);
  const { ownMetaOf } = own.length === 0 ? { ownMetaOf: undefined } : await import('../../rules/own/prepare.ts');
  const metas = [...RULES.map(({ meta }) => meta), ...(ownMetaOf === undefined ? [] : own.map((rule) => ownMetaOf(rule)))];
  if (format === 'json') {
    print(JSON.stringify(metas, null, 2));
    return;
  }
  const { default: Table } = await import('cli-table3');
  // What the other columns and the borders leave of the line.
  const ids = Math.max(...metas.map((meta) => meta.id.length));
  const finds = Math.max(30, terminalWidth(process.stdout.columns) - ids - FAILURES_WIDTH - 22);
  const table = new Table({
    head: ['rule', 'at worst', 'finds', 'failures'],
    style: { head: [], border: [], compact: true },
    colWidths: [null, null, finds, FAILURES_WIDTH],
    wordWrap: true,
  });
  const isOwn = (id: string): boolean => own.some((rule) => rule.meta.id === id);
  for (const m of metas) table.push([m.id, m.severity, visible(m.title), isOwn(m.id) ? 'own' : m.failures.join(', ')]);
  print(`${table.toString()}\n${metas.length} rules; hotlink-doctor explain RULE prints the page of one`);
}

export function addRules(program: Command): void {
  program
    .command('rules')
    .description('list the rules')
    .option(
      '--format <format>',
      'table or json',
      (value) => {
        if (value !== 'table' && value !== 'json') {
          throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value, expected: choices(value, ['table', 'json']) });
        }
        return value;
      },
      'table',
    )
    .option(...RULES_OPTION)
    .action(async (options: { format: string; rules?: string }) => listRules(options.format, options.rules));
}

import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { print, terminalWidth } from '../output.ts';

/** Columns for two failure numbers beside each other. */
const FAILURES_WIDTH = 14;

async function listRules(format: string): Promise<void> {
  const { RULES } = await import('../../rules/index.ts');
  if (format === 'json') {
    print(
      JSON.stringify(
        RULES.map(({ meta }) => meta),
        null,
        2,
      ),
    );
    return;
  }
  const { default: Table } = await import('cli-table3');
  // What the other columns and the borders leave of the line.
  const ids = Math.max(...RULES.map(({ meta }) => meta.id.length));
  const finds = Math.max(30, terminalWidth(process.stdout.columns) - ids - FAILURES_WIDTH - 22);
  const table = new Table({
    head: ['rule', 'at worst', 'finds', 'failures'],
    style: { head: [], border: [], compact: true },
    colWidths: [null, null, finds, FAILURES_WIDTH],
    wordWrap: true,
  });
  for (const { meta } of RULES) table.push([meta.id, meta.severity, meta.title, meta.failures.join(', ')]);
  print(`${table.toString()}\n${RULES.length} rules; hotlink-doctor explain RULE prints the page of one`);
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
          throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value, expected: 'table, json' });
        }
        return value;
      },
      'table',
    )
    .action(async (options: { format: string }) => listRules(options.format));
}

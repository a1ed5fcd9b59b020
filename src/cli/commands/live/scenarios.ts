import type { Command } from 'commander';
import type { ExitCode } from '../../exit.ts';
import { EXIT } from '../../exit.ts';
import { print } from '../../output.ts';
import { oneOf } from './flags.ts';

const FORMATS = ['text', 'json'] as const;

async function scenarios(flags: { format: (typeof FORMATS)[number] }): Promise<ExitCode> {
  const { SCENARIOS, setupOf } = await import('../../../proxy/lab/scenarios.ts');
  if (flags.format === 'json') {
    print(
      JSON.stringify(
        SCENARIOS.map((scenario) => ({ ...scenario, setup: setupOf(scenario) })),
        null,
        2,
      ),
    );
    return EXIT.ok;
  }
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  const lines = SCENARIOS.map(({ name, failures, eras, shows, settings, expects }) => {
    const indent = ' '.repeat(width + 2);
    const ends = expects.completes ? 'completes' : 'stalls';
    return (
      `${name.padEnd(width)}  ${shows} (${failures})\n` +
      `${indent}era=${eras.join('|')} ${settings}\n${indent}${ends}; first cause ${expects.cause} ${expects.where}\n`
    );
  });
  print(`${lines.join('\n')}\nNext: hotlink-doctor live up ./sandbox --scenario NAME`);
  return EXIT.ok;
}

export function addScenarios(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('scenarios')
    .description('list the failures that live up --scenario makes')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS), 'text')
    .action(async (flags: { format: (typeof FORMATS)[number] }) => done(await scenarios(flags)));
}

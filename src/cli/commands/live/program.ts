import type { Command } from 'commander';
import type { ExitCode } from '../../exit.ts';
import { EXIT } from '../../exit.ts';
import { print } from '../../output.ts';
import { numberIn, untilTold } from './flags.ts';

const MOST_PARTY = 1000;

interface ProgramFlags {
  party: number;
  command: string;
  set: string[];
  attached?: boolean;
}

async function program(log: string, flags: ProgramFlags): Promise<ExitCode> {
  const { Guard } = await import('../../../proxy/lab/guard.ts');
  const variables = Object.fromEntries(flags.set.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  const guard = new Guard({ log, party: flags.party, command: flags.command, variables, environment: process.env });
  // However this process ends, a broken pipe to a parent that is gone included, the command ends with it.
  process.once('exit', () => guard.kill());
  print(`program pid ${guard.pid}\n`);
  const code = await Promise.race([
    guard.ended.then((ended) => (ended === 0 ? EXIT.ok : EXIT.findings)),
    untilTold(flags.attached === true, () => undefined),
  ]);
  guard.kill();
  await guard.ended;
  // Standard input would keep the process waiting.
  process.stdin.destroy();
  return code;
}

export function addProgram(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('program', { hidden: true })
    .description('what live up --program starts for each party: runs a command and ends it with itself')
    .argument('<log>', 'file for what it says')
    .requiredOption('--party <n>', 'number of the party', numberIn('--party', 0, MOST_PARTY))
    .requiredOption('--command <command>', 'for /bin/sh')
    .option('--set <name=value>', 'a variable for it; may be repeated', (value: string, before: string[]) => [...before, value], [])
    .option('--attached', 'end when standard input ends')
    .action(async (log: string, flags: ProgramFlags) => done(await program(log, flags)));
}

import { Argument, type Command } from 'commander';
import { completionFor, SHELLS, type Shell } from '../completion.ts';
import { treeOf } from '../command-tree.ts';
import { manPage } from '../man.ts';
import { choiceOf } from '../choice.ts';
import { knownWords } from '../words.ts';

/** To stdout as it is: a shell or man reads it. */
function write(text: string): void {
  process.stdout.write(text);
}

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what completes this command line: source <(hotlink-doctor completion bash)')
    .addArgument(choiceOf(new Argument('<shell>', 'which shell'), SHELLS))
    .action(async (shell: Shell) => write(completionFor(shell, treeOf(program, await knownWords()))));
  program
    .command('man')
    .description('print the man page: hotlink-doctor man > hotlink-doctor.1')
    .action(() => write(manPage(treeOf(program), program.version() ?? '')));
}

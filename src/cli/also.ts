/** --also, for every command that reads a sandbox. */
import type { Command } from 'commander';

export interface AlsoOptions {
  also?: string[];
}

function addPath(value: string, before: string[] = []): string[] {
  return [...before, value];
}

export function addAlsoOption(command: Command): Command {
  return command.option('--also <path>', 'file, folder or archive whose files join the input; may be repeated', addPath);
}

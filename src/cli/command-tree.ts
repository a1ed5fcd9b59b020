/** The command line as plain values, read off commander: what completions and the man page are made of. */
import type { Command, Option } from 'commander';
import { FORMATS } from './formats.ts';
import type { Words } from './words.ts';

const NO_WORDS: Words = { options: {}, args: {} };

export interface OptionNode {
  /** `--format`, and `-h` where there is one. */
  readonly names: readonly string[];
  /** `--format <x[=file]>` */
  readonly flags: string;
  readonly about: string;
  readonly takesValue: boolean;
  /** Words that it takes; empty: any text or a file. */
  readonly values: readonly string[];
}

export interface CommandNode {
  /** `live up`; empty for the program itself. */
  readonly path: readonly string[];
  readonly about: string;
  /** `[options] <inputs...>` */
  readonly usage: string;
  readonly args: readonly { readonly name: string; readonly about: string; readonly values: readonly string[] }[];
  readonly options: readonly OptionNode[];
  readonly children: readonly CommandNode[];
}

export function treeOf(command: Command, words: Words = NO_WORDS, path: readonly string[] = []): CommandNode {
  const help = command.createHelp();
  return {
    path,
    about: command.description(),
    usage: command.usage(),
    args: command.registeredArguments.map((a) => ({
      name: a.name(),
      about: a.description,
      values: a.argChoices ?? words.args[`${path.join(' ')} ${a.name()}`] ?? [],
    })),
    options: help.visibleOptions(command).map((o) => optionOf(o, path.join(' '), words)),
    children: help
      .visibleCommands(command)
      .filter((c) => c.name() !== 'help')
      .map((c) => treeOf(c, words, [...path, c.name()])),
  };
}

function optionOf(option: Option, command: string, words: Words): OptionNode {
  const isReport = option.long === '--format' && option.flags.includes('=file');
  const long = option.long ?? '';
  const known = option.argChoices ?? words.options[`${command} ${long}`] ?? words.options[long] ?? [];
  return {
    names: [option.long, option.short].flatMap((name) => (name === undefined || name === '' ? [] : [name])),
    flags: option.flags,
    about: option.description,
    takesValue: option.required || option.optional,
    values: isReport ? FORMATS.map(({ name }) => name) : known,
  };
}

/** A command and all below it. */
export function allOf(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap((child) => allOf(child))];
}

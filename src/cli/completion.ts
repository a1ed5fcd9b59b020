/** Completion scripts for bash, zsh and fish, from the tree of commands. Every word of ours is quoted: descriptions are text. */
import { allOf, type CommandNode, type OptionNode } from './command-tree.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const PROGRAM = 'hotlink-doctor';

export function completionFor(shell: Shell, root: CommandNode): string {
  return { bash, zsh, fish }[shell](root);
}

/** Within single quotes of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function pathOf(node: CommandNode): string {
  return node.path.join(' ');
}

/** Cases that walk the typed words down to the command. */
function walk(root: CommandNode): string[] {
  return allOf(root)
    .filter((node) => node.path.length > 0)
    .map((node) => `      ${quoted(`${node.path.slice(0, -1).join(' ')}|${node.path.at(-1) ?? ''}`)}) path=${quoted(pathOf(node))} ;;`);
}

function bash(root: CommandNode): string {
  const nodes = allOf(root);
  const values = nodes.flatMap((node) =>
    node.options
      .filter((o) => o.takesValue)
      .map((o) => `    ${o.names.map((name) => quoted(`${pathOf(node)}|${name}`)).join('|')}) words=${quoted(o.values.join(' '))} ;;`),
  );
  const words = nodes.map((node) => {
    const own = [...node.children.map((c) => c.path.at(-1) ?? ''), ...node.args.flatMap((a) => a.values)];
    const options = node.options.flatMap((o) => o.names);
    return `    ${quoted(pathOf(node))}) words=${quoted(own.join(' '))} options=${quoted(options.join(' '))} ;;`;
  });
  return `# bash completion for ${PROGRAM}: source it, or put it into the folder of your completions.
_hotlink_doctor() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path|\${COMP_WORDS[i]}" in
${walk(root).join('\n')}
    esac
  done
  case "$path|$prev" in
${values.join('\n')}
    *)
      case "$path" in
${words.map((line) => `    ${line}`).join('\n')}
      esac
      if [[ $cur == -* ]]; then words=$options; fi
      ;;
  esac
  # Nothing of ours fits: files, by the default of the shell.
  if [[ -n $words ]]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"); fi
}
complete -o default -F _hotlink_doctor ${PROGRAM}
`;
}

/** Text of an _arguments specification: brackets and colons end its parts. */
function zshText(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, String.raw`\$&`);
}

function zshOption(o: OptionNode): string[] {
  const value = !o.takesValue ? '' : o.values.length > 0 ? `:value:(${o.values.join(' ')})` : ':value:_files';
  return o.names.map((name) => `    ${quoted(`*${name}[${zshText(o.about)}]${value}`)}`);
}

/** Words where an argument has some, files elsewhere. */
function zshArgs({ args }: CommandNode): string[] {
  const known = args.flatMap((a, i) => (a.values.length === 0 ? [] : [`    ${quoted(`${i + 1}:${a.name}:(${a.values.join(' ')})`)}`]));
  return known.length > 0 && known.length === args.length ? known : [...known, `    '*:file:_files'`];
}

function zsh(root: CommandNode): string {
  const cases = allOf(root).map((node) => {
    const rest =
      node.children.length > 0
        ? [
            `    ${quoted(`1:command:((${node.children.map((c) => `${c.path.at(-1) ?? ''}\\:${zshQuoted(c.about)}`).join(' ')}))`)}`,
            `    '*::argument:_files'`,
          ]
        : zshArgs(node);
    return `  ${quoted(pathOf(node))})\n  _arguments -S \\\n${[...node.options.flatMap((o) => zshOption(o)), ...rest].join(' \\\n')} ;;`;
  });
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}: put it into a folder of $fpath as _${PROGRAM}.
_hotlink_doctor() {
  local path_of='' i
  for ((i = 2; i < CURRENT; i++)); do
    case "$path_of|\${words[i]}" in
${walk(root)
  .map((line) => line.replace(' path=', ' path_of='))
  .join('\n')}
    esac
  done
  # The words of the command that was found stand where those of a program would.
  local -a parts=(\${=path_of})
  (( CURRENT -= \${#parts} ))
  shift \${#parts} words
  case "$path_of" in
${cases.join('\n')}
  esac
}
_hotlink_doctor "$@"
`;
}

function zshQuoted(text: string): string {
  return `"${text.replaceAll(/["\\$`:()]/g, String.raw`\\$&`)}"`;
}

/** In fish only backslash and quote are special within single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
}

function fish(root: CommandNode): string {
  const lines = allOf(root).flatMap((node) => {
    const at = `-n ${fishQuoted(`__hotlink_doctor_at ${node.path.join(' ')}`.trim())}`;
    return [
      ...node.children.map((c) => `complete -c ${PROGRAM} ${at} -f -a ${fishQuoted(c.path.at(-1) ?? '')} -d ${fishQuoted(c.about)}`),
      ...node.args.flatMap((a) => a.values).map((v) => `complete -c ${PROGRAM} ${at} -f -a ${fishQuoted(v)}`),
      ...node.options.map((o) => {
        const names = o.names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ');
        const value = !o.takesValue ? '' : o.values.length > 0 ? ` -x -a ${fishQuoted(o.values.join(' '))}` : ' -r -F';
        return `complete -c ${PROGRAM} ${at} ${names}${value} -d ${fishQuoted(o.about)}`;
      }),
    ];
  });
  const names = allOf(root)
    .filter((node) => node.path.length > 0)
    .map((node) => fishQuoted(pathOf(node)));
  return `# fish completion for ${PROGRAM}: put it into ~/.config/fish/completions/${PROGRAM}.fish.
function __hotlink_doctor_at --description 'Whether the typed words lead to this command'
    set -l path
    for word in (commandline -opc)[2..]
        set -l next (string join ' ' $path $word)
        if contains -- $next ${names.join(' ')}
            set path $path $word
        end
    end
    test "$path" = "$argv"
end
${lines.join('\n')}
`;
}

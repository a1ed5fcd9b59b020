/** The man page, from the tree of commands. */
import { allOf, type CommandNode, type OptionNode } from './command-tree.ts';
import { EXIT } from './exit.ts';

const MEANING: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'nothing at or above the bar of --fail-on or of the policy',
  findings: 'findings, or a broken limit',
  usage: 'wrong command line or configuration, or an input that cannot be read',
  inconclusive: 'the evidence is not enough, where that was asked for',
  internal: 'a bug of the doctor, or a rule that broke down',
  interrupted: 'interrupted',
};

/** Text of a line: nothing in it is a request or an escape of roff, and hyphens are those that a shell knows. */
function roff(text: string): string {
  const safe = text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(/[^\n\x20-\x7e]/gu, (mark) => `\\[u${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`);
  return /^[.']/.test(safe) ? String.raw`\&${safe}` : safe;
}

function optionLines(o: OptionNode): string[] {
  const values = o.values.length === 0 || o.values.every((value) => o.about.includes(value)) ? '' : ` (${o.values.join(', ')})`;
  return ['.TP', String.raw`\fB${roff(o.flags)}\fR`, roff(`${o.about}${values}`)];
}

function commandLines(node: CommandNode): string[] {
  return [
    `.SS ${roff(`hotlink-doctor ${node.path.join(' ')} ${node.usage}`)}`,
    roff(node.about),
    ...node.args.flatMap((a) => ['.TP', String.raw`\fI${roff(a.name)}\fR`, roff(a.about === '' ? a.values.join(', ') : a.about)]),
    ...node.options.filter((o) => !o.names.includes('--help')).flatMap((o) => optionLines(o)),
  ];
}

export function manPage(root: CommandNode, version: string): string {
  const lines = [
    `.TH HOTLINK\\-DOCTOR 1 "" "hotlink\\-doctor ${roff(version)}" "User Commands"`,
    '.SH NAME',
    String.raw`hotlink\-doctor \- says what happened in a hotlink run, where and why`,
    '.SH SYNOPSIS',
    String.raw`\fBhotlink\-doctor\fR \fICOMMAND\fR [\fIOPTIONS\fR]`,
    '.SH DESCRIPTION',
    roff(root.about),
    '.SH COMMANDS',
    ...allOf(root)
      .filter((node) => node.path.length > 0 && node.children.length === 0)
      .flatMap((node) => commandLines(node)),
    '.SH EXIT STATUS',
    ...Object.entries(EXIT).flatMap(([name, code]) => ['.TP', `\\fB${code}\\fR`, roff(MEANING[name as keyof typeof EXIT])]),
    '.SH FILES',
    '.TP',
    String.raw`\fIhotlink\-doctor.config.json\fR`,
    'a policy, read when \\fB\\-\\-policy\\fR names it',
    '.TP',
    String.raw`\fIhotlink\-doctor.baseline.json\fR`,
    'accepted findings',
  ];
  return `${lines.join('\n')}\n`;
}

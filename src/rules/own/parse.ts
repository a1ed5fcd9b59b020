/**
 * A user's rule file: `-- key: value` comments at its head, then one statement. A comment that is indented by two blanks
 * goes on with the value above it.
 */
import { OWN_KEYS, ownMetaSchema, type OwnKey, type OwnRule, type RuleProblem } from '../../model/own-rule.ts';
import { nearest } from '../../util/suggest.ts';

const KEY = /^--\s?([A-Za-z][A-Za-z_-]*)\s*:\s*(.*)$/;
const CONTINUED = /^--\s{2,}(\S.*)$/;
const LISTS: readonly OwnKey[] = ['needs', 'explains'];
/** Keys that may stand more than once. */
const REPEATED: readonly string[] = ['not-evidence'];

interface Entry {
  readonly key: string;
  readonly line: number;
  value: string;
}

export type Parsed = { readonly rule: OwnRule; readonly lineOf: (key: string) => number } | { readonly problems: readonly RuleProblem[] };

export function parseOwnRule(file: string, text: string): Parsed {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const bodyAt = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('--'));
  const entries = readHead(bodyAt < 0 ? lines : lines.slice(0, bodyAt));
  const problems: RuleProblem[] = [];
  const complain = (line: number, says: string): number => problems.push({ file, line, says });
  const fields: Record<string, unknown> = {};
  for (const { key, line, value } of entries) {
    if (!OWN_KEYS.some((known) => known === key)) complain(line, unknownKey(key));
    else if (REPEATED.includes(key)) addLookAlike(fields, key, value, (says) => complain(line, says));
    else if (key in fields) complain(line, `'${key}' stands there twice`);
    else fields[key] = LISTS.some((list) => list === key) ? listOf(value) : value;
  }
  const lineOf = (key: string): number => entries.find((e) => e.key === key)?.line ?? 1;
  const parsed = ownMetaSchema.safeParse(fields);
  if (!parsed.success) for (const issue of parsed.error.issues) complain(lineOf(String(issue.path[0])), issueText(issue, fields));
  const statement = bodyAt < 0 ? '' : lines.slice(bodyAt).join('\n').trim();
  if (statement === '') complain(lines.length, 'there is no statement after the comments');
  if (problems.length > 0 || !parsed.success) return { problems };
  return { rule: { file, meta: parsed.data, statement }, lineOf };
}

function readHead(lines: readonly string[]): readonly Entry[] {
  const entries: Entry[] = [];
  for (const [i, line] of lines.entries()) {
    const continued = CONTINUED.exec(line);
    const last = entries.at(-1);
    if (continued !== null && last !== undefined) {
      last.value = `${last.value} ${continued[1] ?? ''}`.trim();
      continue;
    }
    const hit = KEY.exec(line);
    if (hit !== null) entries.push({ key: hit[1] ?? '', line: i + 1, value: (hit[2] ?? '').trim() });
  }
  return entries;
}

function addLookAlike(fields: Record<string, unknown>, key: string, value: string, complain: (says: string) => void): void {
  const [name = '', ...why] = value.split('=');
  if (name.trim() === '' || why.join('=').trim() === '') {
    complain(`'${key}' takes a name and a reason: a-name = why it is not this`);
    return;
  }
  fields[key] = { ...(fields[key] as Record<string, string> | undefined), [name.trim()]: why.join('=').trim() };
}

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function unknownKey(key: string): string {
  const similar = nearest(key, OWN_KEYS);
  return `no key is called '${key}'${similar === undefined ? '' : `; did you mean '${similar}'?`}; keys are ${OWN_KEYS.join(', ')}`;
}

function issueText(
  issue: { readonly path: readonly PropertyKey[]; readonly message: string },
  fields: Readonly<Record<string, unknown>>,
): string {
  const key = String(issue.path[0]);
  if (!(key in fields)) return `'${key}' is missing`;
  const value = fields[key];
  const word: unknown = Array.isArray(value) ? value[Number(issue.path[1])] : value;
  return `${key}${typeof word === 'string' ? ` '${word}'` : ''}: ${issue.message}`;
}

/** Kinds of events that rules ask for by name must come from some template; a misspelt one would be silently never there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LITERAL = /'([a-z0-9-]+)'/g;
/** Calls that take kinds: those of the event log, and the one for lines of runner text; the steps of a rule begin with a call of the same name. */
const CALL = /(?:(?<!\bsteps\s*)\.(?:of|ofParty|session)|\brunnerLines)\(/g;
/** The closed list of what lines of runner text say. */
const RUNNER_KINDS = 'src/ingest/text/kinds.ts';
/** Comparisons of a column or property called kind, in SQL and in TypeScript. */
const COMPARED = /\bkind (?:===|!==|=|<>) ('[a-z0-9-]+')|\bkind (?:NOT )?IN \(([^)]*)\)/g;

export function unknownKinds(root: string): string[] {
  const known = new Set(filesBelow(root, 'src/ingest/templates').flatMap((f) => literalsAfterKind(readFileSync(f.path, 'utf8'))));
  for (const m of readFileSync(join(root, RUNNER_KINDS), 'utf8').matchAll(/^ {2}'?([a-z0-9-]+)'?: ['"]/gm)) known.add(m[1] ?? '');
  // Files have kinds too: client-log, telemetry.
  const ofSources = new Set([...readFileSync(join(root, 'src/ingest/sniff.ts'), 'utf8').matchAll(LITERAL)].map((m) => m[1] ?? ''));
  return filesBelow(root, 'src/rules').flatMap(({ path, name }) => {
    const text = readFileSync(path, 'utf8');
    const asked = askedKinds(text).filter((kind) => !known.has(kind));
    const compared = comparedKinds(text).filter((kind) => !known.has(kind) && !ofSources.has(kind));
    return [...new Set([...asked, ...compared])].toSorted().map((kind) => `${name}: no template gives events of kind '${kind}'`);
  });
}

function filesBelow(root: string, folder: string): { path: string; name: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts'))
    .toSorted()
    .map((f) => ({ path: join(root, folder, f), name: `${folder}/${f}` }));
}

function literalsAfterKind(text: string): string[] {
  return [...text.matchAll(/\bkind: '([a-z0-9-]+)'/g)].map((m) => m[1] ?? '');
}

function comparedKinds(text: string): string[] {
  return [...text.matchAll(COMPARED)].flatMap((m) => literals(m[1] ?? m[2] ?? ''));
}

/** Literals among the arguments of the calls, also those of a list of this file that is spread into them. */
function askedKinds(text: string): string[] {
  return [...text.matchAll(CALL)].flatMap((m) => {
    const given = argumentsFrom(text, m.index + m[0].length);
    const spread = [...given.matchAll(/\.\.\.([A-Z_]+)\b/g)].map((s) => listText(text, s[1] ?? ''));
    return [given, ...spread].flatMap((part) => literals(part));
  });
}

function literals(text: string): string[] {
  return [...text.matchAll(LITERAL)].map((m) => m[1] ?? '');
}

/** Up to the parenthesis that closes the call. */
function argumentsFrom(text: string, start: number): string {
  let depth = 1;
  let at = start;
  for (; at < text.length && depth > 0; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')') depth--;
  }
  return text.slice(start, at - 1);
}

function listText(text: string, name: string): string {
  return new RegExp(`const ${name}[^=]*= \\[([^\\]]*)\\]`).exec(text)?.[1] ?? '';
}

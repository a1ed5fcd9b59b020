/** A user's own log lines: a file of templates in the notation of the built-in tables (docs/templates.md). */
import { LineCounter, isMap, isSeq, parseDocument } from 'yaml';
import * as z from 'zod';
import { NUMBER_HOLES, TEXT_HOLES, type EventTemplate } from './template.ts';

/** Whose lines: a Rust client's, a Go client's, the relay's. */
export const GROUPS = ['client', 'go-client', 'relay'] as const;
export type TemplateGroup = (typeof GROUPS)[number];

export interface UserTemplate extends EventTemplate {
  readonly group: TemplateGroup;
}

/** What is wrong with a file of templates, and where. */
export class TemplateError extends Error {
  readonly line: number;
  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

const MOST_TEMPLATES = 1000;
const LONGEST_TEXT = 1000;
/** A shorter beginning would fit lines of every kind. */
const LEAST_BEGINNING = 3;

const HOLES = new Set<string>([...TEXT_HOLES, ...NUMBER_HOLES, '', 'payload']);
const HOLE_LIST = `${[...TEXT_HOLES, ...NUMBER_HOLES].map((name) => `{${name}}`).join(' ')} {payload} {}`;
const ATTRIBUTE = / [^\s={}]+=\{[a-z]+!?\}/g;

const ENTRY = z.strictObject({
  dialect: z.enum(GROUPS, { error: `dialect is one of ${GROUPS.join(', ')}` }),
  kind: z
    .string({ error: 'kind is missing' })
    .regex(/^[a-z][a-z0-9-]{1,63}$/, { error: 'kind is made of small letters, digits and dashes, such as session-new' }),
  text: z
    .string({ error: 'text is missing' })
    .max(LONGEST_TEXT, { error: `text has at most ${LONGEST_TEXT} characters` })
    .refine((text) => text.trim() !== '' && !/[\n\r]/.test(text), { error: 'text is one line of the log' }),
});

/** Why a text is no template; undefined when it is one. */
function faultOf(group: TemplateGroup, text: string): string | undefined {
  const names = [...text.matchAll(/\{([^{}\s]*)\}/g)].map((m) => m[1] ?? '');
  const plain = names.map((name) => (group === 'client' ? name : name.replace(/!$/, '')));
  const unknown = plain.findIndex((name) => !HOLES.has(name));
  if (unknown >= 0) return `there is no hole {${names[unknown]}}; holes are ${HOLE_LIST}`;
  const twice = plain.find((name, index) => name !== '' && plain.indexOf(name) !== index);
  if (twice !== undefined) return `the hole {${twice}} stands twice`;
  const fault = group === 'client' ? faultOfMessage(text) : faultOfAttributes(text);
  if (fault !== undefined) return fault;
  const beginning = (group === 'client' ? text.replace('^', '') : text.replace(ATTRIBUTE, '')).split(/\{[a-z]*\}|¦/)[0] ?? '';
  return beginning.trim().length < LEAST_BEGINNING
    ? `the text begins with at least ${LEAST_BEGINNING} characters that are no hole`
    : undefined;
}

function faultOfMessage(text: string): string | undefined {
  if (/\}\{[a-z]*\}/.test(text)) return 'between two holes stands at least one character';
  if (text.split('¦').length > 2) return '¦ stands once, where the attributes begin';
  if (text.includes('^') && !/^[^^]*\^[^^{}]*\{reason\}/.test(text)) return '^ stands once, before the words that belong to {reason}';
  return /\{payload\}./.test(text.replace('{payload}]', '{payload}')) ? '{payload} is the last hole' : undefined;
}

function faultOfAttributes(text: string): string | undefined {
  const words = text.replace(ATTRIBUTE, '').replace(/ \{reason\}$/, '');
  return /\{[a-z]*!?\}/.test(words)
    ? 'in lines of a Go client or the relay a hole stands as key={hole}, or {reason} at the end'
    : undefined;
}

function checked(line: number, entry: unknown): UserTemplate {
  const result = ENTRY.safeParse(entry);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new TemplateError(line, issue?.message ?? 'this is no template');
  }
  const { dialect, kind, text } = result.data;
  const fault = faultOf(dialect, text);
  if (fault !== undefined) throw new TemplateError(line, fault);
  return { group: dialect, kind, text };
}

/** Templates of a file: a JSON list with comments, or `DIALECT KIND TEXT` on each line. */
export function parseTemplates(text: string): readonly UserTemplate[] {
  const content = text.replace(/^\uFEFF/, '');
  const isJson = content
    .split('\n')
    .find((line) => !/^\s*(?:$|#|\/\/)/.test(line))
    ?.trimStart()
    .match(/^(?:[[{]|\/\*)/);
  const found = isJson ? fromJson(content) : fromLines(content);
  if (found.length === 0) throw new TemplateError(1, 'the file holds no template');
  const excess = found[MOST_TEMPLATES];
  if (excess !== undefined) throw new TemplateError(excess.line, `a file holds at most ${MOST_TEMPLATES} templates`);
  return found.map(({ line, entry }) => checked(line, entry));
}

interface Entry {
  readonly line: number;
  readonly entry: unknown;
}

function fromLines(text: string): Entry[] {
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.replace(/\r$/, '');
    if (/^\s*(?:$|#|\/\/)/.test(line)) return [];
    const m = /^(\S+)\s+(\S+)(?: (.*))?$/.exec(line);
    if (m === null)
      throw new TemplateError(index + 1, "a line is 'DIALECT KIND TEXT', such as 'client my-retry hotlink retry: path={path}'");
    return [{ line: index + 1, entry: { dialect: m[1], kind: m[2], text: m[3] } }];
  });
}

/** Comments as blanks, so that places stay; texts in quotes are left alone. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, ' '),
  );
}

function fromJson(text: string): Entry[] {
  const counter = new LineCounter();
  const document = parseDocument(withoutComments(text), { lineCounter: counter, schema: 'json', prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) throw new TemplateError(counter.linePos(error.pos[0]).line, `this is no JSON: ${error.message}`);
  const list = document.contents;
  if (!isSeq(list)) throw new TemplateError(1, 'the file is a list of {"dialect": …, "kind": …, "text": …}');
  return list.items.map((item) => {
    const line = counter.linePos(isMap(item) && item.range ? item.range[0] : 0).line;
    return { line, entry: isMap(item) ? item.toJSON() : item };
  });
}

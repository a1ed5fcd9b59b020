/** JSON with comments, checked against a schema: every problem with its place, and the key or word that was probably meant. */
import { findNodeAtLocation, parse, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import * as z from 'zod';
import { nearest } from '../util/suggest.ts';

export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly says: string;
}

type Path = readonly (string | number)[];

/** Where things stand in a file. */
export class Places {
  readonly #text: string;
  readonly #tree: Node | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#tree = parseTree(text, [], OPTIONS);
  }

  /** 1-based place of the value at `path`, or of its `key`; of the nearest one around it where there is none. */
  at(path: Path, key?: string): { readonly line: number; readonly column: number } {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = this.#tree === undefined ? undefined : findNodeAtLocation(this.#tree, path.slice(0, depth));
      if (node === undefined) continue;
      const property = key === undefined || depth < path.length ? undefined : node.children?.find((p) => p.children?.[0]?.value === key);
      return placeOf(this.#text, (property ?? node).offset);
    }
    return { line: 1, column: 1 };
  }
}

function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

const OPTIONS = { allowTrailingComma: true, disallowComments: false } as const;

const PARSE_WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a word that is no value',
  InvalidNumberFormat: 'a number that is none',
  PropertyNameExpected: 'a key in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'the file goes on after its end',
  UnexpectedEndOfString: 'a text without its closing quote',
};

/** The value, or all that is wrong with it. */
export function readJsonc<T>(
  text: string,
  schema: z.ZodType<T>,
): { readonly value: T; readonly places: Places } | { readonly problems: readonly Problem[] } {
  if (text.trim() === '') return { problems: [{ line: 1, column: 1, says: 'the file is empty' }] };
  const errors: ParseError[] = [];
  const raw: unknown = parse(text, errors, OPTIONS);
  const [first] = errors;
  if (first !== undefined) {
    const code = printParseErrorCode(first.error);
    return { problems: [{ ...placeOf(text, first.offset), says: PARSE_WORDS[code] ?? code }] };
  }
  const places = new Places(text);
  const repeated = repeats(parseTree(text, [], OPTIONS), text);
  const result = schema.safeParse(raw);
  if (result.success && repeated.length === 0) return { value: result.data, places };
  const json = z.toJSONSchema(schema, { io: 'input' }) as Shape;
  const issues = result.success ? [] : result.error.issues.flatMap((issue) => flat(issue));
  const problems = [...repeated, ...issues.flatMap((issue) => describe(issue, raw, json, places))];
  // A key may hold any text; a problem is one line.
  return { problems: problems.map((p) => ({ ...p, says: p.says.replaceAll(/\s/g, ' ') })) };
}

/** JSON keeps the last of two equal keys and says nothing: a limit would be gone. */
function repeats(node: Node | undefined, text: string): Problem[] {
  if (node === undefined) return [];
  const keys = node.type === 'object' ? (node.children ?? []).map((p) => p.children?.[0]) : [];
  const own = keys.flatMap((key, i) =>
    key === undefined || !keys.slice(0, i).some((k) => k?.value === key.value)
      ? []
      : [{ ...placeOf(text, key.offset), says: `'${String(key.value)}' stands here a second time; keep one` }],
  );
  return [...own, ...(node.children ?? []).flatMap((child) => repeats(child, text))];
}

type Issue = z.core.$ZodIssue;

/** Of a choice between shapes, the problems of the one that came nearest: an object is told about its keys, not that it is no word. */
function flat(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branches = issue.errors.map((branch) => branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  const deep = branches.filter(
    (branch) => !branch.some((inner) => inner.path.length === issue.path.length && inner.code === 'invalid_type'),
  );
  const [best] = deep.toSorted((a, b) => a.length - b.length);
  return best === undefined ? [issue] : best.flatMap((inner) => flat(inner));
}

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly enum?: readonly unknown[];
}

/** What may stand at a path: all shapes that a union allows. */
function shapesAt(root: Shape, path: Path): readonly Shape[] {
  let at: readonly Shape[] = [root];
  for (const step of path)
    at = at
      .flatMap((shape) => shape.anyOf ?? [shape])
      .flatMap((shape): (Shape | undefined)[] =>
        typeof step === 'number'
          ? [shape.items]
          : [shape.properties?.[step] ?? (typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined)],
      )
      .filter((shape) => shape !== undefined);
  return at.flatMap((shape) => shape.anyOf ?? [shape]);
}

function describe(issue: Issue, raw: unknown, json: Shape, places: Places): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const where = path.length === 0 ? 'here' : `in ${path.join('.')}`;
  const shapes = shapesAt(json, path);
  if (issue.code === 'unrecognized_keys') {
    const known = [...new Set(shapes.flatMap((shape) => Object.keys(shape.properties ?? {})))];
    return issue.keys.map((key) => {
      const similar = nearest(key, known);
      const next = similar === undefined ? `known are ${known.join(', ')}` : `did you mean '${similar}'?`;
      return { ...places.at(path, key), says: `there is no '${key}' ${where}; ${next}` };
    });
  }
  const value = valueAt(raw, path);
  const words = shapes.flatMap((shape) => shape.enum ?? []).filter((word) => typeof word === 'string');
  const name = path.length === 0 ? 'the file' : `'${path.join('.')}'`;
  if (words.length > 0 && typeof value === 'string') {
    const similar = nearest(value, words);
    const next = similar === undefined ? `it takes ${words.join(', ')}` : `did you mean '${similar}'?`;
    return [{ ...places.at(path), says: `${name} cannot be '${value}'; ${next}` }];
  }
  if (value === undefined) return [{ ...places.at(path), says: `${name} is missing` }];
  return [{ ...places.at(path), says: `${name}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}` }];
}

function valueAt(raw: unknown, path: Path): unknown {
  let at = raw;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return at;
}

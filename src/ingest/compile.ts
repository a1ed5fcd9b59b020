/** Templates made ready for bytes: a radix tree over the literal beginnings, and for each template its further pieces. */
import type { PlainDialect, Side } from './dialect.ts';
import { HEARTBEAT_SILENCE_US, isEvent, NUMBER_HOLES, TEXT_HOLES, type Filter, type Template } from './templates/template.ts';

/** Registers of the holes: text ones first, then numbers, then what is not kept. */
export const TEXT_COUNT = TEXT_HOLES.length;
export const SKIP = TEXT_COUNT + NUMBER_HOLES.length;
export const PAYLOAD = SKIP + 1;

const HOLES = new Map<string, number>([...TEXT_HOLES, ...NUMBER_HOLES].map((name, index) => [name, index]));
HOLES.set('', SKIP);
HOLES.set('payload', PAYLOAD);

/** One value of a line and the literal that follows it. The last literal ends the line. */
export interface Segment {
  readonly hole: number;
  /** Bytes after the value; empty after the last one. */
  readonly after: Uint8Array;
}

/** An attribute of a slog line. */
export interface Attribute {
  readonly key: Uint8Array;
  readonly name: string;
  readonly hole: number;
  readonly required: boolean;
}

export interface CompiledTemplate {
  /** Row of `event_kind`; -1 for noise. */
  readonly kindId: number;
  readonly kind: string;
  /** Family of a noise line, or of a line that the filter does not keep; -1 when there is none. */
  readonly family: number;
  readonly filter: Filter | undefined;
  readonly parse: 'summary' | 'request' | undefined;
  /** Other words may stand between the lead and the attributes. */
  readonly goesOn: boolean;
  readonly lead: Uint8Array;
  readonly segments: readonly Segment[];
  /** Bytes of the message before the hole `{reason}` that belong to its text. */
  readonly reasonWords: number;
  readonly attributes: readonly Attribute[];
  /** All attributes together are the reason. */
  readonly wholeRest: boolean;
}

/** A node of the radix tree: after `text` either a template ends here, or the next byte decides. */
export interface TreeNode {
  text: Uint8Array;
  templates: CompiledTemplate[];
  children: (TreeNode | undefined)[] | undefined;
}

export interface CompiledTable {
  readonly root: TreeNode;
  readonly templates: readonly CompiledTemplate[];
  readonly families: readonly string[];
  /** Longest pause of a family that is still a beat, microseconds; Infinity for families that are no heartbeat. */
  readonly silenceUs: readonly number[];
  readonly byMessage: ReadonlyMap<string, readonly CompiledTemplate[]>;
  /** Templates of the user for the same dialect. */
  readonly user?: CompiledTable;
  /** Of the mixed dialect: the tables of all others, which number families as this one does. */
  readonly parts?: Readonly<Record<PlainDialect, CompiledTable>>;
}

/** How a table's texts stand in a file. escaped: inside double quotes with Rust's five escapes, and a quote at the end. */
export type Form = 'plain' | 'escaped' | 'slog';

/** Row of the `event_kind` table. */
export interface KindRow {
  readonly kindId: number;
  readonly kind: string;
  readonly template: string;
  readonly side: Side;
}

const encoder = new TextEncoder();
const NO_CHILDREN = Array.from<TreeNode | undefined>({ length: 256 });

/** Numbers kinds over all tables of one load, in the order in which the tables are compiled. */
export class KindNumbers {
  readonly rows: KindRow[] = [];
  private readonly known = new Map<string, number>();

  idOf(kind: string, template: string, side: Side): number {
    const key = `${side}\n${kind}\n${template}`;
    const existing = this.known.get(key);
    if (existing !== undefined) return existing;
    const kindId = this.rows.length + 1;
    this.rows.push({ kindId, kind, template, side });
    this.known.set(key, kindId);
    return kindId;
  }
}

/** Numbers that a table shares with others of its load. */
export interface Numbering {
  readonly kinds: KindNumbers;
  readonly side: Side;
  /** Names known already; new ones are added. */
  readonly families: string[];
}

export function compileTable(templates: readonly Template[], form: Form, numbering: Numbering): CompiledTable {
  const { families } = numbering;
  const familyOf = (name: string): number => {
    const at = families.indexOf(name);
    return at >= 0 ? at : families.push(name) - 1;
  };
  if (templates.some((t) => !isEvent(t) && t.parse === 'request')) ['healthz', 'telemetry-upload', 'http'].forEach(familyOf);
  const root: TreeNode = { text: new Uint8Array(0), templates: [], children: undefined };
  const byMessage = new Map<string, CompiledTemplate[]>();
  const compiled = templates.map((template) => {
    const one = form === 'slog' ? compileSlog(template, numbering, familyOf) : compileText(template, form, numbering, familyOf);
    insert(root, one.lead, one);
    const message = new TextDecoder().decode(one.lead);
    byMessage.set(message, [...(byMessage.get(message) ?? []), one]);
    return one;
  });
  return { root, templates: compiled, families, silenceUs: silencesOf(families), byMessage };
}

function silencesOf(families: readonly string[]): readonly number[] {
  return families.map((f) => HEARTBEAT_SILENCE_US[f] ?? Infinity);
}

/** The table of the mixed dialect: those of the others side by side. */
export function joinTables(families: readonly string[], parts: Readonly<Record<PlainDialect, CompiledTable>>): CompiledTable {
  const root: TreeNode = { text: new Uint8Array(0), templates: [], children: undefined };
  return { root, templates: [], families, silenceUs: silencesOf(families), byMessage: new Map(), parts };
}

type FamilyOf = (name: string) => number;

function commonParts(template: Template, numbering: Numbering, familyOf: FamilyOf) {
  if (!isEvent(template)) {
    const { parse, goesOn = false } = template;
    return { kindId: -1, kind: '', family: familyOf(template.family), filter: undefined, parse, goesOn };
  }
  const family = template.otherwise === undefined ? -1 : familyOf(template.otherwise);
  const kindId = numbering.kinds.idOf(template.kind, template.text, numbering.side);
  return { kindId, kind: template.kind, family, filter: template.only, parse: template.parse, goesOn: false };
}

/** Where a Rust message ends and its attributes begin. */
const ATTRIBUTES = '¦';
/** Where the text of the next `{reason}` begins. */
const REASON_START = '^';

/** Text of a template as a file of this form has it. */
function asPrinted(template: Template, form: Form): string {
  const [message = '', attributes] = template.text.split(ATTRIBUTES);
  if (form === 'plain') return message + (attributes ?? '');
  const escaped = message.replace(/[\\"]/g, (c) => `\\${c}`);
  const isOpen = !isEvent(template) || (attributes === undefined && /\{(?:payload)?\}$/.test(message));
  return escaped + (isOpen ? '' : '"') + (attributes ?? '');
}

function compileText(template: Template, form: Form, numbering: Numbering, familyOf: FamilyOf): CompiledTemplate {
  const printed = asPrinted(template, form);
  const pieces = printed.replace(REASON_START, '').split(/\{([a-z]*)\}/);
  const segments: Segment[] = [];
  for (let i = 1; i < pieces.length; i += 2) {
    const hole = HOLES.get(pieces[i] ?? '');
    if (hole === undefined) throw new Error(`unknown hole {${pieces[i]}} in ${template.text}`);
    segments.push({ hole, after: encoder.encode(pieces[i + 1] ?? '') });
  }
  const lead = encoder.encode(pieces[0] ?? '');
  const words = /\^(.*?)\{reason\}/.exec(printed)?.[1] ?? '';
  return {
    ...commonParts(template, numbering, familyOf),
    lead,
    segments,
    reasonWords: encoder.encode(words).length,
    attributes: [],
    wholeRest: false,
  };
}

function compileSlog(template: Template, numbering: Numbering, familyOf: FamilyOf): CompiledTemplate {
  const attributes: Attribute[] = [];
  const message = template.text.replace(/ ([^\s={}]+)=\{([a-z]+)(!?)\}/g, (_, name: string, hole: string, required: string) => {
    const register = HOLES.get(hole);
    if (register === undefined) throw new Error(`unknown hole {${hole}} in ${template.text}`);
    attributes.push({ key: encoder.encode(name), name, hole: register, required: required === '!' });
    return '';
  });
  const wholeRest = message.endsWith(' {reason}');
  return {
    ...commonParts(template, numbering, familyOf),
    lead: encoder.encode(wholeRest ? message.slice(0, -' {reason}'.length) : message),
    segments: [],
    reasonWords: 0,
    attributes,
    wholeRest,
  };
}

function insert(node: TreeNode, lead: Uint8Array, template: CompiledTemplate): void {
  let same = 0;
  while (same < node.text.length && same < lead.length && node.text[same] === lead[same]) same++;
  if (same < node.text.length) {
    const lower: TreeNode = { text: node.text.subarray(same + 1), templates: node.templates, children: node.children };
    const byte = node.text[same] ?? 0;
    node.children = NO_CHILDREN.slice();
    node.children[byte] = lower;
    node.templates = [];
    node.text = node.text.subarray(0, same);
  }
  if (same === lead.length) {
    node.templates.push(template);
    return;
  }
  node.children ??= NO_CHILDREN.slice();
  const byte = lead[same] ?? 0;
  const child = node.children[byte];
  const rest = lead.subarray(same + 1);
  if (child === undefined) node.children[byte] = { text: rest, templates: [template], children: undefined };
  else insert(child, rest, template);
}

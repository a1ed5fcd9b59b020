/** What the tap can do to messages and connections on purpose, and how a user names it. */
import { DoctorError } from '../../model/errors.ts';
import { nearest } from '../../util/suggest.ts';

/** What a fault strikes: a message, a connection when a message passes or at once, or the line as long as it is set. */
type Target = 'message' | 'connection' | 'line';

interface FrameFaultKind {
  readonly target: Target;
  /** The number at the end; undefined: none is taken. */
  readonly number?: { readonly unit: string; readonly usual: number; readonly least: number; readonly most: number };
  readonly says: string;
  /** Failure catalogue (field guide 9). */
  readonly failures: string;
}

const MOST_MS = 600_000;

export const FRAME_FAULTS = {
  drop: { target: 'message', says: 'the message is not passed on', failures: 'F-16' },
  duplicate: { target: 'message', says: 'the message is passed on twice', failures: 'F-12' },
  delay: {
    target: 'message',
    number: { unit: 'MS', usual: 1000, least: 0, most: MOST_MS },
    says: 'the message and everything behind it waits so many milliseconds',
    failures: 'F-31',
  },
  reorder: {
    target: 'message',
    number: { unit: 'N', usual: 1, least: 1, most: 1000 },
    says: 'the next N messages of that kind overtake it; it goes after 2 s at the latest',
    failures: 'F-29',
  },
  corrupt: { target: 'message', says: 'the message arrives and cannot be decoded', failures: 'F-16' },
  oversize: { target: 'message', says: 'a message beyond the limit of 8 MiB goes in its place', failures: 'F-18' },
  freeze: {
    target: 'connection',
    says: "the party's bytes, HTTP too, are swallowed from then on; connections stay open",
    failures: 'F-35',
  },
  cut: { target: 'connection', says: "the party's connections are cut, with the message that was under way", failures: 'F-18' },
  latency: {
    target: 'line',
    number: { unit: 'MS', usual: 100, least: 0, most: MOST_MS },
    says: 'everything takes so many milliseconds longer',
    failures: 'F-31',
  },
  rate: {
    target: 'line',
    number: { unit: 'BYTES', usual: 100_000, least: 100, most: 1e12 },
    says: 'so many bytes a second and no more',
    failures: '',
  },
} as const satisfies Record<string, FrameFaultKind>;

export type FrameFaultName = keyof typeof FRAME_FAULTS;

export const MESSAGE_KINDS = ['open', 'accept', 'reject', 'data', 'close', 'signal', 'any'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** Which of the messages of that kind: the nth, all from the nth on, every nth, a share by chance, all. */
export type Which =
  | { readonly by: 'nth'; readonly n: number }
  | { readonly by: 'from'; readonly n: number }
  | { readonly by: 'every'; readonly n: number }
  | { readonly by: 'share'; readonly share: number };

/** Whose messages: undefined is anybody. `from` and `to` together: what `from` sends to `to`. */
export interface Where {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** `client1`: a fault of messages strikes what it sends, any other both ways. */
  readonly party: string | undefined;
}

export interface FrameFault {
  readonly name: FrameFaultName;
  /** As the user wrote it. */
  readonly text: string;
  /** Undefined: at once, no message is waited for. */
  readonly trigger: { readonly kind: MessageKind; readonly which: Which } | undefined;
  readonly where: Where;
  readonly number: number;
}

function isFault(name: string): name is FrameFaultName {
  return Object.hasOwn(FRAME_FAULTS, name);
}

const LONGEST_TEXT = 400;

/** `drop:data:3:client1`, `reorder:data:/10:>client2:4`, `freeze:client2`, `freeze:data:40:client2`, `latency:client1:50`. */
export function parseFrameFault(text: string, option = '--frame-fault'): FrameFault {
  const refuse = (expected: string): DoctorError =>
    new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value: text.slice(0, LONGEST_TEXT), expected });
  const [name = '', ...parts] = text.split(':');
  if (text.length > LONGEST_TEXT || !isFault(name)) {
    const meant = nearest(name.slice(0, LONGEST_TEXT), Object.keys(FRAME_FAULTS));
    throw refuse(`${meant === undefined ? '' : `${meant}? All: `}${Object.keys(FRAME_FAULTS).join(', ')}`);
  }
  const kind: FrameFaultKind = FRAME_FAULTS[name];
  const usage = usageOf(name);
  const takesMessage = kind.target === 'message' || (kind.target === 'connection' && MESSAGE_KINDS.some((known) => known === parts[0]));
  const trigger = takesMessage
    ? { kind: messageKind(parts.shift(), refuse, usage), which: parseWhich(parts.shift(), refuse, usage) }
    : undefined;
  if (!takesMessage && parts.length === 0) throw refuse(usage);
  const where = parseWhere(parts.shift(), kind.target === 'message', refuse, usage);
  const number = kind.number === undefined ? 0 : Number(parts.shift() ?? kind.number.usual);
  if (parts.length > 0) throw refuse(usage);
  if (kind.number !== undefined && !(number >= kind.number.least && number <= kind.number.most))
    throw refuse(`${usage}, ${kind.number.unit} from ${kind.number.least} to ${kind.number.most}`);
  return { name, text, trigger, where, number };
}

type Refuse = (expected: string) => DoctorError;

/** How a fault is written, for tables and complaints. */
export function usageOf(name: FrameFaultName): string {
  const kind: FrameFaultKind = FRAME_FAULTS[name];
  const number = kind.number === undefined ? '' : `[:${kind.number.unit}]`;
  if (kind.target === 'message') return `${name}:KIND[:WHICH[:WHERE${number}]]`;
  if (kind.target === 'connection') return `${name}:WHERE or ${name}:KIND[:WHICH[:WHERE]]`;
  return `${name}:WHERE${number}`;
}

function messageKind(text: string | undefined, refuse: Refuse, usage: string): MessageKind {
  const known = MESSAGE_KINDS.find((kind) => kind === text);
  if (known === undefined) throw refuse(`${usage}, KIND of ${MESSAGE_KINDS.join(', ')}`);
  return known;
}

function parseWhich(text: string | undefined, refuse: Refuse, usage: string): Which {
  if (text === undefined || text === '') return { by: 'nth', n: 1 };
  if (text === '*') return { by: 'from', n: 1 };
  const [, by = '', number = '', plus = ''] = /^([/~]?)(\d{1,9}(?:\.\d{1,9})?)(\+?)$/.exec(text) ?? [];
  const value = Number(number);
  if (`${by}${plus}` === '~' && value > 0 && value <= 1) return { by: 'share', share: value };
  if (value >= 1 && Number.isInteger(value)) {
    if (by === '/' && plus === '') return { by: 'every', n: value };
    if (by === '') return { by: plus === '+' ? 'from' : 'nth', n: value };
  }
  throw refuse(`${usage}, WHICH such as 3 (the third), 3+ (from the third on), /3 (every third), ~0.05 (a share by chance), * (all)`);
}

function parseWhere(text: string | undefined, isMessage: boolean, refuse: Refuse, usage: string): Where {
  const anybody: Where = { from: undefined, to: undefined, party: undefined };
  if (text === undefined || text === '' || text === '*') return anybody;
  const [from = '', to, ...more] = text.split('>');
  const isPlain = [from, to ?? ''].every((name) => /^[^\s:>]{0,254}$/.test(name)) && more.length === 0;
  if (!isPlain || (from === '' && (to ?? '') === '') || (!isMessage && from !== '' && (to ?? '') !== ''))
    throw refuse(
      `${usage}, WHERE such as client1, client1> (what it sends), >client1 (what it receives)${isMessage ? ', client1>client2' : ''}`,
    );
  if (to === undefined) return { ...anybody, party: from };
  return { from: from === '' ? undefined : from, to: to === '' ? undefined : to, party: undefined };
}

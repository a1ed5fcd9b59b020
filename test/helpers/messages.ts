/** Messages of every type, for property tests. */
import * as fc from 'fast-check';
import { FIELDS, MESSAGE_TYPES, type FieldKind, type Message } from '../../src/protocol/message.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 }).map((s) => s.toWellFormed());
const count = fc.oneof(fc.nat(), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 400 }).map((b) => Buffer.from(b));
const VALUES: Readonly<Record<FieldKind, fc.Arbitrary<unknown>>> = { text, count, bytes, texts: fc.array(text, { maxLength: 4 }) };

/** Any message of a type with fields; an optional one is missing, nil or there. */
export const messages: fc.Arbitrary<Message> = fc.oneof(
  ...MESSAGE_TYPES.filter((type) => FIELDS[type] !== undefined).map((type) =>
    fc.record(
      Object.fromEntries([
        ['type', fc.constant(type)],
        ['id', text],
        ...(FIELDS[type] ?? []).map((f) => [f.name, f.optional === true ? fc.option(VALUES[f.kind]) : VALUES[f.kind]]),
      ]) as Record<string, fc.Arbitrary<unknown>>,
      { requiredKeys: ['type', 'id', ...(FIELDS[type] ?? []).filter((f) => f.optional !== true).map((f) => f.name)] },
    ),
  ),
) as unknown as fc.Arbitrary<Message>;

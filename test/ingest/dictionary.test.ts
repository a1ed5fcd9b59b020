import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dictionary, MAX_TEXT, pathParts, unescapeText } from '../../src/ingest/dictionary.ts';
import { STREAM, CLIENT1, RUN } from './sandbox.ts';

function idOf(dictionary: Dictionary, text: string, escaped = false): number {
  const bytes = Buffer.alloc(Buffer.byteLength(text) + 8);
  const end = bytes.write(text);
  return dictionary.idOf(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, end, escaped);
}

describe('the dictionary', () => {
  it('gives equal texts equal ids and other texts others, by bytes and by text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('a', 'b', 'a@x/p', 'é', 'ab\\n')), { maxLength: 200 }),
        (texts) => {
          const dictionary = new Dictionary();
          expect(idOf(dictionary, '')).toBe(-1);
          const ids = new Map<string, number>();
          for (const text of texts.filter((one) => one !== '')) {
            const id = idOf(dictionary, text);
            expect(ids.get(text) ?? id).toBe(id);
            ids.set(text, id);
            expect(dictionary.idOfText(dictionary.textOf(id) ?? '')).toBe(id);
          }
        },
      ),
    );
  });

  it('grows beyond its first tables', () => {
    const dictionary = new Dictionary();
    const texts = Array.from({ length: 5000 }, (_, i) => `session-${i}-${'x'.repeat(i % 40)}`);
    const ids = texts.map((text) => idOf(dictionary, text));
    expect(new Set(ids).size).toBe(5000);
    expect(texts.map((text) => idOf(dictionary, text))).toEqual(ids);
    expect(dictionary.since(4998)).toEqual(texts.slice(4998));
  });

  it('takes escaped and plain forms of a text as one', () => {
    const dictionary = new Dictionary();
    expect(idOf(dictionary, 'a\\"b', true)).toBe(idOf(dictionary, 'a"b'));
    expect(idOf(dictionary, 'a\\"b', false)).not.toBe(idOf(dictionary, 'a"b'));
  });

  it('keeps beginning and end of a long text', () => {
    const dictionary = new Dictionary();
    const kept = dictionary.textOf(idOf(dictionary, `${'a'.repeat(3000)}END`)) ?? '';
    expect(kept.length).toBe(MAX_TEXT);
    expect(kept).toMatch(/^a+…a+END$/);
  });
});

describe('escapes', () => {
  it('of both programs are undone', () => {
    expect(unescapeText('a\\\\n\\n\\t\\"\\u00e9\\x41\\a')).toBe('a\\n\n\t"éA ');
  });
});

describe('the parts of a path', () => {
  it.each([
    [STREAM, { owner: CLIENT1, flow: 'syqure-flow', run: RUN, channel: '1_to_2', file: 'stream.tcp.request' }],
    [
      `/home/dev/sandbox/x@y/datasites/${STREAM}`,
      { owner: CLIENT1, flow: 'syqure-flow', run: RUN, channel: '1_to_2', file: 'stream.tcp.request' },
    ],
    ['a@x/shared/0_to_1/stream.tcp.request', { owner: 'a@x', flow: null, run: null, channel: '0_to_1', file: 'stream.tcp.request' }],
    ['a@x/_mpc/syft.pub.yaml', { owner: 'a@x', flow: null, run: 'a@x', channel: null, file: 'syft.pub.yaml' }],
    ['nothing', { owner: null, flow: null, run: null, channel: null, file: 'nothing' }],
  ])('%s', (path, parts) => {
    expect(pathParts(path)).toEqual(parts);
  });
});

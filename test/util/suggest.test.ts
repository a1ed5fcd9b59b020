import { expect, test } from 'vitest';
import { nearest } from '../../src/util/suggest.ts';

const known = ['self-route', 'sender-lock-drop', 'F-3', 'HLD_INPUT_UNREADABLE'];

test.each([
  ['self-rout', 'self-route'],
  ['sender-lock', 'sender-lock-drop'],
  ['hld_input_unreadable', 'HLD_INPUT_UNREADABLE'],
])('%s was probably %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test('a word that is near nothing gets no guess', () => {
  expect(nearest('completely-else', known)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { diagnosisSchema } from '../../src/model/diagnosis.ts';
import { renderJson } from '../../src/report/json.ts';
import { CASES, stall } from './cases.ts';

test.each(Object.entries(CASES))('%s is written whole and read back', (_name, make) => {
  const text = renderJson(make());
  expect(text.endsWith('}\n')).toBe(true);
  expect(diagnosisSchema.parse(JSON.parse(text))).toEqual(make());
});

test('the same diagnosis gives the same bytes', () => {
  expect(renderJson(stall())).toBe(renderJson(stall()));
});

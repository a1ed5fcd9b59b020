import { describe, expect, test } from 'vitest';
import { excerptLines, message } from '../../src/report/excerpt.ts';
import { safeText } from '../../src/report/text.ts';

const time = '2026-11-22T13:25:47.472Z';
const PATH = 'aggregator@sandbox.local/shared/flows/syqure-flow/29510841-3a82b861f31a/_mpc/0_to_1/stream.tcp.request';
const show = (text: string) => safeText(text, false);

describe('excerpts', () => {
  test.each([
    [`time=${time} level=INFO msg="hotlink \\"x\\" sent" n=1`, 'hotlink "x" sent n=1'],
    [`time=${time} level=INFO msg="hotlink cut before pay…`, 'hotlink cut before pay…'],
    [`${time} INFO hotlink sent`, 'hotlink sent'],
    [
      "2026-11-22 23:25:47 WRN server/server.go:506 hotlink data rejected (not sender) session='c'",
      "hotlink data rejected (not sender) session='c'",
    ],
    [`{"time":"${time}","level":"WARN","msg":"hotlink data rejected","session":"c","n":2}`, 'hotlink data rejected session=c n=2'],
    ['{"time":"2026', '{"time":"2026'],
  ])('drop the head of %s', (text, expected) => {
    expect(message({ text, time })).toBe(expected);
  });

  test('keep the head when no time stands beside it', () => {
    expect(message({ text: `${time} INFO hotlink sent` })).toBe(`${time} INFO hotlink sent`);
  });

  test('shorten ids and the middle of long paths as far as room demands', () => {
    const text = `open: session=cfde99a0-6c41-4965-8e9b-78fcbe946605 path=${PATH}`;
    const at = (width: number) => excerptLines(text, width, 2, show, false);
    expect(at(100)).toEqual(['open: session=cfde99a0… path=aggregator@sandbox.local/…/0_to_1/stream.tcp.request']);
    expect(at(75)).toEqual(['open: session=cfde99a0… path=aggregator@…/0_to_1/stream.tcp.request']);
    expect(at(60)).toEqual(['open: session=cfde99a0… path=…/0_to_1/stream.tcp.request']);
    expect(at(46)).toEqual(['open: session=cfde99a0…', 'path=aggregator@…/0_to_1/stream.tcp.request']);
  });

  test('take at most the lines that they are given', () => {
    const lines = excerptLines('word '.repeat(40), 20, 2, show, false);
    expect(lines).toEqual(['word word word word', 'word word word word…']);
  });
});

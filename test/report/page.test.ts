import { describe, expect, test } from 'vitest';
import { Page } from '../../src/report/page.ts';
import { span } from '../../src/report/text.ts';

const page = (color = false, width = 60) => new Page({ width, color, ascii: false });

describe('page', () => {
  test('sets later lines of a text below the first word after the label', () => {
    const sheet = page();
    sheet.prose('word '.repeat(14).trim(), 2, 'Do  ');
    expect(sheet.toString().split('\n')).toEqual([`  Do  ${'word '.repeat(11).trim()}`, `      ${'word '.repeat(3).trim()}`, '']);
  });

  test('puts a right part at the edge, or after a text that it would squeeze', () => {
    const sheet = page();
    sheet.row('left', 'right', 2);
    sheet.row('word '.repeat(12), 'r'.repeat(40), 2);
    sheet.row('w'.repeat(30), 'r'.repeat(40), 2);
    expect(sheet.toString().split('\n')).toEqual([
      `  left${' '.repeat(49)}right`,
      `  ${'word '.repeat(11).trim()}`,
      `  word${' '.repeat(14)}${'r'.repeat(40)}`,
      `  ${'w'.repeat(30)}`,
      `${' '.repeat(20)}${'r'.repeat(40)}`,
      '',
    ]);
  });

  test('lets only a whole token be wider than itself', () => {
    const sheet = page();
    sheet.line('x'.repeat(70));
    sheet.whole(`${'p'.repeat(70)}:12`, 8);
    expect(sheet.toString().split('\n')).toEqual([`${'x'.repeat(59)}…`, `${'p'.repeat(70)}:12`, '']);
  });

  test('never has two empty lines in a row, nor one at the top or the end', () => {
    const sheet = page();
    sheet.blank();
    sheet.line('a');
    sheet.blank();
    sheet.blank();
    sheet.line('b');
    sheet.blank();
    expect(sheet.toString()).toBe('a\n\nb\n');
  });

  test('colours only when asked, and prints the same words', () => {
    const write = (color: boolean) => {
      const sheet = page(color);
      sheet.prose([span('two words', 'bold', 'red'), span(' plain')], 0);
      return sheet.toString();
    };
    expect(write(true)).toBe('\u001B[1;31mtwo words \u001B[0mplain\n');
    expect(write(false)).toBe('two words plain\n');
  });

  test('is never narrower than 60 columns', () => {
    expect(new Page({ width: Number.NaN, color: false, ascii: false }).width).toBe(60);
    expect(new Page({ width: 10, color: false, ascii: false }).width).toBe(60);
  });
});

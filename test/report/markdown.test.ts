import { describe, expect, it } from 'vitest';
import { code, fenced, renderMarkdown, text } from '../../src/report/markdown.ts';
import { sampleCases } from '../helpers/cases.ts';
import { HOSTILE, poisoned, poisonedGate } from '../helpers/formats.ts';
import { gateSet, recorded } from '../helpers/gate.ts';
import { forCases, size } from '../helpers/mutate.ts';

/** The kinds of blocks that a reader sees, line by line: headings, rows of tables, items, rules, and fences with what they enclose. */
function blocksOf(markdown: string): string[] {
  const out: string[] = [];
  let fence = '';
  for (const line of markdown.split('\n')) {
    const marks = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence !== '') {
      if (marks !== null && marks[1]?.startsWith(fence) === true && marks[2]?.trim() === '') {
        fence = '';
        out.push('/fence');
      }
      continue;
    }
    if (marks !== null) {
      fence = marks[1] ?? '';
      out.push('fence');
    } else if (/^ {0,3}#{1,6}(?: |$)/.test(line)) out.push(`h${line.trim().split(' ')[0]?.length ?? 0}`);
    else if (line.startsWith('|')) out.push(`row of ${line.replaceAll(/\\./g, '').split('|').length - 2}`);
    else if (/^ {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/.test(line)) out.push('rule');
    else if (/^ {0,3}(?:[-+*]|\d+[.)]) /.test(line)) out.push('item');
    else if (/^ {0,3}(?:>|=+\s*$)/.test(line)) out.push('quote or underline');
  }
  expect(fence, 'a fence that nothing closes').toBe('');
  return out;
}

/** Marks that are not behind a backslash, outside of code. */
function bare(markdown: string): string {
  return markdown
    .replaceAll(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '')
    .replaceAll(/\\[!-/:-@[-`{-~]/g, '')
    .replaceAll('@<!-- -->', '');
}

describe('Markdown', () => {
  it.each(sampleCases().map((c) => c.name))('of %s leads with the verdict and names the first cause', (name) => {
    const d = recorded(name);
    const markdown = renderMarkdown([d]);
    expect(markdown.split('\n')[0]).toContain(d.verdict);
    expect(markdown).toContain(d.causes[0] === undefined ? '' : `### 1. ${text(d.causes[0].rule)}`);
  });

  it('of a gated document shows what decided first', () => {
    const markdown = renderMarkdown(gateSet([recorded('healthy')], { policy: 'smoke' }));
    expect(markdown).toContain('### Gate failed: policy smoke, fails on error, exit code 1');
    expect(markdown.indexOf('❌ failed')).toBeLessThan(markdown.indexOf('✅ passed'));
  });

  it('keeps its structure whatever the evidence says', async () => {
    await forCases(size(60, 600), (chance) => {
      const sample = chance.pick(['stall-e3-debug', 'healthy', 'published-29509799', 'wire-stall']);
      expect(blocksOf(renderMarkdown([poisoned(sample, chance)]))).toEqual(blocksOf(renderMarkdown([recorded(sample)])));
      const gated = renderMarkdown([poisonedGate(sample, chance)]);
      expect(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(gated)).toBe(false);
      expect(bare(gated)).not.toMatch(/<(?!!-- -->)[a-z!/]|\]\(|&(?:#|[a-z]+;)|(?:^|[^\p{L}\p{N}])@[\p{L}]/iu);
      expect(new Set(blocksOf(gated).filter((b) => b.startsWith('row')))).toEqual(
        new Set(['row of 3', `row of ${recorded(sample).parties.length + 1}`]),
      );
    });
  });

  it.each(HOSTILE)('is escaped as text, as code and behind a fence: %j', (words) => {
    expect(blocksOf(`a ${text(words)}`)).toEqual([]);
    expect(text(words)).not.toContain('\n');
    const span = code(words);
    const ticks = /^`+/.exec(span)?.[0] ?? '';
    expect(span.slice(ticks.length, -ticks.length)).not.toMatch(new RegExp(`(?<!\`)${ticks}(?!\`)`));
    expect(blocksOf(fenced([words, '```', '~~~']))).toEqual(['fence', '/fence']);
  });
});

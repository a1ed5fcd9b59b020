import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPageAssets } from '../../src/cli/html-assets.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { contentsOf, sampleOf, tagsOf, withTexts } from '../helpers/html.ts';
import { CASES, emptyDiagnosis, stall } from './cases.ts';

const ASSETS = loadPageAssets();
const SAMPLES = ['stall-e3-debug', 'healthy', 'published-29509799', 'silent-application', 'split-client', 'console-unroutable'] as const;
const PAGES = [
  ...Object.entries(CASES).map(([name, make]) => ({ name, d: make() })),
  ...SAMPLES.map((name) => ({ name, d: sampleOf(name) })),
];

/** Attributes that may hold an address. */
const ADDRESSES = ['href', 'src', 'action', 'formaction', 'data', 'poster', 'srcset', 'xlink:href', 'ping', 'cite', 'background'];

describe.each(PAGES)('the page of $name', ({ d }) => {
  const page = renderHtml(d, ASSETS);
  const tags = tagsOf(page);

  test('is the same bytes again, also of the document after a way through JSON', () => {
    expect(renderHtml(d, ASSETS)).toBe(page);
    expect(renderHtml(JSON.parse(JSON.stringify(d)) as typeof d, ASSETS)).toBe(page);
  });

  test('names no address but its own parts, and all of those are there', () => {
    const ids = tags.flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { attributes } of tags)
      for (const key of ADDRESSES) {
        const value = attributes.get(key);
        if (value === undefined) continue;
        expect(value).toMatch(/^#[a-z0-9-]+$/);
        expect(ids).toContain(value.slice(1));
      }
    expect(contentsOf(page, 'style').join('\n')).not.toMatch(/url\(|@import|image-set/);
  });

  test('allows its own scripts and styles by their hashes and nothing else', () => {
    const policy =
      tags.find(({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy')?.attributes.get('content') ?? '';
    expect(policy).toMatch(/^default-src &#39;none&#39;;/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
    const allowed = [...policy.matchAll(/sha256-[\w+/=]+/g)].map(([one]) => one);
    expect([...contentsOf(page, 'script'), ...contentsOf(page, 'style')].map(hash).toSorted()).toEqual(allowed.toSorted());
    for (const { attributes } of tags) for (const key of attributes.keys()) expect(key).not.toMatch(/^on|^style$/);
  });

  test('says the verdict before all else, in one heading', () => {
    expect(tags.filter(({ name }) => name === 'h1')).toHaveLength(1);
    expect(page.indexOf('<h1')).toBeLessThan(page.indexOf('<h2'));
    expect(
      page
        .slice(page.indexOf('<h1'))
        .replaceAll(/<[^>]+>/g, '')
        .trim()
        .slice(0, 30)
        .toLowerCase(),
    ).toContain(d.verdict);
  });

  test('shows every cause, every rule and every party', () => {
    for (const { rule } of d.causes) expect(page).toContain(`<code>${rule}</code>`);
    const remedies = d.causes.filter(({ remedy }) => remedy !== '');
    expect(page.split('<strong>Do</strong>')).toHaveLength(remedies.length + 1);
    for (const { rule } of d.verdicts) expect(page).toContain(`<code>${rule}</code>`);
    const drawn = d.flows.length > 0 ? d.parties : [];
    for (const { role } of drawn) expect(page).toContain(role);
  });
});

/** Attributes whose values are ours alone. */
const OURS = [...ADDRESSES, 'id', 'class', 'name', 'for', 'aria-labelledby'];

/** Pieces that would break out of somewhere if anything let them. */
const HOSTILE = [
  '<script>zqx()</script>',
  '</script><img src=x onerror=zqx()>',
  '"><svg onload=zqx()>',
  "' onclick='zqx()",
  '" autofocus onfocus=zqx() "',
  '<!--zqx',
  ']]>zqx',
  'javascript:zqx()',
  '</style><style>zqx{}',
  '&lt;zqx&gt;&#x3c;zqx',
  '\u202Ezqx\u2028\u2029\u0000\uD800',
  '{{zqx}}${zqx}`zqx`',
  '#zqx',
];

describe('hostile text', () => {
  const namesIn = (tags: ReturnType<typeof tagsOf>) => new Set(tags.flatMap(({ name, attributes }) => [name, ...attributes.keys()]));
  const known = new Set(PAGES.flatMap(({ d }) => [...namesIn(tagsOf(renderHtml(d, ASSETS)))]));

  test('never becomes an element, the name of an attribute, an id or an address', () => {
    const documents = [stall(), sampleOf('stall-e3-debug'), sampleOf('split-client')];
    fc.assert(
      fc.property(
        fc.nat(documents.length - 1),
        fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' })), { minLength: 1, maxLength: 40 }),
        (which, texts) => {
          const d = withTexts(documents[which] ?? stall(), (before, i) => (i % 3 === 0 ? before : '') + (texts[i % texts.length] ?? ''));
          const page = renderHtml(d, ASSETS);
          const tags = tagsOf(page);
          expect([...namesIn(tags)].filter((name) => !known.has(name))).toEqual([]);
          const ours = tags.flatMap(({ attributes }) => OURS.map((key) => attributes.get(key) ?? ''));
          expect(ours.filter((value) => value.includes('zqx'))).toEqual([]);
          expect(page).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u2028\u2029\uD800-\uDFFF]/u);
          expect(contentsOf(page, 'script', ' type="application/json" id="plot-data"')[0]).not.toMatch(/[<>]/);
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  test('stands on the page as text', () => {
    const page = renderHtml({ ...emptyDiagnosis(), because: '<b>"zqx" & \'co\'</b>' }, ASSETS);
    expect(page).toContain('&lt;b&gt;&quot;zqx&quot; &amp; &#39;co&#39;&lt;/b&gt;');
  });
});

describe('a document without series', () => {
  test('says what is missing and how to get it', () => {
    const page = renderHtml(sampleOf('stall-e3-debug'), ASSETS);
    expect(page).toContain('it was saved without --detail');
    expect(page).not.toContain('data-plot="stream-');
  });
});

describe('directions that went past the relay', () => {
  test('are not marked as lost there', () => {
    const d = stall();
    const one = { min: 500, max: 500 };
    const none = { min: 0, max: 0 };
    const past = d.flows.map((flow) => ({
      ...flow,
      state: 'delivered' as const,
      lost: none,
      sent: one,
      delivered: one,
      hops: { sent: one, relayed: none, received: one, written: one },
    }));
    const page = renderHtml({ ...d, flows: past }, ASSETS);
    expect(page).not.toContain('lost before here');
    expect(page).toContain('the rest peer to peer');
  });
});

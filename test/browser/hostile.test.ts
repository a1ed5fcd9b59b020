/** Text of logs in a real browser: whatever it says, it is text. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPageAssets } from '../../src/cli/html-assets.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { hasChromium, Reader } from '../helpers/chromium.ts';
import { sampleOf, withTexts } from '../helpers/html.ts';
import { stall } from '../report/cases.ts';

const HOSTILE = [
  '<script>globalThis.zqx = 1</script>',
  '</script><img src=x onerror="globalThis.zqx=1">',
  '"><svg/onload=globalThis.zqx=1>',
  "' onmouseover='globalThis.zqx=1' x='",
  '</title></style></svg><zqx-element zqx-attribute="1">',
  '<![CDATA[<zqx-element>]]>',
  '<a href="javascript:globalThis.zqx=1">',
  '<iframe srcdoc="<script>parent.zqx=1</script>">',
  '<meta http-equiv="refresh" content="0;url=https://example.invalid/">',
  '&#60;zqx-element&#62;',
];

/** Elements and attributes of a page as the browser parses it, and what runs. */
interface Parsed {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

const PARSE = `(text) => {
  const parsed = new DOMParser().parseFromString(text, 'text/html');
  const names = new Set();
  const addresses = [];
  for (const element of parsed.querySelectorAll('*')) {
    names.add(element.localName);
    for (const { name, value } of element.attributes) {
      names.add('@' + name);
      if (['href', 'src', 'srcdoc', 'action', 'data'].includes(name) && !value.startsWith('#')) addresses.push(value);
    }
  }
  return { names: [...names].sort(), addresses };
}`;

describe.skipIf(!hasChromium('hostile text in a browser'))('hostile text in a browser', () => {
  const reader = new Reader();
  beforeAll(async () => reader.start(), 90_000);
  afterAll(async () => reader.stop());

  test('gives the elements and attributes that harmless text gives', { timeout: 180_000 }, async () => {
    const { page } = await reader.open(stall(), 'light');
    const documents = [stall(), sampleOf('split-client'), sampleOf('stall-e3-debug')];
    const parse = async (text: string): Promise<Parsed> => page.evaluate(`(${PARSE})(${JSON.stringify(text)})`);
    const known = new Set<string>();
    for (const d of documents) for (const name of (await parse(renderHtml(d, loadPageAssets()))).names) known.add(name);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(documents.length - 1),
        fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme' })), { minLength: 1, maxLength: 30 }),
        async (which, texts) => {
          const d = withTexts(documents[which] ?? stall(), (before, i) => (i % 2 === 0 ? before : '') + (texts[i % texts.length] ?? ''));
          const { names, addresses } = await parse(renderHtml(d, loadPageAssets()));
          expect(names.filter((name) => !known.has(name))).toEqual([]);
          expect(addresses).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
    await page.context().close();
  });

  test('runs nothing, asks for nothing, and is there to be read', { timeout: 180_000 }, async () => {
    const d = withTexts(sampleOf('stall-e3-debug'), (before, i) => `${HOSTILE[i % HOSTILE.length] ?? ''}${before}`);
    const { page, complaints, requests } = await reader.open(d, 'light');
    await page.evaluate('document.querySelectorAll("details").forEach((d) => { d.open = true; })');
    await page.mouse.wheel(0, 4000);
    await page.waitForTimeout(200);
    expect(await page.evaluate("'zqx' in globalThis")).toBe(false);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    expect(await page.locator('.because').innerText()).toContain(d.because.slice(0, 12));
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.context().close();
  });
});

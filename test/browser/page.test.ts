/** The page in a real browser: from disk, with and without scripts, wide and narrow, light and dark, on paper. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AxeResults } from 'axe-core';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { hasChromium, Reader, type Mode } from '../helpers/chromium.ts';
import { sampleOf } from '../helpers/html.ts';
import { judgeStory } from '../helpers/judge.ts';
import { story } from '../helpers/story.ts';
import { CASES } from '../report/cases.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SECONDS = 90_000;

/** A lossy run of three parties with every kind of line that a page draws. */
async function stallWithDetail(): Promise<Diagnosis> {
  const told = story({ parties: ['aggregator', 'client1', 'client2'], era: 'E3', debug: true }).start();
  told.connect('aggregator').connect('client1').connect('client2');
  told.open('client1', 'aggregator').accept().data(13, 700).adopt(12_021).wait(2).open('client2', 'aggregator').accept().data(13).lose(40);
  return judgeStory(told.end(40), { detail: true });
}

describe.skipIf(!hasChromium('the page in a browser'))('the page in a browser', () => {
  const reader = new Reader();
  const documents = new Map<string, Diagnosis>(Object.entries(CASES).map(([name, make]) => [name, make()]));
  for (const name of ['stall-e3-debug', 'healthy', 'published-29509799', 'split-client', 'console-unroutable'])
    documents.set(name, sampleOf(name));
  const documentOf = (name: string): Diagnosis => {
    const d = documents.get(name);
    if (d === undefined) throw new Error(`no document ${name}`);
    return d;
  };
  beforeAll(async () => {
    documents.set('detail', await stallWithDetail());
    await reader.start();
  }, SECONDS);
  afterAll(async () => reader.stop());

  for (const name of [...documents.keys(), 'detail']) {
    test(`${name} opens from disk, asks the network for nothing and complains of nothing`, { timeout: SECONDS }, async () => {
      const { page, complaints, requests } = await reader.open(documentOf(name), 'light');
      await page.waitForTimeout(100);
      expect(complaints).toEqual([]);
      expect(requests).toEqual([]);
      expect(await page.locator('h1').innerText()).toMatch(/failed|degraded|healthy|inconclusive/i);
      await page.context().close();
    });

    test(`${name} has no sideways scrolling on a phone`, { timeout: SECONDS }, async () => {
      const { page } = await reader.open(documentOf(name), 'phone');
      for (const width of [320, 375, 430]) {
        await page.setViewportSize({ width, height: 780 });
        await page.evaluate('document.querySelectorAll("details").forEach((d) => { d.open = true; })');
        const wide = await page.evaluate<readonly [number, number]>('[document.documentElement.scrollWidth, innerWidth]');
        expect(wide[0], `at ${width}`).toBeLessThanOrEqual(wide[1]);
      }
      await page.context().close();
    });
  }

  for (const name of ['detail', 'stall-e3-debug', 'healthy', 'published-29509799'])
    for (const mode of ['light', 'dark', 'phone', 'phone, dark', 'without scripts'] as const satisfies readonly Mode[])
      test(`axe finds nothing serious in ${name}, ${mode}`, { timeout: SECONDS }, async () => {
        const { page } = await reader.open(documentOf(name), mode === 'without scripts' ? 'light' : mode);
        if (mode === 'without scripts') await page.evaluate("document.documentElement.classList.remove('js')");
        await page.evaluate('document.querySelectorAll("details").forEach((d) => { d.open = true; })');
        await page.evaluate(AXE);
        const { violations, passes } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        expect(
          serious.map(
            ({ id, nodes }) =>
              `${id}: ${nodes
                .map(({ html }) => html.slice(0, 200))
                .slice(0, 3)
                .join(' | ')}`,
          ),
        ).toEqual([]);
        expect(passes.map(({ id }) => id)).toContain('color-contrast');
        await page.context().close();
      });

  test('the policy stops a script, a style and an address that something put into the page', { timeout: SECONDS }, async () => {
    const { page, complaints } = await reader.open(documentOf('detail'), 'light');
    const outcome = await page.evaluate(`(async () => {
      const blocked = [];
      document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'globalThis.injected = true';
      document.body.append(script);
      const button = document.createElement('button');
      button.setAttribute('onclick', 'globalThis.injected = true');
      document.body.append(button);
      button.click();
      const styled = document.createElement('div');
      styled.innerHTML = '<p style="position:fixed">x</p><style>body{display:none}</style><img src="https://example.invalid/x.png">';
      document.body.append(styled);
      const fetched = await fetch('https://example.invalid/').then(
        () => 'fetched',
        () => 'refused',
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      return {
        injected: 'injected' in globalThis,
        blocked: [...new Set(blocked)].toSorted(),
        fetched,
        display: getComputedStyle(document.body).display,
        position: getComputedStyle(styled.firstElementChild ?? styled).position,
      };
    })()`);
    expect(outcome).toEqual({
      injected: false,
      blocked: ['connect-src', 'img-src', 'script-src-attr', 'script-src-elem', 'style-src-attr', 'style-src-elem'],
      fetched: 'refused',
      display: 'block',
      position: 'static',
    });
    expect(complaints.join('\n')).toContain('Content Security Policy');
    await page.context().close();
  });

  test('the keyboard reaches and opens everything that unfolds', { timeout: SECONDS }, async () => {
    const { page } = await reader.open(documentOf('detail'), 'light');
    const all = await page.locator('details').count();
    expect(all).toBeGreaterThan(20);
    for (let step = 0; step < 2500; step++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate<string>(`(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return 'end';
        return element.tagName === 'SUMMARY' && !element.parentElement.open ? 'closed' : 'other';
      })()`);
      if (at === 'end') break;
      if (at === 'closed') await page.keyboard.press('Enter');
    }
    expect(await page.locator('details:not([open])').count()).toBe(0);
    await page.context().close();
  });

  test('it is whole without scripts', { timeout: SECONDS }, async () => {
    const d = documentOf('detail');
    const { page, complaints } = await reader.open(d, 'without scripts');
    expect(complaints).toEqual([]);
    const charts = page.locator('svg.chart');
    expect(await charts.count()).toBeGreaterThanOrEqual(d.parties.length + 2);
    for (const chart of await charts.all()) expect((await chart.boundingBox())?.height).toBeGreaterThan(100);
    expect(await page.locator('svg.picture.wide').isVisible()).toBe(true);
    expect(await page.locator('svg.sequence:visible').first().isVisible()).toBe(true);
    expect(await page.locator('.live').first().isVisible()).toBe(false);
    const details = page.locator('.cause details').first();
    await details.locator('summary').click();
    expect(await details.locator('.cited').isVisible()).toBe(true);
    const before = await page.locator('svg.sequence:visible').first().boundingBox();
    await page.getByLabel('200 %').check();
    const after = await page.locator('svg.sequence:visible').first().boundingBox();
    expect(after?.width).toBeCloseTo((before?.width ?? 0) * 2, 0);
    await page.context().close();
  });

  test('plots take the place of the drawings, and the keyboard looks closer', { timeout: SECONDS }, async () => {
    const { page } = await reader.open(documentOf('detail'), 'light');
    const plots = page.locator('.live');
    expect(await page.locator('.live canvas').count()).toBe(await plots.count());
    expect(await page.locator('svg.chart').first().isVisible()).toBe(false);
    const pictureOf = async (): Promise<string> => page.evaluate<string>("document.querySelector('canvas').toDataURL()");
    const whole = await pictureOf();
    await plots.first().focus();
    await page.keyboard.press('+');
    await page.waitForTimeout(100);
    const closer = await pictureOf();
    expect(closer).not.toBe(whole);
    await page.keyboard.press('Escape');
    await page.waitForTimeout(100);
    expect(await pictureOf()).toBe(whole);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForTimeout(100);
    expect(await pictureOf()).not.toBe(whole);
    await page.context().close();
  });

  test('it prints', { timeout: SECONDS }, async () => {
    const { page } = await reader.open(documentOf('detail'), 'dark');
    const pdf = await page.pdf({ format: 'A4', printBackground: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(20_000);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('svg.chart').first().isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.context().close();
  });
});

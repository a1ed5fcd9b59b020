/** A real browser for tests of pages. Where there is none, the tests that need it skip and say so. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { loadPageAssets } from '../../src/cli/html-assets.ts';
import { renderHtml } from '../../src/report/html/page.ts';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = PATHS.find((path) => existsSync(path));

/** False: no test of this file can run. Says why, once a file. */
export function hasChromium(what: string): boolean {
  if (executablePath !== undefined) return true;
  console.warn(`SKIPPED: ${what}: no Chromium here (looked for ${PATHS.join(', ')}); apt-get install -y --no-install-recommends chromium`);
  return false;
}

export const MODES = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 375, height: 780 }, isMobile: true, hasTouch: true },
  'phone, dark': { colorScheme: 'dark', viewport: { width: 375, height: 780 }, isMobile: true, hasTouch: true },
  'without scripts': { javaScriptEnabled: false, viewport: { width: 1280, height: 900 } },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;

export type Mode = keyof typeof MODES;

export interface Opened {
  readonly page: Page;
  /** Console lines and errors, and addresses that the page asked for beside itself. */
  readonly complaints: string[];
  readonly requests: string[];
}

/** A browser and a folder of pages, for one test file. */
export class Reader {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hld-page-'));
  #browser: Browser | undefined;

  async start(): Promise<void> {
    this.#browser = await chromium.launch({ executablePath: executablePath ?? '', args: FLAGS });
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Renders a document into a file and opens it from disk. */
  async open(d: Diagnosis, mode: Mode): Promise<Opened> {
    const path = join(this.#folder, 'report.html');
    writeFileSync(path, renderHtml(d, loadPageAssets()));
    if (this.#browser === undefined) throw new Error('start the reader first');
    const context = await this.#browser.newContext(MODES[mode]);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    return { page, complaints, requests: requests.filter((url) => url !== pathToFileURL(path).href) };
  }
}

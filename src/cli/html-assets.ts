/** The plotting library as text, from where npm put it, for pages that hold everything themselves. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { PageAssets } from '../report/html/page.ts';

/** Line feeds at the ends are taken off, so that the page's hashes are of what stands between the tags. */
function read(path: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(path), 'utf8').trim();
}

export function loadPageAssets(): PageAssets {
  return { plotScript: read('uplot/dist/uPlot.iife.min.js'), plotStyle: read('uplot/dist/uPlot.min.css') };
}

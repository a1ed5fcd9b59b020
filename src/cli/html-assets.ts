/** The plotting library as text, from where npm put it, for pages that hold everything themselves. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { PageAssets } from '../report/html/page.ts';

/** Blanks at the ends are taken off, so that the page's hashes are of what stands between the tags. */
function read(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

export function loadPageAssets(): PageAssets {
  const require = createRequire(import.meta.url);
  return {
    plotScript: read(require.resolve('uplot/dist/uPlot.iife.min.js')),
    plotStyle: read(require.resolve('uplot/dist/uPlot.min.css')),
  };
}

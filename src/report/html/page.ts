/** The report as one page: opens from disk, asks the network for nothing, and is whole without scripts. */
import { createHash } from 'node:crypto';
import type { Diagnosis } from '../../model/diagnosis.ts';
import { nextCommands } from '../closing.ts';
import { causesSection, excludedSection, othersSection } from './causes.ts';
import { dataOf } from './chart.ts';
import { accountingSection, clocksSection, filesSection, openSection, rulesSection, waitsSection } from './closing.ts';
import { gateSection } from './gate.ts';
import { flowsSection } from './ledger.ts';
import { element, html, jsonText, type Markup } from './markup.ts';
import { PAGE_SCRIPT } from './script.ts';
import { sequenceSection, sequenceWidth } from './sequence.ts';
import { pageStyle } from './style.ts';
import { plotsOf, timelinesSection } from './timelines.ts';
import { drawVerdict, runName, verdictWord } from './verdict.ts';
import { viewOf, type Section, type View } from './view.ts';

/** The plotting library's own text, handed in: this layer reads no files. */
export interface PageAssets {
  readonly plotScript: string;
  readonly plotStyle: string;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

/** Nothing is allowed but the very scripts and styles of this page. */
function policy(scripts: readonly string[], styles: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    `style-src ${styles.map(hashOf).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function drawSection({ id, title, gist, body }: Section): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <div class="section-head">
      <h2 id="${id}-title">${title}</h2>
      ${gist !== undefined && html`<p class="gist">${gist}</p>`}
    </div>
    ${body}
  </section> `;
}

function drawFooter(view: View): Markup {
  const commands = nextCommands(view.d, view.names);
  return html`<footer>
    <p>Go on with</p>
    <ul>
      ${commands.map(({ command, gives }) => html`<li><code>${command}</code>${gives !== '' && html` ${gives}`}</li>`)}
    </ul>
    <p>Everything here comes from one document, ${view.d.schema}; this page asks the network for nothing.</p>
  </footer>`;
}

export function renderHtml(d: Diagnosis, assets: PageAssets): string {
  const view = viewOf(d);
  const plots = plotsOf(view);
  const sections = [
    causesSection(view),
    gateSection(view),
    flowsSection(view),
    timelinesSection(view, plots),
    sequenceSection(view),
    waitsSection(view),
    othersSection(view),
    excludedSection(view),
    openSection(view),
    rulesSection(view),
    accountingSection(view),
    clocksSection(view),
  ].filter((section) => section !== undefined);
  const files = filesSection(view);
  const all = files === undefined ? sections : [...sections, files];
  const charts = [...plots.counters, ...plots.streams];
  const styles = charts.length === 0 ? [pageStyle(sequenceWidth(view))] : [assets.plotStyle, pageStyle(sequenceWidth(view))];
  const scripts = charts.length === 0 ? [PAGE_SCRIPT] : [assets.plotScript, PAGE_SCRIPT];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy(scripts, styles)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${verdictWord(view)}: ${runName(view)}</title>
        ${styles.map((style) => element('style', style))}
      </head>
      <body>
        <a class="skip" href="#causes">Skip to the cause</a>
        <div class="layout">
          <nav aria-label="Contents">
            <ol>
              ${all.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
            </ol>
          </nav>
          <div>
            <main>${drawVerdict(view)} ${all.map(drawSection)}</main>
            ${drawFooter(view)}
          </div>
        </div>
        ${element('script', jsonText(charts.map(dataOf)), html` type="application/json" id="plot-data"`)}
        ${scripts.map((script) => element('script', script))}
      </body>
    </html> `;
  return `${page.text.trimEnd()}\n`;
}

/** The report for a person at a terminal: the verdict first, then why, then what to do, last what was not looked at. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { drawCauses, drawExcluded, drawOthers } from './causes.ts';
import { drawAccounting, drawChecked, drawClocks, drawFiles, drawNext, drawOpen, drawOtherRuns, drawTables, drawWaits } from './closing.ts';
import { counted, duration, timeSpan } from './figures.ts';
import { drawGate } from './gate.ts';
import { drawFlows } from './matrix.ts';
import { Names } from './names.ts';
import { Page, type PageOptions } from './page.ts';
import { drawParties } from './picture.ts';
import { glue, span, type Style } from './text.ts';
import { drawTimeline } from './timeline.ts';

export interface TerminalOptions extends PageOptions {
  /** Also every rule, every file, every line of evidence. */
  readonly verbose?: boolean;
}

/**
 * From this many milliseconds without movement a run is said to stand still (QUIET_LIMIT of the design): healthy runs pause
 * up to 4.5 s, recorded hangs begin at 17 s.
 */
const QUIET_LIMIT_MS = 10_000;

export const HEADLINE: Readonly<Record<Diagnosis['verdict'], readonly [string, Style]>> = {
  failed: ['✗ FAILED', 'red'],
  degraded: ['! DEGRADED', 'yellow'],
  inconclusive: ['? INCONCLUSIVE', 'yellow'],
  healthy: ['✓ HEALTHY', 'green'],
};

export const TRANSPORT: Readonly<Record<NonNullable<Diagnosis['run']>['transport'], string>> = {
  ws: 'over WebSocket',
  p2p: 'peer to peer',
  quic: 'over QUIC',
  mixed: 'WebSocket and peer to peer',
  'direct-tcp': 'direct TCP, past hotlink',
  file: 'over files',
  unknown: '',
};

export function partiesOf(d: Diagnosis): string {
  const eras = [...new Set(d.parties.map((party) => party.era.value).filter((era) => era !== null))].toSorted();
  const count = counted(d.parties.length, 'party', 'parties');
  return eras.length === 0 ? count : `${count} (${eras.join(', ')})`;
}

export function movementOf(run: NonNullable<Diagnosis['run']>): string {
  if (run.finished === true) return 'finished';
  const quiet = run.stoodStillMs;
  if (quiet === null) return run.finished === false ? 'not finished' : '';
  if (quiet >= QUIET_LIMIT_MS) return `stood still for the last ${duration(quiet)}`;
  return run.finished === false ? 'not finished, moving when the evidence ends' : 'moving when the evidence ends';
}

function drawHeadline(d: Diagnosis, names: Names, page: Page): void {
  const [words, style] = HEADLINE[d.verdict];
  const facts =
    d.run === null
      ? ['no run is visible', partiesOf(d)]
      : [
          [d.run.flow, d.run.id].filter((part) => part !== null && part !== '').join(' '),
          partiesOf(d),
          TRANSPORT[d.run.transport],
          timeSpan(d.run.startedAt, d.run.endedAt) ?? '',
          movementOf(d.run),
        ];
  const line = facts.filter((fact) => fact !== '').map(glue);
  page.prose(line.join('\u00A0· '), 0, span(`${words}   `, 'bold', style));
  if (d.because === '') return;
  page.blank();
  page.prose(span(names.prose(d.because), 'bold'), 2);
}

/** Pure: the same Diagnosis and options give the same text. */
export function renderTerminal(d: Diagnosis, options: TerminalOptions): string {
  const page = new Page(options);
  const names = new Names(d);
  const verbose = options.verbose === true;
  const brief = d.verdict === 'healthy' && !verbose;
  drawHeadline(d, names, page);
  drawParties(d, names, page);
  drawFlows(d, names, page);
  drawCauses(d, names, page, verbose);
  if (!brief) drawExcluded(d, names, page);
  if (!brief) drawWaits(d, names, page);
  drawOthers(d, names, page, verbose);
  if (!brief) drawTimeline(d, names, page);
  drawOpen(d, names, page);
  drawChecked(d, page);
  drawClocks(d, names, page, verbose);
  drawOtherRuns(d, page);
  drawAccounting(d, page, names);
  drawFiles(names, page, verbose);
  if (verbose) drawTables(d, names, page);
  drawGate(d, names, page, verbose);
  drawNext(d, names, page);
  return page.toString();
}

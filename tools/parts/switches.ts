/** The table of single switches in docs/live.md: what each takes, and what each version of the client has. */
import { BEHAVIOURS, type BehaviourName } from '../../src/proxy/party/behaviour.ts';
import { ERA_NAMES, switchList, type SwitchRow } from '../../src/proxy/party/switches.ts';

const BEGIN = '<!-- switches: written by npm run parts -- --write -->';
const END = '<!-- end of switches -->';

function row(cells: readonly string[], widths: readonly number[]): string {
  return `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
}

function shown(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** A version is named only where it differs from the one before it. */
function history(key: SwitchRow['key'], order: readonly BehaviourName[]): string {
  return order
    .map((era, i) => ({ era, value: shown(BEHAVIOURS[era][key]), before: order[i - 1] }))
    .filter(({ value, before }) => before === undefined || shown(BEHAVIOURS[before][key]) !== value)
    .map(({ era, value }) => `${value} (${era})`)
    .join(', ');
}

function switchTable(): string {
  const head = ['switch', 'what it is', 'takes', 'from which version on', 'field guide'];
  const rows = switchList().map(({ name, key, takes, says, source }) => [`\`${name}\``, says, takes, history(key, ERA_NAMES), source]);
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((cells) => cells[i]?.length ?? 0)));
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [row(head, widths), rule, ...rows.map((cells) => row(cells, widths))].join('\n');
}

/** The page with the table as it should be; a page without the place for it stays as it is. */
export function renderSwitches(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) return page;
  return `${page.slice(0, begin + BEGIN.length)}\n\n${switchTable()}\n\n${page.slice(end)}`;
}

export function switchFaults(page: string): string[] {
  if (!page.includes(BEGIN) || !page.includes(END)) return ['has no place for the table of switches'];
  return renderSwitches(page) === page ? [] : ['the table of switches is stale; run npm run parts -- --write'];
}

/**
 * The periodic line of a Rust client, E3 and later (field guide 3.7):
 * `hotlink | ↑tx 12 1.2KB(p2p:0/ws:12) | ↓rx 3 24B | p2p:off | sess in:1 out:1/0 wait`.
 */
import type { SummaryFigures } from './scan-record.ts';

const SHAPE =
  /^↑tx (\d{1,15}) (\d{1,15}(?:\.\d)?)(B|KB|MB)\(p2p:(\d{1,15})\/ws:(\d{1,15})\) \| ↓rx (\d{1,15}) (\d{1,15}(?:\.\d)?)(B|KB|MB) \| p2p:(?:UP\((\d{1,6})\)|(negotiating|off)) \| sess in:(\d{1,6}) out:(\d{1,6})\/(\d{1,6}) wait$/;

const UNIT: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 * 1024 };

/** Volumes that print as this figure: exact in bytes, else what rounds to its one decimal; undefined for what no client prints. */
function volume(figure: string, unit: string): { min: number; max: number } | undefined {
  const size = UNIT[unit] ?? 1;
  const value = Number(figure);
  if (size === 1) return Number.isInteger(value) ? { min: value, max: value } : undefined;
  // Both ends of the rounding interval may print as this figure; a unit begins where the smaller one ends.
  const min = Math.max(size, Math.ceil((value - 0.05) * size));
  const max = Math.max(min, Math.floor((value + 0.05) * size));
  return Number.isSafeInteger(max) ? { min, max } : undefined;
}

/** Figures of the text after `hotlink | `; undefined when it has another shape. */
export function parseSummary(text: string): SummaryFigures | undefined {
  const m = SHAPE.exec(text);
  if (m === null) return undefined;
  const tx = volume(m[2] ?? '', m[3] ?? '');
  const rx = volume(m[7] ?? '', m[8] ?? '');
  if (tx === undefined || rx === undefined) return undefined;
  const rest = m[10];
  return {
    txPackets: Number(m[1]),
    txBytesMin: tx.min,
    txBytesMax: tx.max,
    txP2p: Number(m[4]),
    txWs: Number(m[5]),
    rxPackets: Number(m[6]),
    rxBytesMin: rx.min,
    rxBytesMax: rx.max,
    state: rest === 'off' ? 'off' : rest === 'negotiating' ? 'negotiating' : 'up',
    p2pUp: Number(m[9] ?? 0),
    sessIn: Number(m[11]),
    outAccepted: Number(m[12]),
    outWaiting: Number(m[13]),
  };
}

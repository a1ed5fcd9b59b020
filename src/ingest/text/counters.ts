/**
 * Counters in text: the status line of the CLI (field guide 2.7) and figures that people paste into notes and issues.
 *
 *       📡 Hotlink (↑tx ↓rx data p2p-status): client1: ↑221 ↓112 4.5MB p2p:off ws_fb:3 ws_tx:221 stall:40s | client2: no-telemetry-yet
 *     - `client1`: `tx=3145848 rx=1572924 txpk=221 rxpk=112 wb=3`
 *
 * The status line's packets are exact; its volume is sent and received in one sum. Figures belong to the run that the text above
 * names, up to the next heading of the same or a higher rank. Clock: that of the line's own prefix, if it has one.
 */
import type { TableRow } from '../files/file-rows.ts';
import { FIGURE, volumeOf, type Volume } from './figures.ts';
import type { TextAnswer, TextHandler, TextLine } from './handler.ts';

const STATUS = /^\s*📡 Hotlink \([^)]{0,60}\): (.+)$/u;
const STATUS_NOTE = /^\s*ℹ️? {1,3}(?:Hotlink stats are per-party|'no-telemetry-yet' means)/u;
const ACTIVE =
  /^(\S{1,200}): ↑(\d{1,15}) ↓(\d{1,15}) (\d{1,15}(?:\.\d)?(?:B|KB|MB)) p2p:(?:UP\((\d{1,6})\)|used|off) ws_fb:(\d{1,15}) ws_tx:(\d{1,15}) stall:(\d{1,9})s$/;
const IDLE = /^(\S{1,200}): idle p2p:(?:UP\((\d{1,6})\)|used|off) stall:(\d{1,9})s$/;
const NONE_YET = /^(\S{1,200}): no-telemetry-yet$/;

const HEADING = /^ {0,3}(#{1,6})\s/;
/** Run ids that can be told from other words (field guide 2.8). */
const RUN = /\b(\d{8}-[0-9a-f]{12}|session-\d{13}|20\d{12})(?![\w-])/g;
/** Any of the words without which a line has no figures. */
const FIGURES_ABOUT = /[tr]x|ws_|wb|webrtc|stall/;
/** Longer lines are no notes of a person. */
const MOST_CHARACTERS = 2000;
/** Figures said of more runs than these are said of none in particular. */
const MOST_RUNS = 16;
/** Bullets, quotes, table bars and emphasis around a line. */
const DRESS = /^[\s>|*•+-]+|[`*|]|\s+$/g;
const PARTY = /^([A-Za-z][\w.+-]{0,80}(?:@[\w.-]{1,80})?)\s*(?:[:=,]|->)?\s+(?=\S)/;
const PARTY_ALONE = /^([A-Za-z][\w.+-]{0,80}(?:@[\w.-]{1,80})?)\s*:$/;
/** Words that stand where a party's name would. */
const NO_PARTY =
  /^(?:run|runs|telemetry|counters?|hotlink|all|both|everyone|totals?|and|with|result|status|note|example|remained|plateau|stats)$/i;

const KEYS: Readonly<Record<string, keyof Pasted>> = {
  tx: 'tx',
  tx_bytes: 'tx',
  rx: 'rx',
  rx_bytes: 'rx',
  txpk: 'txPackets',
  tx_packets: 'txPackets',
  txpkts: 'txPackets',
  rxpk: 'rxPackets',
  rx_packets: 'rxPackets',
  rxpkts: 'rxPackets',
  wb: 'wsFallbacks',
  ws_fb: 'wsFallbacks',
  ws_fallbacks: 'wsFallbacks',
  ws_tx: 'txWs',
  tx_ws: 'txWs',
  tx_ws_packets: 'txWs',
  webrtc_connected: 'webrtcConnected',
  webrtc: 'webrtcConnected',
  stall: 'stall',
};
const NAMES = Object.keys(KEYS)
  .toSorted((a, b) => b.length - a.length)
  .join('|');
const PAIR = new RegExp(String.raw`(?<![\w-])(${NAMES})\s*(?:[=:]\s*|\s+(?=[≈~\d])|(?=[≈~]))${FIGURE}(?:\s?s\b)?`, 'g');
/** `rx grows very large (~15MB+)`: a figure some words after its key. */
const LOOSE_PAIR = new RegExp(String.raw`(?<![\w-])(tx|rx)\s[a-z (]{1,40}(?=[≈~])${FIGURE}`, 'g');

interface Pasted {
  tx: Volume | undefined;
  rx: Volume | undefined;
  txPackets: number | null;
  rxPackets: number | null;
  wsFallbacks: number | null;
  txWs: number | null;
  webrtcConnected: number | null;
  stall: number | null;
}

interface Memory {
  ordinal: number;
  /** Runs that the text speaks of (several when listed on neighbouring lines), and the rank of the heading under which they were named; 0 = before any. */
  runs: string[];
  /** Line on which the last of them stands. */
  runLine: number;
  runRank: number;
  rank: number;
  /** Party whose figures stand on the lines below its name. */
  party: string | null;
}

export class CountersHandler implements TextHandler {
  private memory: Memory = { ordinal: 0, runs: [], runLine: 0, runRank: 0, rank: 0, party: null };

  save(): unknown {
    return this.memory;
  }

  restore(state: unknown): void {
    this.memory = { ...(state as Memory) };
  }

  read(line: TextLine): TextAnswer {
    const { text } = line;
    const status = text.includes('📡') ? STATUS.exec(text)?.[1] : undefined;
    if (status !== undefined) return this.status(line, status);
    if (text.includes('ℹ') && STATUS_NOTE.test(text)) return 'noise';
    if (text.length > MOST_CHARACTERS) return undefined;
    this.follow(text, line.lineNo);
    if (FIGURES_ABOUT.test(text)) return this.pasted(line);
    this.standAlone(text);
    return undefined;
  }

  private status(line: TextLine, status: string): TextAnswer {
    const rows: TableRow[] = [];
    const ordinal = this.memory.ordinal + 1;
    for (const part of status.trimEnd().split(' | ')) {
      const sample = statusSample(part);
      if (sample !== undefined) rows.push(...this.runs().map((run) => row(line, 'status', sample.party, ordinal, sample.counters, run)));
      else if (!NONE_YET.test(part)) return undefined;
    }
    this.memory.ordinal = ordinal;
    return rows.length === 0 ? 'noise' : rows;
  }

  private runs(): readonly (string | null)[] {
    return this.memory.runs.length === 0 ? [null] : this.memory.runs;
  }

  /** Keeps which runs the text speaks of. */
  private follow(text: string, lineNo: number): void {
    const m = this.memory;
    const heading = text.includes('#') ? HEADING.exec(text)?.[1] : undefined;
    if (heading !== undefined) {
      m.rank = heading.length;
      m.party = null;
      if (m.rank <= Math.max(1, m.runRank)) m.runs = [];
    }
    const named = [...text.matchAll(RUN)]
      .filter((hit) => text[hit.index - 1] !== '-')
      .map((hit) => hit[1] ?? '')
      .slice(0, MOST_RUNS);
    if (named.length === 0) return;
    const isListed = heading === undefined && m.runLine === lineNo - 1 && m.runs.length + named.length <= MOST_RUNS;
    m.runs = [...new Set([...(isListed ? m.runs : []), ...named])];
    m.runLine = lineNo;
    m.runRank = m.rank;
  }

  /** Keeps the name of a party whose figures follow on lines of their own; other words end that. */
  private standAlone(raw: string): boolean {
    const m = this.memory;
    if (m.party === null && !raw.includes(':', raw.length - 6)) return false;
    const text = raw.replaceAll(DRESS, '').trim();
    const alone = PARTY_ALONE.exec(text)?.[1];
    if (alone !== undefined) m.party = NO_PARTY.test(alone) ? null : alone;
    else if (text !== '' && !FIGURES_ABOUT.test(text)) m.party = null;
    return alone !== undefined;
  }

  private pasted(line: TextLine): TextAnswer {
    const m = this.memory;
    if (this.standAlone(line.text)) return undefined;
    const rows: TableRow[] = [];
    // A bar divides samples, except in the rows of a table.
    const parts = /^\s*\|/.test(line.text) ? [line.text] : line.text.split(/;\s+|\s\|\s/);
    for (const part of parts) {
      const text = part.replaceAll(DRESS, '').trim();
      const found = samplesOf(text, m.party);
      if (found !== undefined) rows.push(...this.runs().map((run) => row(line, 'pasted', found.party, m.ordinal + 1, found.counters, run)));
      else if (text !== '') m.party = null;
    }
    if (rows.length === 0) return undefined;
    m.ordinal++;
    return rows;
  }
}

function statusSample(part: string): { party: string; counters: Pasted } | undefined {
  const idle = IDLE.exec(part);
  if (idle !== null) {
    const nothing = { min: 0, max: 0 };
    const counters = { ...EMPTY, tx: nothing, rx: nothing, txPackets: 0, rxPackets: 0, webrtcConnected: countOf(idle[2]) };
    return { party: idle[1] ?? '', counters: { ...counters, stall: Number(idle[3]) } };
  }
  const m = ACTIVE.exec(part);
  if (m === null) return undefined;
  const [txPackets, rxPackets] = [Number(m[2]), Number(m[3])];
  const figure = /^([\d.]+)(\w+)$/.exec(m[4] ?? '');
  const sum = volumeOf(undefined, figure?.[1] ?? '0', figure?.[2], undefined);
  // A frame holds a byte at least; how the sum divides is not said.
  const share = (mine: number, others: number): Volume =>
    mine === 0 ? { min: 0, max: 0 } : { min: others === 0 ? sum.min : mine, max: sum.max - others };
  return {
    party: m[1] ?? '',
    counters: {
      tx: share(txPackets, rxPackets),
      rx: share(rxPackets, txPackets),
      txPackets,
      rxPackets,
      wsFallbacks: Number(m[6]),
      txWs: Number(m[7]),
      webrtcConnected: countOf(m[5]),
      stall: Number(m[8]),
    },
  };
}

function countOf(figure: string | undefined): number {
  return figure === undefined ? 0 : Number(figure);
}

const EMPTY: Pasted = {
  tx: undefined,
  rx: undefined,
  txPackets: null,
  rxPackets: null,
  wsFallbacks: null,
  txWs: null,
  webrtcConnected: null,
  stall: null,
};

/** `NAME: tx=… rx=…` in any order of keys; or keys alone below a line with the name. */
function samplesOf(text: string, above: string | null): { party: string; counters: Pasted } | undefined {
  const named = PARTY.exec(text);
  const rest = named === null ? text : text.slice(named[0].length);
  const isNamed = named !== null && !Object.hasOwn(KEYS, named[1] ?? '') && !NO_PARTY.test(named[1] ?? '');
  const party = isNamed ? (named[1] ?? '') : above;
  const body = isNamed ? rest : text;
  if (party === null || body.search(PAIR) !== 0) return undefined;
  const counters: Pasted = { ...EMPTY };
  for (const pattern of [PAIR, LOOSE_PAIR]) {
    for (const [, key = '', about, digits = '', unit, plus] of body.matchAll(pattern))
      setCounter(counters, KEYS[key], volumeOf(about, digits, unit, plus));
  }
  const isOne = counters.tx !== undefined || counters.rx !== undefined || counters.txPackets !== null || counters.rxPackets !== null;
  return isOne || above !== null ? { party, counters } : undefined;
}

function setCounter(counters: Pasted, name: keyof Pasted | undefined, value: Volume): void {
  if (name === 'tx' || name === 'rx') counters[name] ??= value;
  else if (name !== undefined) counters[name] ??= value.min === value.max ? value.min : null;
}

function row(line: TextLine, origin: 'status' | 'pasted', party: string, ordinal: number, c: Pasted, run: string | null): TableRow {
  return {
    table: 'counters',
    values: [
      line.sourceId,
      line.lineNo,
      null,
      origin,
      party,
      ordinal,
      line.tsUs,
      c.txPackets,
      c.tx?.min ?? null,
      c.tx?.max ?? null,
      c.rxPackets,
      c.rx?.min ?? null,
      c.rx?.max ?? null,
      c.wsFallbacks,
      c.txWs,
      c.webrtcConnected,
      c.stall,
      run,
      null,
    ],
  };
}

/**
 * `hotlink_telemetry.json` of a Rust client, E1 and later (field guide 5.1, 5.2): one line of JSON, keys by era, written by
 * truncating and writing, so a reader can meet an empty file or half of one. Clock: the client's, milliseconds since 1970.
 * Holds emails and counters, no secret.
 *
 *     {"live":{"inbound":0,…},"mode":"hotlink_p2p","rx_bytes":0,…,"tx_bytes":13,…,"updated_ms":1795353924102,"ws_fallbacks":1}
 */
import { JsonObject, rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './file-rows.ts';

const COUNTERS = [
  'tx_packets',
  'tx_bytes',
  'tx_p2p_packets',
  'tx_ws_packets',
  'tx_quic_packets',
  'rx_packets',
  'rx_bytes',
  'rx_max_write_ms',
  'tx_max_send_ms',
];
const NEGOTIATIONS = ['p2p_offers', 'p2p_answers_ok', 'p2p_answers_err', 'quic_offers', 'ws_fallbacks', 'strict_violations'];
/** Totals that a person may write as a range, `{"min":15000000}` or with a `max`, when only "about" is known. */
const RANGED = ['tx_bytes', 'rx_bytes'];
const LIVE = ['inbound', 'outbound_accepted', 'outbound_pending', 'tcp_proxies'];

function microseconds(ms: number | null): number | null {
  return ms === null || !Number.isSafeInteger(ms * 1000) ? null : ms * 1000;
}

/** The object looks like telemetry of some era, or like a table of its totals that somebody wrote down. */
export function isTelemetry(object: JsonObject): boolean {
  return object.has('tx_bytes') || object.has('rx_bytes');
}

/** Email of the party that wrote it, from what it says of its own channels; null when it does not say. */
export function telemetryParty(text: string): string | null {
  const live = JsonObject.parse(text)?.object('live');
  if (live === undefined) return null;
  const ends = live.list('proxies').map(({ object }) => [object.text('from'), object.text('to')]);
  const [first, ...others] = ends;
  const shared = first?.filter((email) => others.every((pair) => pair.includes(email))) ?? [];
  if (shared.length === 1) return shared[0] ?? null;
  const from = new Set(ends.map(([email]) => email));
  return from.size === 1 ? ([...from][0] ?? null) : null;
}

/** The same counters as one sample of a series: copies of the file are taken while it is written. */
function sampleRow(sourceId: number, party: string, file: JsonObject, live: JsonObject | undefined): TableRow {
  const pointer = file.has('updated_ms') ? '/updated_ms' : '';
  const range = (key: string): readonly (number | null)[] => {
    const exact = file.integer(key);
    const about = file.object(key);
    return exact !== null || about === undefined ? [exact, exact] : [about.integer('min'), about.integer('max') ?? Number.MAX_SAFE_INTEGER];
  };
  return {
    table: 'counters',
    values: [
      sourceId,
      null,
      pointer,
      'telemetry',
      party,
      0,
      microseconds(file.integer('updated_ms')),
      file.integer('tx_packets'),
      ...range('tx_bytes'),
      file.integer('rx_packets'),
      ...range('rx_bytes'),
      file.integer('ws_fallbacks'),
      file.integer('tx_ws_packets'),
      file.integer('webrtc_connected') ?? live?.integer('webrtc_connected') ?? null,
      null,
      null,
      microseconds(file.integer('started_ms')),
    ],
  };
}

export function readTelemetry(text: string, { sourceId, party }: FilePlace): FileRows {
  if (text.trim() === '') return rejectedFile(text, 'empty-file');
  const file = JsonObject.parse(text);
  if (file === undefined) return rejectedFile(text, text.trimEnd().endsWith('}') ? 'not-json' : 'cut-line');
  if (!isTelemetry(file)) return rejectedFile(text, 'unexpected-shape');
  const live = file.object('live');
  const rows: TableRow[] = [
    {
      table: 'telemetry',
      values: [
        sourceId,
        party,
        file.text('mode'),
        file.flag('bench_strict'),
        microseconds(file.integer('started_ms')),
        microseconds(file.integer('updated_ms')),
        ...COUNTERS.map((key) => file.integer(key) ?? file.object(key)?.integer('min') ?? null),
        ...NEGOTIATIONS.map((key) => file.integer(key)),
        file.integer('webrtc_connected') ?? live?.integer('webrtc_connected') ?? null,
        ...LIVE.map((key) => live?.integer(key) ?? null),
        live !== undefined,
        file.has('bench_strict'),
        file.has('tx_quic_packets'),
        ...RANGED.map((key) => (file.object(key) === undefined ? null : (file.object(key)?.integer('max') ?? Number.MAX_SAFE_INTEGER))),
      ],
    },
  ];
  if (party !== '') rows.push(sampleRow(sourceId, party, file, live));
  for (const direction of ['in', 'out'] as const) {
    for (const { index, object } of live?.list(`sessions_${direction}`) ?? []) {
      const sid = object.text('sid');
      if (sid === null) continue;
      rows.push({
        table: 'telemetry_session',
        values: [
          sourceId,
          party,
          `/live/sessions_${direction}/${index}`,
          direction,
          sid,
          object.text('peer'),
          object.text('channel'),
          object.text('status'),
          object.integer('seq'),
          object.text('webrtc'),
        ],
      });
    }
  }
  for (const { index, object } of live?.list('proxies') ?? []) {
    rows.push({
      table: 'telemetry_proxy',
      values: [
        sourceId,
        party,
        `/live/proxies/${index}`,
        object.port('port'),
        object.text('from'),
        object.text('to'),
        object.flag('connected'),
      ],
    });
  }
  return wholeFile(text, rows);
}

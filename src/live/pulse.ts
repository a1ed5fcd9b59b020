/** What a telemetry file says of its party at a glance, without the store: for the screen between two judgements. */
import { JsonObject } from '../ingest/files/file-rows.ts';
import { isTelemetry, telemetryParty } from '../ingest/files/telemetry.ts';
import type { FlushFigures } from './keeper.ts';

export interface Pulse extends FlushFigures {
  readonly party: string | null;
  readonly txBytes: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly rxPackets: number;
  readonly txP2p: number;
  readonly txWs: number;
  /** Sessions whose data channel opened. */
  readonly direct: number;
}

/** undefined: half a file, or none of telemetry. */
export function pulseOf(text: string): Pulse | undefined {
  const file = JsonObject.parse(text);
  if (file === undefined || !isTelemetry(file)) return undefined;
  const of = (key: string): number => file.integer(key) ?? 0;
  const startedMs = file.integer('started_ms');
  const counters = { txBytes: of('tx_bytes'), rxBytes: of('rx_bytes'), txPackets: of('tx_packets'), rxPackets: of('rx_packets') };
  return {
    ...counters,
    party: telemetryParty(text),
    startedMs,
    updatedMs: file.integer('updated_ms'),
    txP2p: of('tx_p2p_packets') + of('tx_quic_packets'),
    txWs: of('tx_ws_packets'),
    direct: file.integer('webrtc_connected') ?? file.object('live')?.integer('webrtc_connected') ?? 0,
    signature: signatureOf(text),
  };
}

/** Everything but the time of the flush; the order of the lists' entries is random (field guide 5.1). */
function signatureOf(text: string): string {
  const inOrder = (key: string, value: unknown): unknown => {
    if (key === 'updated_ms') return undefined;
    return Array.isArray(value) ? value.map((one) => JSON.stringify(one)).toSorted() : value;
  };
  return JSON.stringify(JSON.parse(text), inOrder);
}

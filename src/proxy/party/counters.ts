/** A manager's counters: the telemetry file and the summary line (field guide 5, 3.7). */

export interface SessionRow {
  readonly sid: string;
  readonly path: string;
  readonly status: 'accepted' | 'pending' | 'rejected';
  readonly seq: number;
  readonly webrtc: 'none' | 'connecting' | 'connected';
}

export interface ProxyRow {
  readonly port: number;
  readonly from: string;
  readonly to: string;
  readonly connected: boolean;
}

export interface Live {
  readonly inbound: readonly Omit<SessionRow, 'status' | 'seq'>[];
  readonly outbound: readonly SessionRow[];
  readonly proxies: readonly ProxyRow[];
}

export interface TelemetryOptions {
  readonly strictKeys: boolean;
  /** Keys and mode of E1; undefined: those of the versions after it. */
  readonly quic?: 'hotlink_quic_pref' | 'hotlink_ws_only' | undefined;
  readonly strict: boolean;
  readonly startedMs: number;
}

export class Counters {
  txPackets = 0;
  txBytes = 0;
  txP2p = 0;
  rxPackets = 0;
  rxBytes = 0;
  rxWriteMs = 0;
  rxMaxWriteMs = 0;
  txSendMs = 0;
  txMaxSendMs = 0;
  p2pOffers = 0;
  p2pAnswersOk = 0;
  quicOffers = 0;
  quicAnswersErr = 0;
  wsFallbacks = 0;
  strictViolations = 0;
  private readonly options: TelemetryOptions;

  constructor(options: TelemetryOptions) {
    this.options = options;
  }

  sent(bytes: number, viaP2p: boolean, ms: number): void {
    this.txPackets++;
    this.txBytes += bytes;
    if (viaP2p) this.txP2p++;
    this.txSendMs += ms;
    this.txMaxSendMs = Math.max(this.txMaxSendMs, ms);
  }

  written(bytes: number, ms: number): void {
    this.rxPackets++;
    this.rxBytes += bytes;
    this.rxWriteMs += ms;
    this.rxMaxWriteMs = Math.max(this.rxMaxWriteMs, ms);
  }

  /** One line without newline, keys in alphabetical order. */
  json(live: Live, updatedMs: number): string {
    const { strictKeys, strict, startedMs, quic } = this.options;
    if (quic !== undefined) return JSON.stringify(this.ofE1(quic, startedMs, updatedMs));
    const up = connectedIn(live);
    const value = {
      ...(strictKeys && { bench_strict: strict }),
      live: {
        inbound: live.inbound.length,
        outbound_accepted: live.outbound.filter((s) => s.status === 'accepted').length,
        outbound_pending: live.outbound.filter((s) => s.status !== 'accepted').length,
        proxies: live.proxies.map(({ connected, from, port, to }) => ({ connected, from, port, to })),
        sessions_in: live.inbound.map((s) => ({ channel: channelOf(s.path), peer: ownerOf(s.path), sid: s.sid, webrtc: s.webrtc })),
        sessions_out: live.outbound.map((s) => ({
          channel: channelOf(s.path),
          peer: ownerOf(s.path),
          seq: s.seq,
          sid: s.sid,
          status: s.status,
          webrtc: s.webrtc,
        })),
        tcp_proxies: live.proxies.length,
        webrtc_connected: up,
      },
      mode: strict ? 'hotlink_p2p_strict' : 'hotlink_p2p',
      p2p_answers_err: 0,
      p2p_answers_ok: this.p2pAnswersOk,
      p2p_offers: this.p2pOffers,
      rx_avg_write_ms: mean(this.rxWriteMs, this.rxPackets),
      rx_bytes: this.rxBytes,
      rx_max_write_ms: this.rxMaxWriteMs,
      rx_packets: this.rxPackets,
      started_ms: startedMs,
      ...(strictKeys && { strict_violations: this.strictViolations }),
      tx_avg_send_ms: mean(this.txSendMs, this.txPackets),
      tx_bytes: this.txBytes,
      tx_max_send_ms: this.txMaxSendMs,
      tx_p2p_packets: this.txP2p,
      tx_packets: this.txPackets,
      tx_ws_packets: this.txPackets - this.txP2p,
      updated_ms: updatedMs,
      webrtc_connected: up,
      ws_fallbacks: this.wsFallbacks,
    };
    return JSON.stringify(value);
  }

  /** No peer connection, no list of sessions: E1 knew neither. */
  private ofE1(mode: string, startedMs: number, updatedMs: number): object {
    return {
      mode,
      quic_answers_err: this.quicAnswersErr,
      quic_answers_ok: 0,
      quic_offers: this.quicOffers,
      rx_avg_write_ms: mean(this.rxWriteMs, this.rxPackets),
      rx_bytes: this.rxBytes,
      rx_max_write_ms: this.rxMaxWriteMs,
      rx_packets: this.rxPackets,
      started_ms: startedMs,
      tx_avg_send_ms: mean(this.txSendMs, this.txPackets),
      tx_bytes: this.txBytes,
      tx_max_send_ms: this.txMaxSendMs,
      tx_packets: this.txPackets,
      tx_quic_packets: 0,
      tx_ws_packets: this.txPackets,
      updated_ms: updatedMs,
      ws_fallbacks: this.wsFallbacks,
    };
  }

  summary(live: Live): string {
    const up = connectedIn(live);
    const state = up > 0 ? `p2p:UP(${up})` : this.p2pOffers > 0 ? 'p2p:negotiating' : 'p2p:off';
    const accepted = live.outbound.filter((s) => s.status === 'accepted').length;
    const sent = `↑tx ${this.txPackets} ${bytesText(this.txBytes)}(p2p:${this.txP2p}/ws:${this.txPackets - this.txP2p})`;
    const got = `↓rx ${this.rxPackets} ${bytesText(this.rxBytes)}`;
    return `hotlink | ${sent} | ${got} | ${state} | sess in:${live.inbound.length} out:${accepted}/${live.outbound.length - accepted} wait`;
  }
}

function connectedIn(live: Live): number {
  return [...live.inbound, ...live.outbound].filter((s) => s.webrtc === 'connected').length;
}

function mean(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}

function bytesText(n: number): string {
  if (n < 1024) return `${n}B`;
  return n < 1024 * 1024 ? `${(n / 1024).toFixed(1)}KB` : `${(n / 1024 / 1024).toFixed(1)}MB`;
}

function ownerOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function channelOf(path: string): string {
  const parts = path.split('/');
  const at = parts.indexOf('_mpc');
  return (at >= 0 ? parts[at + 1] : parts.at(-1)) ?? '';
}

/** Files of runs of which only totals are known: telemetry as published (field guide 9.1), the same figures in text, and docker's output. */
import { telemetryPath, type Files } from './story-files.ts';
import { BASE_MS } from './story-lines.ts';

export interface Totals {
  readonly tx: number;
  readonly rx: number;
  readonly txPackets?: number;
  readonly rxPackets?: number;
  readonly fallbacks?: number;
}

export type Table = Readonly<Record<string, Totals>>;

/** Run 29509799-05d14e57483d at its plateau: 8 bytes are missing. */
export const PUBLISHED_799: Table = {
  aggregator: { tx: 0, rx: 1_572_924, txPackets: 0, rxPackets: 110, fallbacks: 0 },
  client1: { tx: 3_145_848, rx: 1_572_924, txPackets: 221, rxPackets: 112, fallbacks: 3 },
  client2: { tx: 1_572_924, rx: 1_572_916, txPackets: 112, rxPackets: 110, fallbacks: 1 },
};

/** Run 29509970-8e9bf03c1ac4 when it was interrupted. */
export const PUBLISHED_970: Table = {
  aggregator: { tx: 0, rx: 1_572_924 },
  client1: { tx: 18_875_088, rx: 17_302_164 },
  client2: { tx: 17_302_164, rx: 9_558_076 },
};

/** Telemetry files as of so many seconds after the start; `suffix` names a further copy. */
export function telemetryAt(table: Table, seconds: number, suffix = '', startedSeconds = 0): Files {
  return new Map(
    Object.entries(table).map(([name, t]) => [
      `${telemetryPath(`${name}@sandbox.local`)}${suffix}`,
      JSON.stringify({
        mode: 'hotlink_p2p',
        rx_bytes: t.rx,
        ...(t.rxPackets === undefined ? {} : { rx_packets: t.rxPackets }),
        started_ms: BASE_MS + startedSeconds * 1000,
        tx_bytes: t.tx,
        ...(t.txPackets === undefined ? {} : { tx_packets: t.txPackets }),
        updated_ms: BASE_MS + seconds * 1000,
        ...(t.fallbacks === undefined ? {} : { ws_fallbacks: t.fallbacks }),
      }),
    ]),
  );
}

/** As people paste them. */
export function pasted(table: Table): string {
  return Object.entries(table)
    .map(([name, t]) => {
      const packets = t.txPackets === undefined ? '' : ` txpk=${t.txPackets} rxpk=${t.rxPackets ?? 0} wb=${t.fallbacks ?? 0}`;
      return `- \`${name}\`: \`tx=${t.tx} rx=${t.rx}${packets}\`\n`;
    })
    .join('');
}

/** Status line of the CLI. */
export function statusLine(table: Table, stall: Readonly<Record<string, number>>): string {
  const volume = (n: number): string =>
    n >= 1_048_576 ? `${(n / 1_048_576).toFixed(1)}MB` : n >= 1024 ? `${(n / 1024).toFixed(1)}KB` : `${n}B`;
  const parts = Object.entries(table).map(
    ([name, t]) =>
      `${name}: ↑${t.txPackets ?? 0} ↓${t.rxPackets ?? 0} ${volume(t.tx + t.rx)} p2p:off ws_fb:${t.fallbacks ?? 0} ws_tx:${t.txPackets ?? 0} stall:${stall[name] ?? 0}s`,
  );
  return `  📡 Hotlink (↑tx ↓rx data p2p-status): ${parts.join(' | ')}\n`;
}

export function merged(...all: readonly Files[]): Files {
  return new Map(all.flatMap((files) => [...files]));
}

/** `docker ps -a`: status by name. */
export function dockerPs(containers: Readonly<Record<string, string>>, ports = ''): string {
  const cells = [
    ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'],
    ...Object.entries(containers).map(([name, status], i) => [
      `${i + 1}`.padStart(12, '3f2a9c01b7de'),
      'ghcr.io/openmined/syqure:latest',
      '"/bin/sh -c \'exec s…"',
      '20 minutes ago',
      status,
      ports,
      name,
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)) + 3);
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

/** `docker stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}}'`. */
export function dockerStats(cpu: Readonly<Record<string, string>>): string {
  return Object.entries(cpu)
    .map(([name, percent]) => `${name} ${percent} 812.4MiB / 15.5GiB\n`)
    .join('');
}

export function containerName(run: string, party: number): string {
  return `syqure-${run}-pid${party}`;
}

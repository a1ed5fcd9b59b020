/** One run of the built `live up` and what `analyze` says of the sandbox that it left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { runBin } from './bin.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

export interface LabRun {
  readonly sandbox: string;
  readonly completed: boolean;
  readonly diagnosis: Diagnosis;
  /** Text of the relay's log. */
  readonly relayLog: () => string;
  /** Text of a party's log, by the local part of its email. */
  readonly log: (party: string) => string;
  readonly telemetry: (party: string) => Telemetry;
  readonly telemetryText: (party: string) => string;
}

export interface Telemetry {
  readonly mode: string;
  readonly tx_packets: number;
  readonly tx_p2p_packets: number;
  readonly tx_ws_packets: number;
  readonly ws_fallbacks: number;
  readonly p2p_offers: number;
  readonly p2p_answers_ok: number;
  readonly webrtc_connected: number;
  readonly strict_violations?: number;
  readonly live: { readonly sessions_out: readonly { readonly seq: number; readonly webrtc: string }[] };
}

export async function runLab(sandbox: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<LabRun> {
  const child = spawn(process.execPath, [BIN, 'live', 'up', sandbox, '--format', 'json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString('utf8')));
  await once(child, 'close');
  const { completed } = JSON.parse(out) as { completed: boolean };
  const diagnosis = JSON.parse(runBin(['analyze', sandbox, '--format', 'json']).stdout) as Diagnosis;
  const home = (party: string): string => join(sandbox, readdirSync(sandbox).find((name) => name.startsWith(`${party}@`)) ?? '');
  const telemetryText = (party: string): string => {
    const email = home(party).split('/').at(-1) ?? '';
    return readFileSync(join(home(party), 'datasites', email, '.syftbox/hotlink_telemetry.json'), 'utf8');
  };
  return {
    sandbox,
    completed,
    diagnosis,
    relayLog: () => readFileSync(join(sandbox, 'relay/server/logs/server.log'), 'utf8'),
    log: (party) => readFileSync(join(home(party), '.syftbox/logs/syftbox.log'), 'utf8'),
    telemetryText,
    telemetry: (party) => JSON.parse(telemetryText(party)) as Telemetry,
  };
}

const short = (email: string | undefined): string => (email ?? '').split('@')[0] ?? '';

/** Rule and place of the first cause: `offer-race aggregator>client2`. */
export function firstCause({ causes }: Diagnosis): string {
  const [cause] = causes;
  if (cause === undefined) return 'none';
  const { party, from, to } = cause.subject;
  return `${cause.rule} ${party !== undefined ? short(party) : from !== undefined ? `${short(from)}>${short(to)}` : 'run'}`;
}

/** The sandbox of a run as a runner prepares it: parties, ports, markers, access lists (field guide 1.3, 2.4, 2.5). */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const FLOW = 'syqure-flow';

export interface Layout {
  readonly sandbox: string;
  readonly run: string;
  /** In the order of the flow: index is the party number. */
  readonly emails: readonly string[];
  /** `ports[i][j]`: where party i's client listens for its program's connection to j. */
  readonly ports: ReadonlyMap<string, number>;
}

export function portKey(from: number, to: number): string {
  return `${from}>${to}`;
}

/** Run id of the scenario runner: the minute, and twelve hex digits of what was started. */
export function runId(emails: readonly string[], nowMs: number): string {
  const minute = Math.floor(nowMs / 60_000);
  const hex = createHash('sha256')
    .update(`live:${emails.toSorted().join(',')}:${minute}`)
    .digest('hex');
  return `${minute}-${hex.slice(0, 12)}`;
}

/** Default names: aggregator, client1, client2, … */
export function partyEmails(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${index === 0 ? 'aggregator' : `client${index}`}@sandbox.local`);
}

/** How one channel's files differ from what they should be. */
export type MarkerFault = 'missing' | 'empty' | 'without-port';
/** Who may do what: the peer neither read nor write, the peer not write, everybody read. */
export type AclFault = 'excludes' | 'denied' | 'wide';

export interface LayoutFaults {
  /** By `i>j`, at party i. */
  readonly markers: ReadonlyMap<string, MarkerFault>;
  readonly acls: ReadonlyMap<string, AclFault>;
}

export function channelDirectory({ sandbox, run, emails }: Layout, from: number, to: number): string {
  const email = emails[from] ?? '';
  return join(sandbox, email, 'datasites', email, 'shared/flows', FLOW, run, '_mpc', `${from}_to_${to}`);
}

function marker(layout: Layout, from: number, to: number, withPort: boolean): string {
  const [me = '', peer = ''] = [layout.emails[from], layout.emails[to]];
  const mine = layout.ports.get(portKey(from, to)) ?? 0;
  const theirs = layout.ports.get(portKey(to, from)) ?? 0;
  const pair = Math.min(mine, theirs);
  return JSON.stringify(withPort ? { from: me, to: peer, port: pair, ports: { [me]: mine, [peer]: theirs } } : { from: me, to: peer });
}

function acl(readers: readonly string[], writers: readonly string[], admin: string): string {
  const list = (emails: readonly string[]): string => emails.map((email) => `\n    - ${email}`).join('');
  return `rules:\n- pattern: "**"\n  access:\n    read:${list(readers)}\n    write:${list(writers)}\n    admin:${list([admin])}\n`;
}

/** Writes what must lie there before the clients start. */
export function writeLayout(layout: Layout, faults: LayoutFaults): void {
  const { emails, sandbox, run } = layout;
  for (const [from, me] of emails.entries()) {
    const mpc = join(sandbox, me, 'datasites', me, 'shared/flows', FLOW, run, '_mpc');
    mkdirSync(mpc, { recursive: true });
    writeFileSync(join(mpc, 'syft.pub.yaml'), `rules:\n- pattern: "**"\n  access:\n    read:\n    - "*"\n    admin:\n    - ${me}\n`);
    for (const [to, peer] of emails.entries()) if (to !== from) writeChannel(layout, { from, to, me, peer }, faults);
  }
}

function writeChannel(
  layout: Layout,
  { from, to, me, peer }: { from: number; to: number; me: string; peer: string },
  faults: LayoutFaults,
): void {
  const directory = channelDirectory(layout, from, to);
  const key = portKey(from, to);
  mkdirSync(directory, { recursive: true });
  const markerFault = faults.markers.get(key);
  if (markerFault !== 'missing') {
    writeFileSync(join(directory, 'stream.tcp'), markerFault === 'empty' ? '' : marker(layout, from, to, markerFault === undefined));
    writeFileSync(join(directory, 'stream.accept'), '1');
  }
  const aclFault = faults.acls.get(key);
  const readers = { excludes: [me], denied: [me, peer], wide: ['"*"'], none: [me, peer] }[aclFault ?? 'none'];
  const writers = aclFault === 'excludes' || aclFault === 'denied' ? [me] : [me, peer];
  writeFileSync(join(directory, 'syft.pub.yaml'), acl(readers, writers, me));
}

/** `relay/state.json`, as the development stack leaves it. */
export function writeState(layout: Layout, relay: { readonly pid: number; readonly port: number }, pids: readonly number[]): void {
  const { sandbox, emails } = layout;
  const clients = emails.map((email, index) => {
    const home = join(sandbox, email);
    const log = join(home, 'client-daemon.log');
    const config = join(home, '.syftbox/config.json');
    return {
      email,
      pid: pids[index] ?? 0,
      port: 0,
      config,
      data_path: home,
      log_path: log,
      home_path: home,
      bin_path: '',
      server_url: `http://127.0.0.1:${relay.port}`,
    };
  });
  const server = { pid: relay.pid, port: relay.port, log_path: join(sandbox, 'relay/server/logs/server.log') };
  const state = { root: sandbox, server, minio: { mode: 'local' }, clients, created: new Date().toISOString() };
  writeFileSync(join(sandbox, 'relay/state.json'), `${JSON.stringify(state, null, 2)}\n`);
}

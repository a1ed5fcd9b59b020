/** Ports of a run's proxies, and listeners of the lab itself. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { DoctorError } from '../../model/errors.ts';
import { portKey } from './layout.ts';

/** Listens and takes whatever comes, as a stranger does that has a port first. */
export async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Below the ports that a system hands out by itself, so that nobody gets one between here and its client's bind. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
/**
 * Ports from one slot to the next, as many as four parties take: blocks of runs with fewer parties lie in the same places. A program that waits
 * for a proxy which never listens would else find that of another run.
 */
const STRIDE = 12;

/** A port for each ordered pair, free at this moment. Runs that begin at once with other slots get other ports. */
export async function freePorts(parties: number, slot: number): Promise<ReadonlyMap<string, number>> {
  const pairs = Array.from({ length: parties * parties }, (_, i) => [Math.floor(i / parties), i % parties] as const).filter(
    ([a, b]) => a !== b,
  );
  const blocks = Math.floor((LAST_PORT - FIRST_PORT - Math.max(0, pairs.length - STRIDE)) / STRIDE);
  for (let tried = 0; tried < blocks; tried++) {
    const first = FIRST_PORT + ((slot + tried) % blocks) * STRIDE;
    const ports = pairs.map(([from, to], index) => [portKey(from, to), first + index] as const);
    if (await areFree(ports.map(([, port]) => port))) return new Map(ports);
  }
  throw new DoctorError('HLD_LIVE_CANNOT_LISTEN', { address: `127.0.0.1:${FIRST_PORT}-${LAST_PORT}`, reason: 'no block of ports is free' });
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  const tried = await Promise.allSettled(ports.map(async (port) => listenOn(port)));
  const servers = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  await Promise.all(servers.map(async (server) => new Promise((resolve) => server.close(resolve))));
  return servers.length === ports.length;
}

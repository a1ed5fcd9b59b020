/** A client's listeners with real programs: pieces of what they write, ports that are taken. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { chunksOf } from '../../src/proxy/party/chunks.ts';
import { Manager } from '../../src/proxy/party/manager.ts';
import { ProxySide } from '../../src/proxy/party/proxy.ts';
import { parseClient } from '../../src/proxy/party/switches.ts';

const ME = 'client1@sandbox.local';
const PEER = 'client2@sandbox.local';
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listen(port: number): Promise<{ server: Server; port: number }> {
  const server = createServer({ highWaterMark: 1024 * 1024 });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

describe('pieces', { timeout: 30_000 }, () => {
  /** Sizes of the pieces in which writes with pauses between are read. */
  async function sizes(writes: readonly number[], most: number, burstMs: number): Promise<number[]> {
    const { server, port } = await listen(0);
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const program = connect({ port, host: '127.0.0.1', noDelay: true });
    const [socket] = await accepted;
    const writing = async (): Promise<void> => {
      for (const bytes of writes) {
        program.write(Buffer.alloc(bytes));
        await delay(400);
      }
      program.end();
    };
    const got: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of chunksOf(socket, most, burstMs)) got.push(chunk.length);
    };
    await Promise.all([writing(), reading()]);
    return got;
  }

  it('of a write are full but for the last', async () => {
    expect(await sizes([100_000], 14_336, 200)).toEqual([14_336, 14_336, 14_336, 14_336, 14_336, 14_336, 13_984]);
  });

  it('are as short as what is there where the program pauses', async () => {
    expect(await sizes([8, 20_000, 1], 14_336, 100)).toEqual([8, 14_336, 5664, 1]);
  });

  it('lose nothing that came before the end', async () => {
    for (const burst of [0, 50]) expect((await sizes([5, 300_000], 65_536, burst)).reduce((sum, n) => sum + n, 0)).toBe(300_005);
  });
});

describe('a port that is taken', { timeout: 30_000 }, () => {
  function client(spec: string): { side: ProxySide; lines: string[]; discover: (port: number) => Promise<void> } {
    const lines: string[] = [];
    const stop = new AbortController();
    const { behaviour } = parseClient(spec);
    const log = (_level: string, line: string): void => void lines.push(line);
    const manager = new Manager({
      email: ME,
      behaviour,
      debug: true,
      strict: false,
      p2pOnly: false,
      encoding: 'msgpack',
      noCredentials: false,
      stack: undefined,
      send: async () => true,
      log,
      decoded: () => undefined,
      ensureDirectory: () => true,
      moved: () => undefined,
      now: () => 0,
      signal: stop.signal,
    });
    const side = new ProxySide(manager, { email: ME, behaviour, debug: true, bindAddress: '127.0.0.1', log });
    ends.push(() => side.close());
    const path = `${ME}/shared/flows/f/r/_mpc/1_to_2/stream.tcp`;
    const discover = async (port: number): Promise<void> =>
      side.discover([{ absolute: `/tmp/${path}`, path, text: JSON.stringify({ from: ME, to: PEER, port, ports: { [ME]: port } }) }]);
    return { side, lines, discover };
  }

  it('is given up at once by E3', async () => {
    const { port } = await listen(0);
    const { lines, discover } = client('E3');
    await discover(port);
    expect(lines.at(-1)).toMatch(/^hotlink tcp proxy: bind failed 127\.0\.0\.1:\d+: Os \{ code: 98, kind: AddrInUse/);
  });

  it('is tried again by E1b, which gets it when it is free', async () => {
    const { server, port } = await listen(0);
    const { lines, discover } = client('E1b');
    await discover(port);
    expect(lines.at(-1)).toMatch(/^hotlink tcp proxy: bind retry .*AddrInUse/);
    server.close();
    await expect
      .poll(
        async () => {
          const program = connect({ port, host: '127.0.0.1' });
          ends.push(() => program.destroy());
          await once(program, 'connect').catch(() => undefined);
          return lines.some((line) => line.startsWith('hotlink tcp proxy: accepted on'));
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBe(true);
  });

  it('is given up by E1b in the end, and its marker looked for again', async () => {
    const { port } = await listen(0);
    const { lines, discover } = client('E1b/bind-retry-ms=400');
    await discover(port);
    await expect.poll(() => lines.some((line) => line.includes('bind timeout')), { timeout: 10_000 }).toBe(true);
    const before = lines.filter((line) => line.includes('starting for')).length;
    await expect
      .poll(
        async () => {
          await discover(port);
          return lines.filter((line) => line.includes('starting for')).length;
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(before);
  });
});

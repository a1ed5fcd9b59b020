/** The way of one client to the relay, as a pipe that can be frozen: packets vanish, connections stay open (F-35). */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class Link {
  readonly port: number;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isFrozen = false;

  private constructor(server: Server, relayPort: number) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client: Socket) => this.carry(client, relayPort));
  }

  static async to(relayPort: number): Promise<Link> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Link(server, relayPort);
  }

  /** From now on nothing is passed on, new connections included, and nobody is told. */
  freeze(): void {
    this.isFrozen = true;
    for (const socket of this.sockets) socket.pause();
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private carry(client: Socket, relayPort: number): void {
    if (this.isFrozen) {
      client.pause();
      this.keep(client, client);
      return;
    }
    const relay = connect({ port: relayPort, host: '127.0.0.1', noDelay: true });
    this.keep(client, relay);
    this.keep(relay, client);
    for (const [from, to] of [
      [client, relay],
      [relay, client],
    ] as const) {
      from.on('data', (data: Buffer) => {
        if (!to.write(data)) from.pause();
      });
      to.on('drain', () => {
        if (!this.isFrozen) from.resume();
      });
      from.on('end', () => {
        if (!this.isFrozen) to.end();
      });
    }
  }

  private keep(socket: Socket, other: Socket): void {
    this.sockets.add(socket);
    // An error is followed by the close, which ends the other half.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (!this.isFrozen) other.destroy();
    });
  }
}

import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A place on the way of a client's transaction to the server:
 * - `statement`: a statement on the journal has been sent, and did not arrive;
 * - `copy`: half of a bulk write has arrived;
 * - `commit`: COMMIT has been sent, and did not arrive;
 * - `committed`: COMMIT was done, and its answer did not arrive.
 */
export type ProxyPoint = 'statement' | 'copy' | 'commit' | 'committed';

export interface Held {
  /** What was held goes on its way, and all that comes after it. */
  release(): void;
  /** Both ends find the connection cut. */
  cut(): void;
}

/** Small batches are not copied: their rows go as arrays to a prepared statement of this name. */
const insert = Buffer.from('\0insert journal_v1\0');
const commit = Buffer.from('COMMIT\0');
const signs: Readonly<Record<ProxyPoint, readonly Buffer[]>> = {
  statement: [Buffer.from('"journal_v1"'), insert],
  copy: [Buffer.from('PGCOPY\n'), insert],
  commit: [commit],
  committed: [commit],
};

interface Trap {
  readonly point: ProxyPoint;
  readonly isHeld: (held: Held) => void;
}

/** Stands between a projector and Postgres, byte for byte, until it is asked to hold a connection at a point. */
export class DatabaseProxy {
  private readonly sockets = new Set<Socket>();
  private trap: Trap | undefined;

  private constructor(
    private readonly server: Server,
    /** In place of the database's own. */
    readonly url: string,
  ) {}

  static async open(databaseUrl: string): Promise<DatabaseProxy> {
    const target = new URL(databaseUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const proxy = new DatabaseProxy(server, url.toString());
    server.on('connection', (client) => proxy.join(client, connect(Number(target.port), target.hostname)));
    return proxy;
  }

  /** Resolves when the next connection that comes to this point is held there. @throws when none does in time. */
  holdNext(point: ProxyPoint, withinMs = 120_000): Promise<Held> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`No connection came to ${point} in ${withinMs} ms`)), withinMs);
      this.trap = {
        point,
        isHeld: (held) => {
          clearTimeout(timer);
          resolve(held);
        },
      };
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, server: Socket): void {
    let waiting: (() => void)[] | undefined;
    let holdsAnswers = false;
    const pass = (to: Socket, bytes: Buffer) => (waiting ? waiting.push(() => to.write(bytes)) : to.write(bytes));
    const cut = () => {
      client.destroy();
      server.destroy();
    };
    const hold = (trap: Trap) => {
      this.trap = undefined;
      const held: (() => void)[] = (waiting = []);
      const release = () => {
        waiting = undefined;
        for (const send of held) send();
      };
      trap.isHeld({ release, cut });
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        this.sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes: Buffer) => {
      const { trap } = this;
      if (waiting || trap === undefined || !signs[trap.point].some((sign) => bytes.includes(sign)))
        return pass(server, bytes);
      if (trap.point === 'committed') {
        // Taken by this connection; held is its answer.
        this.trap = undefined;
        holdsAnswers = true;
        server.once('data', () => hold(trap));
        return pass(server, bytes);
      }
      const arrived = trap.point === 'copy' ? Math.floor(bytes.length / 2) : 0;
      if (arrived > 0) server.write(bytes.subarray(0, arrived));
      hold(trap);
      return pass(server, bytes.subarray(arrived));
    });
    server.on('data', (bytes: Buffer) => {
      if (!holdsAnswers) return client.write(bytes);
      return queueMicrotask(() => pass(client, bytes));
    });
  }
}

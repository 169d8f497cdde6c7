import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Names the statement in each message that runs it. */
const commitStatement = Buffer.from('decisions: commit turns');

/** Where a connection is cut: before Postgres hears of a commit, or when it has done it and the owner has not heard. */
export type CutPoint = 'before-commit' | 'after-commit';

/** Stands between an engine and its Postgres, and cuts a connection where nobody can know what was committed. */
export class CommitProxy {
  private readonly sockets = new Set<Socket>();
  private wanted: { readonly point: CutPoint; readonly hit: () => void } | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('connection', (client) => this.relay(client));
  }

  static async open(databaseUrl: string): Promise<CommitProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CommitProxy(server, new URL(databaseUrl));
  }

  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  /** Resolves when the next commit was cut there. */
  cutNext(point: CutPoint): Promise<void> {
    return new Promise((hit) => {
      this.wanted = { point, hit };
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private relay(client: Socket): void {
    const server = connect(Number(this.target.port), this.target.hostname);
    let cutsWithAnswer: (() => void) | undefined;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    client.on('data', (bytes: Buffer) => {
      const { wanted } = this;
      if (wanted && bytes.includes(commitStatement)) {
        this.wanted = undefined;
        if (wanted.point === 'after-commit') cutsWithAnswer = wanted.hit;
        else {
          end();
          return wanted.hit();
        }
      }
      server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      if (!cutsWithAnswer) return client.write(bytes);
      end();
      return cutsWithAnswer();
    });
  }
}

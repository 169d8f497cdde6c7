import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Stands between a gateway and its Postgres. Stopped, it is what a server is whose machine hangs: what is opened is taken
 * and never answered, and what was open is gone, or as silent.
 */
export class StoppingDatabase {
  private readonly sockets = new Set<Socket>();
  private isStopped = false;
  private isSilent = false;
  /** Statements that were given to a silent server. */
  unanswered = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  static async open(databaseUrl: string): Promise<StoppingDatabase> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StoppingDatabase(server, new URL(databaseUrl));
  }

  /** In place of the database's own. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  stop(): void {
    this.isStopped = true;
    this.cutAll();
  }

  /** Nothing is cut: what is open takes statements, and says nothing any more. */
  fallSilent(): void {
    this.isStopped = true;
    this.isSilent = true;
  }

  goOn(): void {
    this.isStopped = false;
    this.isSilent = false;
    this.cutAll();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private join(client: Socket): void {
    this.keep(client);
    if (this.isStopped) return;
    const upstream = connect(Number(this.target.port), this.target.hostname);
    this.keep(upstream);
    client.on('close', () => upstream.destroy());
    client.on('data', (bytes: Buffer) => {
      if (this.isSilent) this.unanswered++;
      else upstream.write(bytes);
    });
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes: Buffer) => void (this.isSilent || client.write(bytes)));
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.sockets.delete(socket));
  }
}

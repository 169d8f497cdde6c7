import { connect, type Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');
const chunkedEnd = Buffer.from('0\r\n\r\n');
const empty = Buffer.alloc(0);

/** What an HTTP client does for a load generator and no more: it costs a tenth of one that is for general use. */
export class LoadConnection {
  private socket: Socket | undefined;
  private received: Buffer = empty;
  private answered: ((status: number) => void) | undefined;

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  /** The status of the answer; 0 when the connection ended before it. */
  async ask(request: Buffer): Promise<number> {
    const socket = this.socket ?? (await this.open());
    if (socket === undefined) return 0;
    return new Promise((resolve) => {
      this.answered = resolve;
      socket.write(request);
    });
  }

  close(): void {
    this.socket?.destroy();
  }

  private open(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ host: this.host, port: this.port, noDelay: true }, () => {
        this.socket = socket;
        resolve(socket);
      });
      socket.on('data', (chunk: Buffer) => this.take(chunk));
      socket.on('error', () => resolve(undefined));
      socket.on('close', () => this.ended());
    });
  }

  private ended(): void {
    this.socket = undefined;
    this.received = empty;
    this.settle(0);
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const head = this.received.indexOf(headEnd);
    if (head === -1) return;
    const lines = this.received.toString('latin1', 0, head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(lines)?.[1];
    const isWhole =
      length === undefined
        ? this.received.subarray(-chunkedEnd.length).equals(chunkedEnd)
        : this.received.length >= head + headEnd.length + Number(length);
    if (!isWhole) return;
    this.received = empty;
    if (/\r\nconnection: *close/i.test(lines)) {
      this.socket?.destroy();
      this.socket = undefined;
    }
    this.settle(Number(lines.slice(9, 12)));
  }

  private settle(status: number): void {
    const { answered } = this;
    this.answered = undefined;
    answered?.(status);
  }
}

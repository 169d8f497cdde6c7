import { once } from 'node:events';
import { sleep } from '@chorda/kernel';
import { WebSocket } from 'ws';

/** Many WebSockets with a subscription each, and when what they got was sent. */
export class Listeners {
  private readonly sockets: WebSocket[] = [];
  private latenciesMs: number[] = [];
  private isMeasuring = false;
  private received = 0;
  delivered = 0;
  /** Closed, dropped or told to come again: then what is missing is no riddle. */
  readonly lost: string[] = [];

  /** Opens them one after another: how quickly many can connect is not what is measured. */
  async connect(url: string, count: number, headers: Record<string, string>, filterOf: (index: number) => string) {
    for (let index = 0; index < count; index += 1) {
      const socket = new WebSocket(url, { headers, perMessageDeflate: false });
      await once(socket, 'open');
      const subscribed = new Promise<void>((resolve) => {
        socket.on('message', (data: Buffer) => this.take(data, resolve));
      });
      socket.on('close', (code) => this.lost.push(`closed with ${code}`));
      socket.send(JSON.stringify({ kind: 'subscribe', id: 'a', filter: filterOf(index) }));
      await subscribed;
      this.sockets.push(socket);
    }
  }

  begin(): void {
    this.delivered = 0;
    this.latenciesMs = [];
    this.isMeasuring = true;
  }

  /** Resolves when nothing has come for a second. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.received;) {
      before = this.received;
      await sleep(1_000);
    }
  }

  end(): readonly number[] {
    this.isMeasuring = false;
    return this.latenciesMs;
  }

  close(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  private take(data: Buffer, onSubscribed: () => void): void {
    if (data.subarray(0, 40).includes('"subscribed"')) return onSubscribed();
    this.received += 1;
    if (!data.subarray(0, 40).includes('"event"') && !data.subarray(0, 40).includes('"heartbeat"')) {
      this.lost.push(data.toString('utf8', 0, 60));
    }
    if (!this.isMeasuring || !data.subarray(0, 40).includes('"event"')) return;
    this.delivered += 1;
    const at = data.indexOf('"time":"') + 8;
    this.latenciesMs.push(Date.now() - Date.parse(data.toString('latin1', at, at + 24)));
  }
}

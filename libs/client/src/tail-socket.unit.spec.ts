import { describe, expect, it } from 'vitest';
import { ChordaClient, ChordaError, type TailMessage, type TailOptions } from './index.js';

type Said = Readonly<Record<string, unknown>>;

/** A gateway's side of a WebSocket: it answers what is said, connection after connection. */
function scriptedSockets(...script: readonly ((said: Said, socket: ScriptedSocket) => void)[]) {
  const said: Said[] = [];
  const sockets: ScriptedSocket[] = [];
  class Socket extends ScriptedSocket {
    constructor() {
      super((message) => {
        said.push(message);
        const turn = Math.min(sockets.indexOf(this), script.length - 1);
        if (message['kind'] === 'authenticate') this.tell({ kind: 'ready' });
        else script[turn]?.(message, this);
      });
      sockets.push(this);
    }
  }
  const client = new ChordaClient({ url: 'http://gateway', apiKey: 'chd_secret', retry: { backoffMsBase: 1 } });
  const tail = (options: TailOptions = {}) => {
    // oxlint-disable-next-line no-unsafe-type-assertion -- of a socket, the client uses what this one has.
    const webSocket = Socket as object as typeof WebSocket;
    return client.tail({ ...options, transport: 'websocket', webSocket });
  };
  return { tail, said, sockets };
}

class ScriptedSocket extends EventTarget {
  isClosed = false;

  constructor(private readonly hear: (message: Said) => void) {
    super();
    setTimeout(() => this.dispatchEvent(new Event('open')));
  }

  send(text: string): void {
    const message: Said = JSON.parse(text);
    queueMicrotask(() => this.hear(message));
  }

  tell(message: object): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(message) }));
  }

  close(code = 1000, reason = ''): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}

const event = (id: string, more: object = {}) => ({
  kind: 'event',
  id: 'tail',
  position: `t1~${id}`,
  event: { id, ...more },
});

async function take(messages: AsyncIterable<TailMessage>, count: number): Promise<readonly string[]> {
  const taken: string[] = [];
  for await (const message of messages) {
    taken.push(message.kind === 'event' ? message.event.id : message.kind);
    if (taken.length === count) break;
  }
  return taken;
}

describe('a tail over a WebSocket', () => {
  it('says who it is and what it wants, brings what comes, and closes when its loop ends', async () => {
    const { tail, said, sockets } = scriptedSockets((_said, socket) => {
      socket.tell({ kind: 'subscribed', position: 't1~0' });
      socket.tell(event('1'));
      socket.tell(event('2'));
    });
    expect(await take(tail({ types: ['agent.failed'], filter: 'true', since: new Date(0) }), 2)).toEqual(['1', '2']);
    expect(said).toEqual([
      { kind: 'authenticate', token: 'chd_secret' },
      { kind: 'subscribe', id: 'tail', types: ['agent.failed'], filter: 'true', since: '1970-01-01T00:00:00.000Z' },
    ]);
    expect(sockets.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it('goes on behind the last message that its loop took, and behind heartbeats', async () => {
    const { tail, said } = scriptedSockets(
      (_said, socket) => {
        socket.tell({ kind: 'subscribed', position: 't1~0' });
        socket.tell(event('1'));
        setTimeout(() => socket.close(1012, 'the gateway stops'), 20);
      },
      (_said, socket) => {
        socket.tell({ kind: 'subscribed', position: 't1~1' });
        socket.tell({ kind: 'heartbeat', id: 'tail', position: 't1~5' });
        socket.tell({ kind: 'reconnect', id: 'tail', reason: 'stopping', position: 't1~5' });
      },
      (_said, socket) => {
        // As the gateway has it: what is missing is said before the rest begins.
        socket.tell({ kind: 'resync', id: 'tail', position: 't1~8', reason: 'history_gone' });
        socket.tell({ kind: 'subscribed', position: 't1~8' });
        socket.tell(event('9'));
      },
    );
    expect(await take(tail(), 3)).toEqual(['1', 'resync', '9']);
    expect(said.filter(({ kind }) => kind === 'subscribe').map(({ from }) => from)).toEqual([
      undefined,
      't1~1',
      't1~5',
    ]);
  });

  it('is left by a loop that takes nothing, and made again where the loop stands: memory is bounded', async () => {
    const large = 'x'.repeat(1024 * 1024);
    const { tail, said, sockets } = scriptedSockets((message, socket) => {
      socket.tell({ kind: 'subscribed', position: 't1~0' });
      const from = Number(String(message['from'] ?? 't1~0').slice(3));
      for (let next = from + 1; next <= 40 && !socket.isClosed; next += 1) socket.tell(event(String(next), { large }));
    });
    expect(await take(tail(), 40)).toEqual(Array.from({ length: 40 }, (_, index) => String(index + 1)));
    expect(sockets.length).toBeGreaterThan(2);
    expect(said.length).toBe(2 * sockets.length);
  });

  it('takes a connection for dead that stands still', async () => {
    const states: string[] = [];
    const { tail } = scriptedSockets((_said, socket) => {
      socket.tell({ kind: 'subscribed', position: 't1~0' });
      socket.tell(event('1'));
    });
    const onConnection: TailOptions['onConnection'] = (state, error) => states.push(`${state} ${error?.code ?? ''}`);
    await take(tail({ idleMsMax: 50, onConnection }), 2);
    expect(states.slice(0, 2)).toEqual(['open ', 'lost TAIL_BROKEN']);
  });

  it.each([
    ['a wrong key', (_: Said, socket: ScriptedSocket) => socket.close(4401, 'no'), 401],
    [
      'a wrong filter',
      (_: Said, socket: ScriptedSocket) =>
        socket.tell({ kind: 'error', problem: { code: 'INVALID_REQUEST', status: 400, detail: 'no' } }),
      400,
    ],
  ])('throws what no further try would change: %s', async (_name, reply, status) => {
    const { tail, sockets } = scriptedSockets(reply);
    const failed = take(tail(), 1);
    await expect(failed).rejects.toThrow(ChordaError);
    await expect(failed).rejects.toMatchObject({ status });
    expect(sockets).toHaveLength(1);
  });

  it('ends without an error when its signal aborts', async () => {
    const stop = new AbortController();
    const { tail } = scriptedSockets((_said, socket) => socket.tell({ kind: 'subscribed', position: 't1~0' }));
    setTimeout(() => stop.abort(), 50);
    expect(await take(tail({ signal: stop.signal }), 1)).toEqual([]);
  });
});

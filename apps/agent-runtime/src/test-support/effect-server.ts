import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface EffectServer {
  readonly url: string;
  /** How often each key was called, in the order of first calls. It dedupes nothing. */
  calls(): ReadonlyMap<string, number>;
  /** Requests that wait for their answer. */
  open(): number;
  /** Answers are held back until it is called again with false. */
  hold(isHeld: boolean): void;
  close(): Promise<void>;
}

/** Stands for the world outside: logs every call with its key. */
export async function startEffectServer(): Promise<EffectServer> {
  const calls = new Map<string, number>();
  let held = Promise.withResolvers<void>();
  held.resolve();
  let open = 0;
  const server = createServer((request, response) => {
    open += 1;
    response.once('close', () => (open -= 1));
    const key = String(request.headers['idempotency-key']);
    calls.set(key, (calls.get(key) ?? 0) + 1);
    void text(request)
      .then(() => held.promise)
      .then(() => response.end(JSON.stringify({ key })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls: () => calls,
    open: () => open,
    hold(isHeld) {
      held.resolve();
      held = Promise.withResolvers();
      if (!isHeld) held.resolve();
    },
    close: () =>
      new Promise((resolve) => {
        held.resolve();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

import type { EventType } from '@chorda/contracts';
import { backoffMs, pause } from './backoff.js';
import { ChordaError } from './errors.js';
import { isWorthRetrying, type Http } from './http.js';
import {
  TailBrokenError,
  TailPlace,
  type TailConnection,
  type TailMessage,
  type TailOptions,
} from './tail-connection.js';
import { SocketConnection } from './tail-socket.js';
import { StreamConnection } from './tail-stream.js';

/**
 * Events as they are written. A connection that is lost is made again, for ever and with back-off, and goes on behind
 * the last message that the loop took: none is left out, and none comes twice. It ends when the loop or `signal` does.
 *
 * @throws {@link ChordaError} what no further try would change, a wrong key for example.
 */
export async function* tail<Type extends EventType>(
  http: Http,
  options: TailOptions<Type>,
): AsyncGenerator<TailMessage<Type>, void, undefined> {
  const { signal, onConnection } = options;
  const place = new TailPlace(options.lastEventId);
  for (let failures = 0; !signal?.aborted;) {
    const connection = connectionOf(http, options, place);
    const startMs = Date.now();
    try {
      await connection.open();
      onConnection?.('open');
      for await (const message of connection.messages()) {
        failures = 0;
        yield message;
      }
      onConnection?.('lost');
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof ChordaError) || !isTransient(error)) throw error;
      onConnection?.('lost', error);
    } finally {
      connection.close();
    }
    // A quiet stream that held for long was no failure, though nothing came.
    if (Date.now() - startMs > http.retry.backoffMsMax) failures = 0;
    const waitMs = place.reconnectMs() ?? backoffMs(failures, http.retry);
    failures = Math.min(failures + 1, 30);
    await pause(waitMs, signal).catch(() => undefined);
  }
}

function connectionOf<Type extends EventType>(
  http: Http,
  options: TailOptions<Type>,
  place: TailPlace,
): TailConnection<Type> {
  return options.transport === 'websocket'
    ? new SocketConnection(http, options, place)
    : new StreamConnection(http, options, place);
}

/** A 500 too: a tail has no effect, so to knock again costs nothing but the knock. */
function isTransient(error: ChordaError): boolean {
  return isWorthRetrying(error) || (error.status ?? 0) >= 500 || error instanceof TailBrokenError;
}

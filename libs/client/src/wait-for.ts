import { ChordaError } from './errors.js';
import type { Http } from './http.js';
import { listPaths, readOne, type ListName } from './read-models.js';

export interface WaitOptions {
  /** Which read model must have seen it. Default: the journal, `client.events`. */
  readonly in?: Exclude<ListName, 'deadLetters'> | 'events';
  /** Default 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The read model has not seen the position in time. */
export class NotReachedError extends ChordaError {
  readonly code = 'NOT_REACHED';
  readonly retriable = true;
  constructor(
    /** As the gateway says it: `lagging`, `parked`, `dead_lettered`, `stopped`, `rebuilding`. */
    readonly reason: string,
    model: string,
    timeoutMs: number,
  ) {
    super(`${model} had not seen the position after ${timeoutMs} ms: ${reason}`);
  }
}

/** What a gateway holds one request back for at most. */
const waitMsMax = 30_000;
/** Between reads that were answered at once although the position is not reached. */
const pauseMs = 100;

export async function waitFor(http: Http, position: string | readonly string[], options: WaitOptions): Promise<void> {
  const { in: model = 'events', timeoutMs = 30_000, signal } = options;
  const path = model === 'events' ? '/v1/events' : listPaths[model];
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, endMs - Date.now());
    const wish = {
      minPosition: position,
      waitMs: Math.min(waitMsMax, leftMs),
      ...(signal === undefined ? {} : { signal }),
    };
    const { complete, reason } = await readOne(http, path, { ...wish, query: { limit: 1 } });
    if (complete !== false) return;
    if (Date.now() >= endMs) throw new NotReachedError(String(reason ?? 'lagging'), model, timeoutMs);
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)));
  }
}

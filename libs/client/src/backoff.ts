export interface RetryOptions {
  /** Tries in all, the first included. Default 5; 1 turns retrying off. */
  readonly attemptsMax?: number;
  /** Longest wait before the first retry; it doubles with each one. Default 200 ms. */
  readonly backoffMsBase?: number;
  /** Default 10 s. */
  readonly backoffMsMax?: number;
  /** A gateway that asks for a longer wait than this is not waited for: its error is thrown. Default 60 s. */
  readonly retryAfterMsMax?: number;
}

export const retryDefaults: Required<RetryOptions> = {
  attemptsMax: 5,
  backoffMsBase: 200,
  backoffMsMax: 10_000,
  retryAfterMsMax: 60_000,
};

/** Full jitter: clients that failed together do not come back together. `retry` counts from 0. */
export function backoffMs(retry: number, { backoffMsBase, backoffMsMax }: Required<RetryOptions>): number {
  return Math.random() * Math.min(backoffMsMax, backoffMsBase * 2 ** retry);
}

/** `Retry-After` as seconds or as a date; undefined where it is neither. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** @throws the signal's reason as soon as it aborts. */
export async function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

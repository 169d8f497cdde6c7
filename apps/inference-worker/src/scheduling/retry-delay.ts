const firstMs = 50;
const factor = 1.5;
const longestMs = 30_000;
const jitter = 0.2;

/**
 * How long to wait before the next attempt: at least what the server asked for, else longer with each failure.
 *
 * @param failures How many attempts have failed by now, from 1.
 * @param random Between 0 and 1.
 */
export function retryDelayMs(failures: number, retryAfterMs: number | undefined, random: number): number {
  const backoffMs = Math.min(longestMs, firstMs * factor ** (failures - 1));
  return Math.max(retryAfterMs ?? 0, backoffMs * (1 - jitter + 2 * jitter * random));
}

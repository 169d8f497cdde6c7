import { ProblemError } from '@chorda/client';
import { sleep } from '@chorda/kernel';

const pauseMs = 100;

/** Asks again while the answer is "not found", for at most `waitMs`; the last answer stands. */
export async function untilFound<Found>(
  ask: () => Promise<Found>,
  waitMs: number,
  signal: AbortSignal,
): Promise<Found> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const missing = error instanceof ProblemError && error.status === 404;
      if (!missing || performance.now() >= endMs || signal.aborted) throw error;
    }
    await sleep(pauseMs, signal);
  }
}

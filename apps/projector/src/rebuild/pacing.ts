import { sleep } from '@chorda/kernel';
import type { RebuildMetrics } from './rebuild-metrics.js';
import type { RebuildPace } from './rebuild-pace.js';

/** How large the slices of a filling are, and how long it rests between them. */
export interface Pacing {
  /** Records of the next slice, of at most so many. */
  readonly recordsMax: (most: number) => number;
  rest(records: number, workedMs: number, signal: AbortSignal): Promise<void>;
}

/** While live is held, or readers see what is filled: whoever gives way then makes others wait for it. */
export const atFullSpeed: Pacing = {
  recordsMax: (most) => most,
  rest: () => Promise.resolve(),
};

/** @param lanes Partitions that are filled at once. */
export function besideLive(pace: RebuildPace, metrics: RebuildMetrics, projection: string, lanes: number): Pacing {
  return {
    recordsMax: (most) => pace.recordsMax(most),
    async rest(records, workedMs, signal) {
      const { ms, isCut } = pace.rest(records, workedMs, lanes);
      const { share } = pace.view;
      metrics.timeShare.set({ projection }, share);
      if (isCut) metrics.atLeastRate.inc({ projection });
      if (ms <= 0) return;
      metrics.restSeconds.inc({ projection }, ms / 1_000);
      await sleep(ms, signal);
    },
  };
}

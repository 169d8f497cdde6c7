import type { InferenceReader } from './inference-reader.js';

const freshMs = 2_000;
/** What was seen longer ago says nothing of the time between. */
const memoryMs = 60_000;
/** Workers say every second that they are there. */
const silentMs = 15_000;

/**
 * Whether anybody reads requests to models, for those who write them: asked of the database at most every two seconds, and
 * only while somebody wants to know. A worker that starts anew is not missed before `absentMs` are over.
 */
export class WorkerPresence {
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  private looking: Promise<void> | undefined;
  private noneSinceMs: number | undefined;

  constructor(
    private readonly reader: Pick<InferenceReader, 'workersSilentMs'>,
    /** 0: nobody is ever missed, as where workers are started by what waits for them. */
    private readonly absentMs: number,
    private readonly clock: { now(): number } = performance,
  ) {}

  /** For how long no worker was heard of, milliseconds; undefined: one is there, may still come, or nobody knows. */
  async missing(): Promise<number | undefined> {
    if (this.absentMs === 0) return undefined;
    if (this.clock.now() - this.lookedAtMs >= freshMs) {
      this.looking ??= this.look().finally(() => (this.looking = undefined));
      await this.looking;
    }
    if (this.noneSinceMs === undefined) return undefined;
    const missingMs = this.clock.now() - this.noneSinceMs;
    return missingMs < this.absentMs ? undefined : missingMs;
  }

  private async look(): Promise<void> {
    const nowMs = this.clock.now();
    if (nowMs - this.lookedAtMs > memoryMs) this.noneSinceMs = undefined;
    this.lookedAtMs = nowMs;
    try {
      const silent = await this.reader.workersSilentMs();
      if (silent === undefined) this.noneSinceMs ??= nowMs;
      else this.noneSinceMs = silent < silentMs ? undefined : nowMs - silent;
    } catch {
      // Without the database nothing is known, and nobody is accused.
      this.noneSinceMs = undefined;
    }
  }
}

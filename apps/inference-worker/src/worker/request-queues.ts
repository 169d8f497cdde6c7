import type { Route } from '../replicas/replica-pool.js';
import { FairQueue, type FairQueueOptions } from '../scheduling/fair-queue.js';
import type { Job } from './job.js';

export interface RouteQueue {
  readonly route: Route;
  /** Requests of it may share a call. */
  readonly isGathered: boolean;
  readonly queue: FairQueue<Job>;
}

/** A queue for each route; of requests that may share calls, one for each kind that may. */
export class RequestQueues {
  private readonly queues = new Map<string, RouteQueue>();
  /** Where each was put last: its account is there. */
  private readonly queueOf = new WeakMap<Job, FairQueue<Job>>();

  constructor(private readonly options: FairQueueOptions) {}

  /** The job waits there from now on. */
  add(job: Job, nowMs: number): void {
    const { route, asked } = job;
    if (!route || !asked) throw new TypeError('A job without a route cannot wait');
    const gatherKey = job.isAlone ? undefined : asked.gatherKey;
    const key = [route.provider ?? '', route.model, gatherKey ?? ''].join('\n');
    const known = this.queues.get(key) ?? {
      route,
      isGathered: gatherKey !== undefined,
      queue: new FairQueue<Job>(this.options),
    };
    this.queues.set(key, known);
    job.queuedAtMs = nowMs;
    job.state = 'queued';
    known.queue.add(job);
    this.queueOf.set(job, known.queue);
  }

  remove(job: Job): void {
    this.queueOf.get(job)?.remove(job);
  }

  /** What a request cost beyond what was expected of it. */
  settle(job: Job, tokens: number): void {
    this.queueOf.get(job)?.settle(job, tokens);
  }

  isWanted(model: string): boolean {
    return this.all().some(({ route, queue }) => route.model === model && queue.size > 0);
  }

  all(): readonly RouteQueue[] {
    return [...this.queues.values()];
  }

  /** Queues are many where models are: those that nobody waits in, and nobody was served from lately, go. */
  prune(max: number): void {
    if (this.queues.size <= max) return;
    for (const [key, { queue }] of this.queues) if (queue.size === 0) this.queues.delete(key);
  }

  get size(): number {
    return this.all().reduce((sum, { queue }) => sum + queue.size, 0);
  }
}

import type { EventMetadata, inference } from '@chorda/contracts';
import type { TenantId } from '@chorda/kernel';
import type { JsonObject } from '../calls/answer-assembly.js';
import type { Operation } from '../calls/model-client.js';
import type { Lane } from '../replicas/lane.js';
import type { Route } from '../replicas/replica-pool.js';
import type { Prioritized } from '../scheduling/fair-queue.js';
import type { Priority } from '../scheduling/priority.js';

/** A request as it came from the log. */
export interface ReceivedRequest {
  readonly data: inference.Requested['data'];
  readonly metadata: EventMetadata;
  readonly priority: Priority;
  /** Of its record. */
  readonly bytes: number;
  /** When this worker had it. */
  readonly fetchedMs: number;
}

/** What its body asks for, once it is known to be sound. */
export interface Asked {
  readonly operation: Operation;
  readonly body: JsonObject;
  /** Sequences that it takes at a server: several answers, or several prompts. */
  readonly sequences: number;
  readonly promptTokens: number;
  readonly completionTokensMax: number | undefined;
  /** Requests with the same one may share a call. Undefined: none may. */
  readonly gatherKey: string | undefined;
}

/** Why a call is ended by us. */
export type Ending =
  | { readonly kind: 'cancelled'; readonly reason: string; readonly by: string | null }
  | { readonly kind: 'expired' }
  /** The worker stops: the request is left to others. */
  | { readonly kind: 'stopped' };

/**
 * A request in this worker's hands.
 *
 * - queued: waits in the queue of its route. resting: waits for the time of its next attempt, or for another worker's.
 * - running: an attempt is being begun or made. ending: its outcome is being stored and published. ended.
 */
export class Job implements Prioritized {
  state: 'queued' | 'resting' | 'running' | 'ending' | 'ended' = 'resting';
  queuedAtMs = 0;
  tokens = 0;
  asked: Asked | undefined;
  /** Requests with the same one begin alike: they go to one server, where that can be. */
  prefix: string | undefined;
  routes: readonly Route[] = [];
  route: Route | undefined;
  /** Of this worker and others: the highest number of an attempt that it knows of. */
  attempts = 0;
  /** Attempts of this worker that failed, those for want of room apart. */
  failures = 0;
  refusals = 0;
  usedTokens = 0;
  usedNanodollars = 0n;
  firstDispatchedMs: number | undefined;
  /** Is sent alone from now on: a call that it shared was refused. */
  isAlone = false;
  ending: Ending | undefined;
  readonly avoided = new Set<Lane>();
  readonly aborting = new AbortController();
  readonly key: string;
  readonly priority: Priority;
  readonly tenantId: TenantId;
  timer: NodeJS.Timeout | undefined;
  restTimer: NodeJS.Timeout | undefined;
  /** Told when it is done for good (true), or left to others (false). */
  readonly listeners: ((isDone: boolean) => void)[] = [];

  constructor(readonly request: ReceivedRequest) {
    this.priority = request.priority;
    this.tenantId = request.metadata.tenantId;
    this.key = jobKey(this.tenantId, request.data.request_id);
  }

  get data(): inference.Requested['data'] {
    return this.request.data;
  }

  leftMs(nowMs: number): number {
    return this.data.deadline_at - nowMs;
  }
}

export function jobKey(tenantId: TenantId, requestId: string): string {
  return `${tenantId}/${requestId}`;
}

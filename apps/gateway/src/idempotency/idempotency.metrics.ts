import { Counter, Gauge, type Registry } from 'prom-client';

export class IdempotencyMetrics {
  readonly requests: Counter<'result'>;
  readonly redisFailures: Counter;
  readonly unkept: Counter<'reason'>;
  readonly pruned: Counter;
  readonly kept: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'chorda_idempotency_requests_total',
      help: 'Requests with an Idempotency-Key, by what the key was found to be',
      labelNames: ['result'],
      registers,
    });
    this.redisFailures = new Counter({
      name: 'chorda_idempotency_redis_failures_total',
      help: 'Times that Redis did not serve a kept answer or an attempt to keep one; Postgres did instead',
      registers,
    });
    this.unkept = new Counter({
      name: 'chorda_idempotency_unkept_total',
      help: 'Answers that could not be kept, so that a repeat is worked out anew, with the same ids',
      labelNames: ['reason'],
      registers,
    });
    this.pruned = new Counter({
      name: 'chorda_idempotency_pruned_total',
      help: 'Kept answers that this gateway deleted after their time',
      registers,
    });
    this.kept = new Gauge({
      name: 'chorda_idempotency_kept_answers',
      help: 'Answers that Postgres keeps, about',
      registers,
    });
  }
}

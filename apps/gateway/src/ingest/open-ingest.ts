import type { Logger } from '@chorda/kernel';
import type { AppHost } from '@chorda/platform';
import type { Redis } from 'ioredis';
import { IdempotentAnswerRepository } from '@chorda/read-models';
import type { GatewayEnv } from '../gateway.env.js';
import { gatewayPool } from '../gateway-pool.js';
import type { GatewayMetrics } from '../gateway.metrics.js';
import { ingestLimits } from '../gateway.tokens.js';
import { IdempotencyMetrics } from '../idempotency/idempotency.metrics.js';
import { IdempotentAnswers } from '../idempotency/idempotent-answers.js';
import { RedisAnswers } from '../idempotency/redis-answers.js';
import { AppendPace } from './append-pace.js';
import { IngestAdmission } from './ingest-admission.js';
import { IngestService } from './ingest.service.js';
import type { ExchangeLimits } from './ndjson-exchange.js';

export interface IngestParts {
  readonly admission: IngestAdmission;
  readonly pace: AppendPace;
  readonly answers: IdempotentAnswers;
  readonly limits: ExchangeLimits;
}

const pruneEveryMs = 60_000;
const hourMs = 3_600_000;

/** What writes need, opened before Nest is. */
export function openIngest(
  env: GatewayEnv,
  {
    metrics,
    host,
    redis,
  }: { readonly metrics: GatewayMetrics; readonly host: AppHost; readonly redis: Redis | undefined },
  closing: (() => Promise<unknown> | void)[],
): IngestParts {
  // Connections of its own: a request with a key must not wait behind searches.
  const pool = gatewayPool(env, 'answers', { connectionsMax: 4 });
  closing.push(() => pool.end());
  const idempotency = new IdempotencyMetrics(host.metrics);
  const front = redis === undefined ? undefined : new RedisAnswers(redis, deploymentOf(env), idempotency);
  const answers = new IdempotentAnswers(
    new IdempotentAnswerRepository(pool),
    front,
    {
      keepMs: env.CHORDA_IDEMPOTENCY_HOURS * hourMs,
      leaseMs: env.CHORDA_IDEMPOTENCY_LEASE_MS,
      answersMax: env.CHORDA_IDEMPOTENCY_ANSWERS_MAX,
    },
    idempotency,
    host.logger,
  );
  closing.push(() => answers.close());
  const stopPruning = pruneRegularly(answers, host.logger);
  closing.push(stopPruning);
  const limits = {
    requestBytesMax: env.CHORDA_INGEST_REQUEST_BYTES_MAX,
    requestEventsMax: env.CHORDA_INGEST_REQUEST_EVENTS_MAX,
  };
  const pace = new AppendPace();
  const admission = new IngestAdmission(
    {
      bytesMax: env.CHORDA_INGEST_BYTES_IN_FLIGHT_MAX,
      requestsMax: env.CHORDA_INGEST_REQUESTS_IN_FLIGHT_MAX,
      latencyMsMax: env.CHORDA_INGEST_LATENCY_MS_MAX,
      requestBytesMax: env.CHORDA_INGEST_REQUEST_BYTES_MAX,
    },
    pace,
    metrics,
  );
  return { admission, pace, answers, limits };
}

export function ingestProviders({ answers, pace, limits }: IngestParts) {
  return [
    IngestService,
    { provide: IdempotentAnswers, useValue: answers },
    { provide: AppendPace, useValue: pace },
    { provide: ingestLimits, useValue: limits },
  ];
}

/** A gateway is there wherever there are answers to keep, and any number of them may prune at once. */
function pruneRegularly(answers: IdempotentAnswers, logger: Logger): () => Promise<void> {
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = answers.prune().catch((error: unknown) => {
      logger.warn('Kept answers could not be pruned', { error });
    });
  }, pruneEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return running;
  };
}

/** Two deployments that share a Redis share no database and prefix; what is secret in the address plays no part. */
function deploymentOf({ DATABASE_URL, CHORDA_TOPIC_PREFIX }: GatewayEnv): string {
  const { host, pathname } = new URL(DATABASE_URL);
  return `${host}${pathname} ${CHORDA_TOPIC_PREFIX}`;
}

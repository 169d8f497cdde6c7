import { createHash } from 'node:crypto';
import type { IdempotencyScope, KeptAnswer } from '@chorda/read-models';
import type { Redis } from 'ioredis';
import type { IdempotencyMetrics } from './idempotency.metrics.js';

/** Larger answers are read from Postgres: they are rare, and Redis holds everything in memory. */
const bodyBytesMax = 64 * 1024;

export interface RememberedAnswer {
  readonly fingerprint: Buffer;
  readonly answer: KeptAnswer;
}

/**
 * Answers in front of Postgres. It only ever holds what Postgres has kept already and will not change, and no longer
 * than that, so a flush, an eviction or a Redis that is away makes repeats slower and nothing else.
 */
export class RedisAnswers {
  /**
   * @param deployment Tells deployments that share a Redis apart.
   */
  constructor(
    private readonly redis: Redis,
    private readonly deployment: string,
    private readonly metrics: IdempotencyMetrics,
  ) {
    this.redis.on('error', () => this.metrics.redisFailures.inc());
  }

  async find(scope: IdempotencyScope): Promise<RememberedAnswer | undefined> {
    if (this.redis.status !== 'ready') return undefined;
    try {
      const kept = await this.redis.getBuffer(this.keyOf(scope));
      return kept === null ? undefined : unpacked(kept);
    } catch {
      this.metrics.redisFailures.inc();
      return undefined;
    }
  }

  /** After Postgres has kept it. Nobody waits for it. */
  remember(scope: IdempotencyScope, { fingerprint, answer }: RememberedAnswer, keepMs: number): void {
    if (this.redis.status !== 'ready' || answer.body.length > bodyBytesMax || keepMs < 1) return;
    const kept = packed({ fingerprint, answer });
    this.redis.set(this.keyOf(scope), kept, 'PX', Math.floor(keepMs)).catch(() => this.metrics.redisFailures.inc());
  }

  private keyOf({ tenantId, operation, key }: IdempotencyScope): string {
    const text = JSON.stringify([this.deployment, tenantId, operation, key]);
    return `chorda:answer:${createHash('sha256').update(text).digest('base64url')}`;
  }
}

/** The fingerprint, the length of the head, the head as JSON, the body. */
function packed({ fingerprint, answer }: RememberedAnswer): Buffer {
  const head = Buffer.from(JSON.stringify({ status: answer.status, headers: answer.headers }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([fingerprint, length, head, answer.body]);
}

function unpacked(kept: Buffer): RememberedAnswer {
  const headEnd = 36 + kept.readUInt32BE(32);
  const { status, headers } = JSON.parse(kept.toString('utf8', 36, headEnd));
  return { fingerprint: kept.subarray(0, 32), answer: { status, headers, body: kept.subarray(headEnd) } };
}

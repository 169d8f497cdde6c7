import { Redis } from 'ioredis';

/** Redis is on the way of requests: one that is slower is left alone, and the request goes on without it. */
const patienceMs = 100;
const reconnectMsMax = 2_000;

/** The one connection of a gateway. Whoever uses it listens to `error` too, and says what that means for him. */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: patienceMs,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, reconnectMsMax),
  });
  // Without a listener the process would end.
  redis.on('error', () => undefined);
  redis.connect().catch(() => undefined);
  return redis;
}

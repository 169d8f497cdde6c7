import type { Clock, Logger } from '@chorda/kernel';
import { Redis } from 'ioredis';
import { LocalWindows } from './local-windows.js';
import { RateLimits, type DefaultLimits } from './rate-limits.js';
import { RedisWindows } from './redis-windows.js';
import { SharedWindows } from './shared-windows.js';

/** A request waits for this at most: past it the gateway counts alone. */
const patienceMs = 100;
const reconnectMsMax = 2_000;

export interface OpenLimits {
  readonly limits: RateLimits;
  close(): void;
}

export interface LimitsOptions {
  /** Undefined: every gateway counts for itself. */
  readonly redisUrl: string | undefined;
  /** Tells deployments that share a Redis apart. */
  readonly prefix: string;
  readonly defaults: DefaultLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRefused: (window: string) => void;
  readonly onAlone: () => void;
}

export function openLimits(options: LimitsOptions): OpenLimits {
  const { redisUrl, prefix, defaults, clock, logger, onRefused, onAlone } = options;
  const local = new LocalWindows(clock);
  if (redisUrl === undefined) {
    return { limits: new RateLimits(defaults, local, clock, onRefused), close: () => undefined };
  }
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: patienceMs,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, reconnectMsMax),
  });
  // Told by `SharedWindows` where it matters; without a listener the process would end.
  redis.on('error', () => undefined);
  redis.connect().catch(() => undefined);
  const shared = new SharedWindows(new RedisWindows(redis, prefix), local, clock, logger, onAlone);
  return { limits: new RateLimits(defaults, shared, clock, onRefused), close: () => redis.disconnect() };
}

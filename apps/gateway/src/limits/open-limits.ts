import type { Clock, Logger } from '@chorda/kernel';
import type { Redis } from 'ioredis';
import { LocalWindows } from './local-windows.js';
import { RateLimits, type DefaultLimits } from './rate-limits.js';
import { RedisWindows } from './redis-windows.js';
import { SharedWindows } from './shared-windows.js';

export interface LimitsOptions {
  /** Undefined: every gateway counts for itself. */
  readonly redis: Redis | undefined;
  /** Tells deployments that share a Redis apart. */
  readonly prefix: string;
  readonly defaults: DefaultLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRefused: (window: string) => void;
  readonly onAlone: () => void;
}

export function openLimits(options: LimitsOptions): RateLimits {
  const { redis, prefix, defaults, clock, logger, onRefused, onAlone } = options;
  const local = new LocalWindows(clock);
  if (redis === undefined) return new RateLimits(defaults, local, clock, onRefused);
  const shared = new SharedWindows(new RedisWindows(redis, prefix), local, clock, logger, onAlone);
  return new RateLimits(defaults, shared, clock, onRefused);
}

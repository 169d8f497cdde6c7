import type { ServiceInstance } from '@chorda/read-models';

/** Reports that may be missed before an instance counts as missing. */
const silentReportsMax = 3;
const usualIntervalMs = 5_000;

/** It has not said anything for three of its intervals. */
export function isMissing({ last_seen, interval_ms }: ServiceInstance, nowMs: number): boolean {
  return nowMs - last_seen.getTime() > silentReportsMax * (interval_ms ?? usualIntervalMs);
}

import type { PartitionHealth } from '@chorda/messaging';
import { standingBounds } from '@chorda/read-models';

/**
 * Why a partition makes its projector not ready: it waits for a fault to be mended, nothing has moved for too long, the
 * oldest event that is not applied is too old, or too many wait. Undefined: none of it.
 */
export function whyNotReady(partition: PartitionHealth): string | undefined {
  const { topic, nextOffset, stoppedBy, noProgressMs, lagSeconds, lagRecords } = partition;
  const place = `${topic}[${partition.partition}] at ${nextOffset}`;
  const { noProgressMsMax, lagSecondsMax, lagEventsMax } = standingBounds;
  if (stoppedBy !== undefined) return `${place} waits: ${stoppedBy}`;
  if (noProgressMs > noProgressMsMax) return `${place}: no progress for ${noProgressMs} ms`;
  if (lagSeconds > lagSecondsMax) return `${place}: the oldest event waits for ${Math.floor(lagSeconds)} s`;
  return (lagRecords ?? 0n) > BigInt(lagEventsMax) ? `${place}: ${lagRecords} events behind` : undefined;
}

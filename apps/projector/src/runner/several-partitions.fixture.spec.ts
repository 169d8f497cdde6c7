import type { Batch, Message } from '@chorda/messaging';
import { batchOf, messages, systemEvents } from './runner-harness.spec.js';
import type { ProjectionRunner } from './projection-runner.js';

/** What specs of transactions that several partitions share have in common. */

export const partitions = [0, 1, 2, 3] as const;

/** The same record in another partition: an event of its own. */
export function inPartition({ record, origin, ...rest }: Message, partition: number): Message {
  return { ...rest, record: { ...record, partition }, origin: { ...origin, partition } };
}

export function batchIn(partition: number, from: number, count: number): Batch {
  return batchOf(messages(from, count).map((message) => inPartition(message, partition)));
}

/** The first batch after a claim reads what a claim does not know, and goes alone. */
export async function claimAndWarm(runner: ProjectionRunner, count: number): Promise<void> {
  for (const partition of partitions) {
    const from = Number(await runner.claim({ ...systemEvents, partition }));
    await runner.handleBatch(batchIn(partition, from, count));
  }
}

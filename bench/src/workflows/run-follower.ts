import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { registerZstd } from '../kafkajs-zstd.js';
import type { LogAddress } from '../soak/found.js';

const { Kafka, logLevel } = kafkajs;

/** Hears on the log how runs end: what a caller does whose run takes longer than its answer. */
export interface RunFollower {
  /** Resolves when the run has completed; rejects when it ended otherwise. */
  end(runId: string): Promise<void>;
  forget(runId: string): void;
  stop(): Promise<void>;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

const ends: ReadonlySet<string> = new Set(['workflow.completed', 'workflow.failed', 'workflow.cancelled']);

/** From now on. */
export async function followRuns({ brokers, topicPrefix }: LogAddress): Promise<RunFollower> {
  registerZstd();
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'bench-follower', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const waiting = new Map<string, Waiting>();
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.connect();
  await consumer.subscribe({ topic: `${topicPrefix}workflow.events`, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      for (const { key, headers } of batch.messages) {
        const type = String(headers?.['ce_type']);
        if (!ends.has(type)) continue;
        const runId = String(key).slice(String(key).indexOf('/') + 1);
        const caller = waiting.get(runId);
        waiting.delete(runId);
        if (type === 'workflow.completed') caller?.resolve();
        else caller?.reject(new Error(`${runId} ended as ${type}`));
      }
      return Promise.resolve();
    },
  });
  await joined;
  return {
    end: (runId) => {
      const ended = new Promise<void>((resolve, reject) => waiting.set(runId, { resolve, reject }));
      // Whoever asks may have gone by then.
      ended.catch(() => undefined);
      return ended;
    },
    forget: (runId) => void waiting.delete(runId),
    stop: () => consumer.disconnect(),
  };
}

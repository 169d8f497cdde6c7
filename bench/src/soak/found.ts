import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { allEventTypes, topicsOf } from '@chorda/contracts';
import { sleep } from '@chorda/kernel';
import { registerZstd } from '../kafkajs-zstd.js';
import type { Found } from './history.js';

// The checker reads the log with a client that is not ours: what both sides misread alike would go unseen.
const { Kafka, logLevel } = kafkajs;

/** What the services say of themselves; all else on a log of a run's own is what the run has sent. */
const serviceSourcePrefix = 'urn:chorda:service:';
const eventTopics = [...new Set(allEventTypes.flatMap(topicsOf))];

export interface LogAddress {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
}

/** The events that the run has sent as they stand on the log, from its start to its present end. */
export async function readLog({ brokers, topicPrefix }: LogAddress): Promise<readonly Found[]> {
  registerZstd();
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'history-checker', logLevel: logLevel.NOTHING });
  const groupId = `history-checker-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  const left = await endOffsets({ brokers, topicPrefix });
  for (const [place, end] of left) if (end === 0n) left.delete(place);
  const found: Found[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: eventTopics.map((topic) => topicPrefix + topic), fromBeginning: true });
  const done = new Promise<void>((resolve, reject) => {
    if (left.size === 0) resolve();
    const eachBatch = ({ batch }: kafkajs.EachBatchPayload) => {
      const topic = batch.topic.slice(topicPrefix.length);
      const { partition } = batch;
      for (const message of batch.messages) {
        if (String(message.headers?.['ce_source']).startsWith(serviceSourcePrefix)) continue;
        found.push({ id: String(message.headers?.['ce_id']), topic, partition, offset: BigInt(message.offset) });
      }
      const place = placeOf(topic, partition);
      if (BigInt(batch.lastOffset()) + 1n >= (left.get(place) ?? 0n)) left.delete(place);
      if (left.size === 0) resolve();
      return Promise.resolve();
    };
    consumer.run({ autoCommit: false, eachBatch }).catch(reject);
  });
  await done;
  await consumer.disconnect();
  return found;
}

/** The same as the journal has them. */
export async function readJournal(databaseUrl: string): Promise<readonly Found[]> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ id: string; topic: string; partition: number; offset: string }>(
      `SELECT event_id AS id, topic, partition, "offset"::text FROM journal WHERE source NOT LIKE $1`,
      [`${serviceSourcePrefix}%`],
    );
    return rows.map((row) => ({ ...row, offset: BigInt(row.offset) }));
  });
}

/**
 * Waits until the journal has passed what is now the end of the log.
 *
 * @throws when that takes longer than `timeoutMs`, naming what is left.
 */
export async function waitUntilApplied(log: LogAddress, databaseUrl: string, timeoutMs: number): Promise<void> {
  const ends = await endOffsets(log);
  const deadlineMs = Date.now() + timeoutMs;
  await withClient(databaseUrl, async (client) => {
    for (;;) {
      const behind = await partitionsBehind(client, ends);
      if (behind.length === 0) return;
      if (Date.now() > deadlineMs) throw new Error(`The journal is behind after ${timeoutMs} ms: ${behind.join(', ')}`);
      await sleep(200);
    }
  });
}

async function partitionsBehind(client: pg.Client, ends: ReadonlyMap<string, bigint>): Promise<string[]> {
  const { rows } = await client.query<{ topic: string; partition: number; next_offset: string }>(
    `SELECT topic, partition, next_offset::text FROM checkpoints WHERE projection = 'journal'`,
  );
  const next = new Map(rows.map((row) => [placeOf(row.topic, row.partition), BigInt(row.next_offset)]));
  return [...ends]
    .filter(([place, end]) => end > (next.get(place) ?? 0n))
    .map(([place, end]) => `${place} at ${next.get(place) ?? 'its start'} of ${end}`);
}

async function endOffsets({ brokers, topicPrefix }: LogAddress): Promise<Map<string, bigint>> {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'history-checker', logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map<string, bigint>();
  for (const topic of eventTopics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topicPrefix + topic)) {
      ends.set(placeOf(topic, partition), BigInt(high));
    }
  }
  await admin.disconnect();
  return ends;
}

async function withClient<Value>(databaseUrl: string, use: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { EventCodec } from '@chorda/contracts';
import { sleep } from '@chorda/kernel';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { registerZstd } from '../../kafkajs-zstd.js';
import type { LogAddress } from '../found.js';
import type { EffectCall, ExecutionRow, LoggedEvent, ModelCall } from './checker.js';

// As in found.ts: a client that is not ours.
const { Kafka, logLevel } = kafkajs;
/** The kind of aggregate whose streams are read: its events are on `<kind>.events`. */
export type DecidedKind = 'agent' | 'workflow';

const topicOf = (kind: DecidedKind) => `${kind}.events`;

/** All of its events, from their start to their present end, each partition in its order. */
export async function readDecisions(log: LogAddress, kind: DecidedKind = 'agent'): Promise<readonly LoggedEvent[]> {
  registerZstd();
  const codec = EventCodec.offline();
  const kafka = kafkaOf(log);
  const topic = topicOf(kind);
  const ends = await endsOf(kafka, log, topic);
  const found = new Map<number, LoggedEvent[]>();
  const consumer = kafka.consumer({ groupId: `decisions-checker-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: log.topicPrefix + topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const left = new Map([...ends].filter(([, end]) => end > 0n));
    if (left.size === 0) resolve();
    const eachBatch = ({ batch }: kafkajs.EachBatchPayload) => {
      const list = found.get(batch.partition) ?? [];
      found.set(batch.partition, list);
      // A rebalance of the checker's own group reads again what it has read.
      for (const message of batch.messages) {
        if (BigInt(message.offset) === BigInt(list.length)) list.push(logged(codec, kind, message));
      }
      if (BigInt(list.length) >= (left.get(batch.partition) ?? 0n)) left.delete(batch.partition);
      if (left.size === 0) resolve();
      return Promise.resolve();
    };
    consumer.run({ autoCommit: false, eachBatch }).catch(reject);
  });
  await consumer.disconnect();
  return [...found.values()].flat();
}

function logged(codec: EventCodec, kind: DecidedKind, { key, value, headers = {} }: kafkajs.KafkaMessage): LoggedEvent {
  const text = (name: string) => (headers[name] === undefined ? undefined : String(headers[name]));
  const plain = Object.fromEntries(Object.entries(headers).map(([name, given]) => [name, Buffer.from(String(given))]));
  const { event, metadata } = codec.decode({ topic: topicOf(kind), key, value, headers: plain });
  const version = text('ce_streamversion');
  return {
    id: metadata.id,
    type: event.type,
    stream: version === undefined ? undefined : (text('ce_stream') ?? `${kind}-${metadata.subject}`),
    version: version === undefined ? undefined : Number(version),
    timeMs: metadata.timeMs,
    data: { ...event.data },
    hash: createHash('sha256')
      .update(value ?? '')
      .digest('hex'),
  };
}

/** `<stream> <version>` to the event's id, as the engine's tables have them. */
export async function readEngine(databaseUrl: string, of: DecidedKind = 'agent'): Promise<ReadonlyMap<string, string>> {
  const rows = await rowsOf<{ stream_kind: string; stream_id: string; version: string; headers: string }>(
    databaseUrl,
    `SELECT stream_kind, stream_id, version::text, headers FROM decision_events
     WHERE kind = '${of}' AND version IS NOT NULL`,
  );
  return new Map(
    rows.map(({ stream_kind: kind, stream_id: id, version, headers }) => {
      const { ce_id: event }: { readonly ce_id?: string } = JSON.parse(headers);
      return [`${kind}-${id} ${version}`, event ?? ''];
    }),
  );
}

export function readExecutions(databaseUrl: string): Promise<readonly ExecutionRow[]> {
  return rowsOf<ExecutionRow>(
    databaseUrl,
    `SELECT execution_id, status, end_version::text, output_data, prompt_tokens::text, completion_tokens::text
     FROM executions`,
  );
}

/** How many executions of the read model are in each status. */
export async function statusCounts(databaseUrl: string): Promise<Readonly<Record<string, number>>> {
  const rows = await rowsOf<{ status: string; count: number }>(
    databaseUrl,
    'SELECT status, count(*)::int AS count FROM executions GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** Waits until a read model has passed what is now the end of the log. @throws when it does not. */
export async function waitUntilFolded(
  log: LogAddress,
  databaseUrl: string,
  timeoutMs: number,
  { projection, kind }: { readonly projection: string; readonly kind: DecidedKind } = {
    projection: 'executions',
    kind: 'agent',
  },
): Promise<void> {
  const topic = topicOf(kind);
  const ends = await endsOf(kafkaOf(log), log, topic);
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const rows = await rowsOf<{ partition: number; next_offset: string }>(
      databaseUrl,
      `SELECT partition, next_offset::text FROM checkpoints WHERE projection = '${projection}' AND topic = '${topic}'`,
    );
    const next = new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
    if ([...ends].every(([partition, end]) => (next.get(partition) ?? 0n) >= end)) return;
    if (Date.now() > deadlineMs) throw new Error(`The read model is behind the log after ${timeoutMs} ms`);
    await sleep(200);
  }
}

export function readEffects(file: string): readonly EffectCall[] {
  return linesOf<EffectCall>(file);
}

/** What the model server wrote of its requests; the attempt token is a part of each id. */
export function readModelCalls(file: string): readonly ModelCall[] {
  const calls = linesOf<{ readonly id: string; readonly arrived_ms: number }>(file);
  return calls.map(({ id, arrived_ms: arrivedMs }) => ({ token: id.slice(id.indexOf('-') + 1), arrivedMs }));
}

export function linesOf<Line>(file: string): readonly Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line): Line => JSON.parse(line));
}

function kafkaOf({ brokers }: LogAddress): kafkajs.Kafka {
  return new Kafka({ brokers: [...brokers], clientId: 'decisions-checker', logLevel: logLevel.NOTHING });
}

async function endsOf(
  kafka: kafkajs.Kafka,
  { topicPrefix }: LogAddress,
  topic: string,
): Promise<ReadonlyMap<number, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topicPrefix + topic);
  await admin.disconnect();
  return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
}

export async function rowsOf<Row extends pg.QueryResultRow>(
  databaseUrl: string,
  query: string,
): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(query)).rows;
  } finally {
    await client.end();
  }
}

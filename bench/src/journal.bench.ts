import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { EventCodec, type EventEnvelope } from '@chorda/contracts';
import { freePorts } from '@chorda/native-stack';
import { dayOf, createPool, ensureDayPartitions, migrate } from '@chorda/read-models';
import { freshDatabase, type StackAddresses } from '@chorda/testing';
import { environmentOf, startApp, waitFor } from './backbone.js';
import { registerZstd } from './kafkajs-zstd.js';
import { inTurns, type Measure } from './samples.js';

export interface JournalSettings {
  readonly stack: StackAddresses;
  readonly topicPrefix: string;
  /** What lies on `agent.events`, and nothing else lies on any topic. */
  readonly events: number;
  /** How many of them the one-by-one contestant writes. */
  readonly oneByOneEvents: number;
  readonly rounds: number;
  readonly folder: string;
}

const journalColumns = `tenant_id, topic, partition, "offset", record_time, event_id, type, source, subject, event_time,
  correlation_id, causation_id, traceparent, stream_version, schema_fingerprint, payload`;

/** Events a second into the journal table with its key and indexes, on the same Postgres with the same settings. */
export async function benchJournal(settings: JournalSettings, progress: (line: string) => void): Promise<Measure> {
  const rows = await rowsOfProjector(settings);
  return inTurns(
    {
      name: 'journal',
      unit: 'events/s',
      settings: {
        events: settings.events,
        oneByOneEvents: settings.oneByOneEvents,
        rowBytes: Math.round(rows.length / settings.events),
      },
    },
    [
      { name: 'one INSERT a message (kafkajs eachMessage)', run: () => oneByOne(settings) },
      { name: 'the projector, from Kafka, exactly once', run: () => projector(settings) },
      {
        name: 'COPY of ready rows into the same table, no Kafka, no decoding, no checkpoint',
        run: () => copyOf(settings, rows),
      },
    ],
    settings.rounds,
    progress,
  );
}

/** Consumes and decodes as the projector does, and writes what most people write first. */
async function oneByOne({ stack, topicPrefix, oneByOneEvents }: JournalSettings): Promise<number> {
  registerZstd();
  const codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
  return withDatabase(stack, async (pool) => {
    const kafka = new kafkajs.Kafka({ brokers: stack.kafkaBrokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `bench-${Date.now()}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [`${topicPrefix}agent.events`], fromBeginning: true });
    let written = 0;
    let startedMs = 0;
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ partition, message }: kafkajs.EachMessagePayload) => {
        if (written >= oneByOneEvents) return resolve();
        startedMs ||= performance.now();
        const headers = (message.headers ?? {}) as Record<string, Buffer>;
        const envelope = codec.decode({ topic: 'agent.events', key: message.key, value: message.value, headers });
        await pool.query(
          `INSERT INTO journal_v1 (${journalColumns})
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16) ON CONFLICT DO NOTHING`,
          valuesOf(envelope, partition, message),
        );
        written += 1;
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    const rate = (written / (performance.now() - startedMs)) * 1000;
    await consumer.disconnect();
    return rate;
  });
}

function valuesOf({ event, metadata }: EventEnvelope, partition: number, message: kafkajs.KafkaMessage): unknown[] {
  const fingerprint = String(message.headers?.['ce_dataschema']).slice(-64);
  return [
    metadata.tenantId,
    'agent.events',
    partition,
    message.offset,
    new Date(Number(message.timestamp)),
    metadata.id,
    event.type,
    metadata.source,
    metadata.subject,
    new Date(metadata.timeMs),
    metadata.correlationId,
    metadata.causationId ?? null,
    null,
    null,
    Buffer.from(fingerprint, 'hex'),
    message.value?.subarray(5),
  ];
}

/** The projector app as a process of its own, reading the whole log into an empty database. */
async function projector(settings: JournalSettings): Promise<number> {
  return withDatabase(settings.stack, (pool, databaseUrl) => runProjector(settings, pool, databaseUrl));
}

async function runProjector(settings: JournalSettings, pool: pg.Pool, databaseUrl: string): Promise<number> {
  const { stack, topicPrefix, events, folder } = settings;
  const [metricsPort] = await freePorts(1);
  // The app's own reports would be rows too.
  const quiet = { METRICS_PORT: `${metricsPort}`, CHORDA_SELF_REPORT_INTERVAL_MS: '3600000', LOG_LEVEL: 'warn' };
  const env = { ...environmentOf(stack, databaseUrl, topicPrefix), ...quiet };
  const app = startApp('projector', env, join(folder, 'projector.log'));
  try {
    let first = 0;
    let startedMs = 0;
    await waitFor('The journal', 120_000, async () => {
      const applied = await appliedOf(pool);
      if (startedMs === 0 && applied > 0) [first, startedMs] = [applied, performance.now()];
      return applied >= events;
    });
    return ((events - first) / (performance.now() - startedMs)) * 1000;
  } finally {
    await app.stop();
  }
}

async function appliedOf(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ applied: string | null }>(
    `SELECT sum(next_offset) AS applied FROM checkpoints WHERE projection = 'journal' AND topic = 'agent.events'`,
  );
  return Number(rows[0]?.applied ?? 0);
}

/** The rows of the whole log in COPY's binary form, as one run of the projector wrote them. */
async function rowsOfProjector(settings: JournalSettings): Promise<Buffer> {
  return withDatabase(settings.stack, async (pool, databaseUrl) => {
    await runProjector(settings, pool, databaseUrl);
    const client = await pool.connect();
    const chunks: Buffer[] = [];
    const rows = `SELECT ${journalColumns} FROM journal_v1 WHERE topic = 'agent.events'`;
    for await (const chunk of client.query(copyTo(`COPY (${rows}) TO STDOUT (FORMAT binary)`)))
      chunks.push(chunk as Buffer);
    client.release();
    return Buffer.concat(chunks);
  });
}

async function copyOf({ stack, events }: JournalSettings, rows: Buffer): Promise<number> {
  return withDatabase(stack, async (pool) => {
    const client = await pool.connect();
    const startedMs = performance.now();
    const chunkBytes = 64 * 1024;
    const chunks = function* () {
      for (let at = 0; at < rows.length; at += chunkBytes) yield rows.subarray(at, at + chunkBytes);
    };
    await pipeline(
      Readable.from(chunks()),
      client.query(copyFrom(`COPY journal_v1 (${journalColumns}) FROM STDIN (FORMAT binary)`)),
    );
    const rate = (events / (performance.now() - startedMs)) * 1000;
    client.release();
    return rate;
  });
}

/** An empty database with today's tables. */
async function withDatabase<Value>(
  stack: StackAddresses,
  use: (pool: pg.Pool, databaseUrl: string) => Promise<Value>,
): Promise<Value> {
  const database = await freshDatabase(stack);
  await migrate(database.url);
  const pool = createPool(database.url, { applicationName: 'bench', connectionsMax: 4 });
  try {
    await ensureDayPartitions(pool, 'journal_v1', [dayOf(Date.now())]);
    return await use(pool, database.url);
  } finally {
    await pool.end();
    await database.drop();
  }
}

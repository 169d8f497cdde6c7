import { EventCodec, type AnyEvent } from '@chorda/contracts';
import { silentLogger } from '@chorda/kernel';
import { createKafkaDriver, startConsumer, type Batch } from '@chorda/messaging';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { Registry } from 'prom-client';
import { registerZstd } from '../kafkajs-zstd.js';
import type { StageSettings } from './stage-settings.js';
import type { Report } from './stage-process.js';
import { rowOf, type BenchRow } from './tables.js';

const reportEvery = 5_000;

/** Counts in steps, so that telling costs nothing. */
function counter({ events }: StageSettings, report: Report): (more: number) => number {
  let done = 0;
  let told = 0;
  return (more) => {
    done += more;
    if (done - told >= reportEvery || done >= events) report((told = done));
    return done;
  };
}

function driverOf({ brokers, topicPrefix }: StageSettings) {
  const connection = { brokers: brokers.split(','), topicPrefix, clientId: 'bench-stage' };
  return createKafkaDriver(connection, { logger: silentLogger });
}

/** S1: records out of the log, whole and checked, undecoded. */
export function consumeOnly(settings: StageSettings, report: Report): Promise<void> {
  const limits = { recordsMax: settings.batchRecords, bytesMax: 4 * 1024 ** 2, waitMsMax: 5 };
  const count = counter(settings, report);
  return new Promise((resolve) => {
    driverOf(settings).consume({
      group: `bench.${Date.now()}`,
      topics: ['agent.events'],
      run: async (partition) => {
        await partition.start(0n);
        for (;;) {
          const chunk = await partition.read(limits);
          if (!chunk) return;
          if (count(chunk.records.length) >= settings.events) resolve();
        }
      },
    });
  });
}

/** S2: as batches of events, through the consumer engine. */
export function decodeOnly(settings: StageSettings, report: Report): Promise<void> {
  return consuming(settings, report, () => undefined);
}

/** S3: folded to one row a key and batch. */
export function decodeAndFold(settings: StageSettings, report: Report): Promise<void> {
  return consuming(settings, report, (batch) => {
    const rows = new Map<string, BenchRow>();
    for (const { event } of batch) if (event.type === 'agent.executed') rows.set(event.data.agent_id, rowOf(event));
  });
}

async function consuming(
  settings: StageSettings,
  report: Report,
  handle: (batch: Batch<AnyEvent>) => void,
): Promise<void> {
  const { registryUrl, topicPrefix, batchRecords, events } = settings;
  const codec = await EventCodec.connect({ registryUrl, topicPrefix });
  const count = counter(settings, report);
  await new Promise<void>((resolve) => {
    void startConsumer({
      driver: driverOf(settings),
      codec,
      handler: {
        handleBatch: async (batch) => {
          handle(batch);
          if (count(batch.messages.length) >= events) resolve();
          return batch.allDone();
        },
      },
      options: { group: `bench.stage-${Date.now()}`, topics: ['agent.events'], batchRecordsMax: batchRecords },
      logger: silentLogger,
      metrics: new Registry(),
    });
  });
}

/** What most people write first: kafkajs, `eachMessage`, one awaited statement. Its messages have their headers too. */
export async function naive(settings: StageSettings, report: Report): Promise<void> {
  const { brokers, topicPrefix, registryUrl, databaseUrl, table, events } = settings;
  registerZstd();
  const codec = await EventCodec.connect({ registryUrl, topicPrefix });
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bench-${Date.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [`${topicPrefix}agent.events`], fromBeginning: true });
  let done = 0;
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: kafkajs.EachMessagePayload) => {
      const headers = (message.headers ?? {}) as Record<string, Buffer>;
      const { event } = codec.decode({ topic: 'agent.events', key: message.key, value: message.value, headers });
      if (event.type === 'agent.executed') await pool.query(naiveStatement(table), Object.values(rowOf(event)));
      report(++done);
      if (done >= events) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
}

function naiveStatement(table: StageSettings['table']): string {
  const columns = 'agent_id, execution_id, input_data, output_data, execution_time_ms, status';
  const insert = `INSERT INTO ${table} (${columns}) VALUES ($1, $2, $3, $4, $5, $6)`;
  if (table === 'executed_v1') return `${insert} ON CONFLICT DO NOTHING`;
  return `${insert} ON CONFLICT (agent_id) DO UPDATE SET execution_id = excluded.execution_id,
    input_data = excluded.input_data, output_data = excluded.output_data,
    execution_time_ms = excluded.execution_time_ms, status = excluded.status`;
}

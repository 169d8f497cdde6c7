import { join } from 'node:path';
import { EventCodec } from '@chorda/contracts';
import { silentLogger, sleep } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { freePorts } from '@chorda/native-stack';
import { CheckpointRepository, createPool } from '@chorda/read-models';
import type { TestStack } from '@chorda/testing';
import { environmentOf, startApp, waitFor } from './backbone.js';
import { cpuSeconds } from './projector/processors.js';
import { sampleEvent } from './sample-event.js';
import { percentile, type Measure } from './samples.js';

export interface LatencySettings {
  readonly stack: TestStack;
  readonly topicPrefix: string;
  /** Migrated. */
  readonly databaseUrl: string;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly folder: string;
}

interface Waiting {
  readonly sentMs: number;
  readonly offset: bigint;
}

/**
 * From `send` to the commit of the row, at a fixed rate of arrival: an event is sent when it is due, whatever became of
 * the ones before it, so a stall is seen by every event that it holds up. Raw samples are the percentiles of each round,
 * and the processor time of projector and database, which can be compared where other work shares the machine.
 */
export async function benchLatency(
  settings: LatencySettings,
  progress: (line: string) => void,
): Promise<readonly Measure[]> {
  const { stack, topicPrefix, databaseUrl, rounds, folder } = settings;
  const [metricsPort] = await freePorts(1);
  const env = { ...environmentOf(stack, databaseUrl, topicPrefix), METRICS_PORT: `${metricsPort}`, LOG_LEVEL: 'warn' };
  const app = startApp('projector', env, join(folder, 'latency-projector.log'));
  const pool = createPool(databaseUrl, { applicationName: 'bench', connectionsMax: 2 });
  const checkpoints = new CheckpointRepository(pool, databaseUrl);
  const codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
  const driver = createKafkaDriver(
    { brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'bench' },
    { logger: silentLogger },
  );
  const producer = await driver.createProducer();
  const samples: Measure['samples'][number][] = [];
  const cpu: Measure['samples'][number][] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const before = cpuSeconds(stack, [app.pid]);
      const latencies = await latenciesOf(settings, codec, (record) => producer.send(record), checkpoints);
      const after = cpuSeconds(stack, [app.pid]);
      for (const [contestant, part] of [
        ['projector', 'own'],
        ['Postgres', 'postgres'],
      ] as const) {
        const value = ((after[part] - before[part]) * 1e6) / latencies.length;
        if (round > 0) cpu.push({ contestant, round, value });
        progress(`event to row: round ${round}/${rounds}, ${contestant}: ${value.toFixed(0)} µs of CPU an event`);
      }
      for (const [contestant, share] of [
        ['p50', 0.5],
        ['p99', 0.99],
      ] as const) {
        const value = percentile(latencies, share);
        if (round > 0) samples.push({ contestant, round, value });
        progress(`event to row: round ${round}/${rounds}, ${contestant}: ${value.toFixed(1)} ms`);
      }
    }
  } finally {
    await producer.close();
    await driver.close();
    await checkpoints.close();
    await pool.end();
    await app.stop();
  }
  const { seconds } = settings;
  const eventsPerSecond = Math.round(settings.eventsPerSecond);
  const at = `at ${eventsPerSecond.toLocaleString('en')} events/s`;
  const shared = { settings: { eventsPerSecond, seconds } };
  return [
    { ...shared, name: `event to row ${at}`, unit: 'ms', contestants: ['p50', 'p99'], samples },
    { ...shared, name: `CPU an event ${at}`, unit: 'µs', contestants: ['projector', 'Postgres'], samples: cpu },
  ];
}

/** Of each event of one round, in milliseconds. */
export async function latenciesOf(
  { eventsPerSecond, seconds }: Pick<LatencySettings, 'eventsPerSecond' | 'seconds'>,
  codec: EventCodec,
  send: (record: ReturnType<EventCodec['encode']>) => Promise<{ partition: number; offset: bigint }>,
  checkpoints: CheckpointRepository,
): Promise<readonly number[]> {
  const waiting = new Map<number, Waiting[]>();
  const applied = new Map<number, { nextOffset: bigint; atMs: number }>();
  const latencies: number[] = [];
  const unsubscribe = checkpoints.onAdvance((advances) => {
    const nowMs = performance.now();
    for (const { projection, topic, partition, nextOffset } of advances) {
      if (projection !== 'journal' || topic !== 'agent.events') continue;
      applied.set(partition, { nextOffset, atMs: nowMs });
      const left = (waiting.get(partition) ?? []).filter(({ sentMs, offset }) => {
        if (offset < nextOffset) latencies.push(nowMs - sentMs);
        return offset >= nextOffset;
      });
      waiting.set(partition, left);
    }
  });
  const total = Math.round(eventsPerSecond * seconds);
  const startedMs = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * eventsPerSecond));
    for (; sent < due; sent += 1) {
      const sentMs = performance.now();
      void send(codec.encode(sampleEvent(sent))).then(({ partition, offset }) => {
        // The row may be there before the acknowledgement is: then it was there when the checkpoint moved.
        const seen = applied.get(partition);
        if (seen && seen.nextOffset > offset) latencies.push(Math.max(0, seen.atMs - sentMs));
        else (waiting.get(partition) ?? waiting.set(partition, []).get(partition))?.push({ sentMs, offset });
      });
    }
    await sleep(1);
  }
  await waitFor('The rows of the last events', 60_000, () => Promise.resolve(latencies.length >= total));
  unsubscribe();
  return latencies;
}

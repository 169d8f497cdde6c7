import { inject } from 'vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyTopics, EventCodec, registerSchemas, type EventEnvelope } from '@chorda/contracts';
import { silentLogger, sleep } from '@chorda/kernel';
import { freshTopicPrefix } from '@chorda/testing';
import { createKafkaDriver } from '../kafkajs-driver/kafka-driver.js';
import type { KafkaDriver } from '../port.js';
import { OperationRecorder } from './operation-recorder.js';
import { healthOf } from './service-figures.js';
import { startServiceReporter } from './service-reporter.js';

const stack = inject('stack');
const topicPrefix = freshTopicPrefix();
let driver: KafkaDriver;
let codec: EventCodec;

beforeAll(async () => {
  driver = createKafkaDriver({ brokers: [stack.kafkaBrokers], topicPrefix, clientId: 'service-reporter-spec' });
  await Promise.all([
    driver.admin().then((admin) => applyTopics(admin)),
    registerSchemas({ registryUrl: stack.registryUrl, topicPrefix }),
  ]);
  codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
});

afterAll(async () => {
  codec.close();
  await driver.close();
});

describe('reports of a service about itself', () => {
  it('are on system.events in order, valid by their schemas, with the word "stopped" at the end', async () => {
    const producer = await driver.createProducer();
    const operations = new OperationRecorder();
    operations.record('http.request', 12);
    let samples = 0;
    const counted = () => {
      samples += 1;
      return {};
    };
    const reporter = startServiceReporter({
      producer,
      codec,
      service: 'spec',
      instance: 'host:1',
      sharesProcess: false,
      intervalMs: 100,
      logger: silentLogger,
      health: () => Promise.resolve(healthOf([])),
      sample: () => ({
        ...counted(),
        cpuUsage: 0.5,
        cpuCount: 2,
        memoryUsage: 0.5,
        memoryLimitBytes: 2_000_000_000,
        rssBytes: process.memoryUsage.rss(),
        heapUsedBytes: 1,
        heapLimitBytes: 2,
        eventLoopUsage: 0,
        eventLoopDelayP50Ms: 0,
        eventLoopDelayP99Ms: 0,
        uptimeMs: process.uptime() * 1000,
        intervalMs: 100,
        operations: operations.take(),
      }),
    });
    await reporter.alert({ severity: 'error', code: 'SPEC_STOPPED', message: 'A partition stopped', offset: 7n });
    while (samples < 2) await sleep(20);
    await reporter.stop();

    const events = await readAll();
    const types = new Set(events.map(({ event }) => event.type));
    expect([...types].sort()).toEqual([
      'system.error_alert',
      'system.health_check',
      'system.performance',
      'system.resource_usage',
    ]);
    expect(events.every(({ metadata }) => metadata.subject === 'spec' && metadata.tenantId === 'default')).toBe(true);
    const checks = events.flatMap(({ event }) => (event.type === 'system.health_check' ? [event.data] : []));
    expect(checks.length).toBeGreaterThanOrEqual(3);
    expect(checks.map(({ status }) => status)).toEqual([...checks.slice(1).map(() => 'healthy'), 'unhealthy']);
    const [performance] = events.flatMap(({ event }) => (event.type === 'system.performance' ? [event.data] : []));
    expect(performance?.operations).toMatchObject([{ name: 'http.request', count: 1, errors: 0 }]);
  });
});

/** Everything on the topic; all of one service is in one partition, so its order is the log's. */
async function readAll(): Promise<readonly EventEnvelope[]> {
  const ends = await (await driver.admin()).offsets('system.events');
  const wanted = ends.reduce((sum, { end }) => sum + Number(end), 0);
  const envelopes: EventEnvelope[] = [];
  const done = Promise.withResolvers<void>();
  const consumer = driver.consume({
    group: 'spec.read-all',
    topics: ['system.events'],
    run: async (partition) => {
      await partition.start(undefined);
      for (;;) {
        const chunk = await partition.read({ recordsMax: 100, bytesMax: 1_000_000, waitMsMax: 0 });
        if (chunk === undefined) return;
        envelopes.push(...chunk.records.map((record) => codec.decode(record)));
        if (envelopes.length >= wanted) done.resolve();
      }
    },
  });
  await Promise.race([done.promise, sleep(20_000)]);
  await consumer.stop();
  return envelopes;
}

import {
  EventCodec,
  registerSchemas,
  topicConfig,
  catalogueTopic,
  type AnyEvent,
  type EncodedRecord,
} from '@chorda/contracts';
import { defaultTenant, newId, silentLogger } from '@chorda/kernel';
import { freshTopicPrefix } from '@chorda/testing';
import { Registry } from 'prom-client';
import { inject } from 'vitest';
import type { Batch, BatchHandler, ConsumerOptions, Outcomes, RunningConsumer } from '../consumer-contract.js';
import { createKafkaDriver } from '../kafkajs-driver/kafka-driver.js';
import type { KafkaAdmin, KafkaDriver, Producer } from '../port.js';
import { listDeadLetters } from '../dead-letters/list-dead-letters.js';
import type { RecordDecoder } from './decode-records.js';
import { startConsumer } from './start-consumer.js';

/** For specs of the engine: topics of their own, a real codec, and consumers that are stopped at the end. */
export class EngineBench {
  private readonly consumers: RunningConsumer[] = [];
  readonly metrics = new Registry();

  private constructor(
    readonly driver: KafkaDriver,
    readonly admin: KafkaAdmin,
    readonly producer: Producer,
    readonly codec: EventCodec,
  ) {}

  static async open(...topics: string[]): Promise<EngineBench> {
    const stack = inject('stack');
    const connection = { brokers: stack.kafkaBrokers.split(','), topicPrefix: freshTopicPrefix(), clientId: 'engine' };
    const driver = createKafkaDriver(connection);
    const admin = await driver.admin();
    await registerOnce(stack.registryUrl);
    const codec = await EventCodec.connect({ registryUrl: stack.registryUrl });
    await admin.createTopics(
      topics.map((name) => {
        const { partitions } = catalogueTopic(name)!;
        return { name, partitions, replicationFactor: 1, config: topicConfig(catalogueTopic(name)!, 1) };
      }),
    );
    return new EngineBench(driver, admin, await driver.createProducer(), codec);
  }

  async consume(
    options: ConsumerOptions,
    handleBatch: (batch: Batch) => Promise<Outcomes> | Outcomes,
    codec: RecordDecoder = this.codec,
  ): Promise<RunningConsumer> {
    const { driver, metrics } = this;
    const handler: BatchHandler = { handleBatch: (batch) => Promise.resolve(batch).then(handleBatch) };
    const timed = { sessionTimeoutMs: 6_000, ...options };
    const consumer = await startConsumer({ driver, codec, options: timed, handler, logger: silentLogger, metrics });
    this.consumers.push(consumer);
    return consumer;
  }

  /** A health check of `service`; its `alerts` carry what the spec wants to find again. */
  encode(service: string, note = ''): EncodedRecord {
    const event: AnyEvent = {
      type: 'system.health_check',
      data: healthCheck(service, note),
    };
    return this.codec.encode({
      event,
      metadata: {
        id: newId(),
        source: '//spec',
        subject: service,
        tenantId: defaultTenant,
        timeMs: 1_795_000_000_000,
        correlationId: newId(),
      },
    });
  }

  async send(service: string, note: string): Promise<EncodedRecord> {
    const record = this.encode(service, note);
    await this.producer.send(record);
    return record;
  }

  deadLetters() {
    return listDeadLetters(this.driver);
  }

  async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
    this.codec.close();
    await this.driver.close();
  }
}

/** Specs run side by side: who is second to make a subject's rule is told so, and finds it there the next time. */
async function registerOnce(registryUrl: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await registerSchemas({ registryUrl });
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

function healthCheck(service: string, note: string): Extract<AnyEvent, { type: 'system.health_check' }>['data'] {
  return {
    service,
    status: 'healthy',
    metrics: { cpu_usage: 0.5, memory_usage: 0.25, active_agents: 0, queue_size: 0 },
    alerts: [note],
    started_at: null,
    interval_ms: null,
    instance: null,
    pid: null,
    shares_process: false,
    version: null,
    address: null,
  };
}

export function noteOf(event: AnyEvent): string {
  return event.type === 'system.health_check' ? (event.data.alerts[0] ?? '') : event.type;
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadlineMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import { catalogueTopic, EventCodec, registerSchemas, type AnyEvent, type EncodedRecord } from '@chorda/contracts';
import { defaultTenant, silentLogger } from '@chorda/kernel';
import { Registry } from 'prom-client';
import type { Batch, Outcomes, RunningConsumer } from '../consumer-contract.js';
import type { RecordDecoder } from '../consumer/decode-records.js';
import { startConsumer } from '../consumer/start-consumer.js';
import type { Bench } from './bench.js';
import { testSessionMs } from './collector.js';
import { waitUntil } from './wait-until.js';

/** Three partitions: enough to see that a fault of one leaves the others alone. */
export const engineTopic = 'system.events';

const partitions = catalogueTopic(engineTopic)?.partitions ?? 0;

export async function createEngineTopic(bench: Bench): Promise<void> {
  await bench.createTopic(engineTopic, partitions);
}

const registered = new Map<string, Promise<void>>();

/** A codec that knows the schemas of a registry, where they are put first. */
export async function connectedCodec(bench: Bench, registryUrl: string, throughUrl = registryUrl): Promise<EventCodec> {
  const known = registered.get(registryUrl) ?? registerAll(registryUrl);
  registered.set(registryUrl, known);
  await known;
  const codec = await EventCodec.connect({ registryUrl: throughUrl });
  bench.atEnd(() => codec.close());
  return codec;
}

/** Specs that run side by side register the same: whoever is second is refused once, and then finds it there. */
async function registerAll(registryUrl: string): Promise<void> {
  const registers = () =>
    registerSchemas({ registryUrl }).then(
      () => true,
      () => false,
    );
  await waitUntil('the schemas are registered', registers, 30_000);
}

/** A health check of a service, whose id the engine's history shows again. */
export function encodedEvent(codec: EventCodec, service: string, id: string): EncodedRecord {
  const event: Extract<AnyEvent, { type: 'system.health_check' }> = {
    type: 'system.health_check',
    data: {
      service,
      status: 'healthy',
      metrics: { cpu_usage: 0.5, memory_usage: 0.25, active_agents: 0, queue_size: 0 },
      alerts: [id],
      started_at: null,
      interval_ms: null,
      instance: null,
      pid: null,
      shares_process: false,
      version: null,
      address: null,
    },
  };
  const metadata = { source: '//conformance', subject: service, tenantId: defaultTenant, correlationId: id };
  return codec.encode({ event, metadata: { ...metadata, id, timeMs: 1_795_000_000_000 } });
}

/** Two services whose records stand in different partitions. */
export function servicesApart(codec: EventCodec): { readonly one: string; readonly other: string } {
  const candidates = Array.from({ length: 50 }, (_, index) => `service-${index}`);
  const [one = ''] = candidates;
  const partitionOf = (service: string) => encodedEvent(codec, service, 'id').partition;
  const other = candidates.find((service) => partitionOf(service) !== partitionOf(one));
  if (other === undefined) throw new Error('All candidates stand in one partition');
  return { one, other };
}

export interface Engine {
  readonly consumer: RunningConsumer;
  /** Ids of events that the handler said are done, in its order. */
  readonly done: readonly string[];
  readonly group: string;
}

export async function startEngine(
  bench: Bench,
  codec: RecordDecoder,
  handle: (batch: Batch) => void = () => undefined,
): Promise<Engine> {
  const group = 'engine';
  const done: string[] = [];
  const handleBatch = (batch: Batch): Promise<Outcomes> => {
    handle(batch);
    done.push(...batch.messages.map(({ envelope }) => envelope.metadata.id));
    return Promise.resolve(batch.allDone());
  };
  const consumer = await startConsumer({
    driver: bench.driver,
    codec,
    options: { group, topics: [engineTopic], sessionTimeoutMs: testSessionMs },
    handler: { handleBatch: (batch) => Promise.resolve(batch).then(handleBatch) },
    logger: silentLogger,
    metrics: new Registry(),
  });
  bench.atEnd(() => consumer.stop());
  return { consumer, done, group };
}

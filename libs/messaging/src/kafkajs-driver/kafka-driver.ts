import { silentLogger, type Logger } from '@chorda/kernel';
import type {
  GroupConsumer,
  GroupConsumerOptions,
  KafkaAdmin,
  KafkaConnection,
  KafkaDriver,
  Producer,
  ProducerOptions,
  RecordChunk,
  ScanRange,
} from '../port.js';
import { withTracing } from '../tracing.js';
import { connectAdmin } from './admin.js';
import { Cluster } from './cluster.js';
import { KafkajsGroupConsumer } from './group-consumer.js';
import { assertKafkajsVersion, stopIdleTimerLoop } from './kafkajs-internals.js';
import { AccumulatingProducer } from './producer.js';
import { scanRange } from './scan-range.js';

/** @throws {@link DriverVersionError} when another kafkajs is installed than the one this was written against. */
export function createKafkaDriver(
  connection: KafkaConnection,
  options: { readonly logger?: Logger } = {},
): KafkaDriver {
  assertKafkajsVersion();
  stopIdleTimerLoop();
  return new KafkajsDriver(connection, options.logger ?? silentLogger);
}

class KafkajsDriver implements KafkaDriver {
  private readonly open = new Set<{ close(): Promise<void> }>();

  constructor(
    private readonly connection: KafkaConnection,
    private readonly logger: Logger,
  ) {}

  get topicPrefix(): string {
    return this.connection.topicPrefix;
  }

  createProducer(options: ProducerOptions = {}): Promise<Producer> {
    const producer = new AccumulatingProducer(this.cluster(), this.topicPrefix, this.logger, options);
    const traced = withTracing(producer);
    this.open.add(traced);
    return Promise.resolve({
      send: (record) => traced.send(record),
      close: () => this.closeOne(traced),
    });
  }

  consume(options: GroupConsumerOptions): GroupConsumer {
    const consumer = new KafkajsGroupConsumer(this.cluster(), this.topicPrefix, options, this.logger);
    const closable = { close: () => consumer.stop() };
    this.open.add(closable);
    return {
      get state() {
        return consumer.state;
      },
      stop: () => this.closeOne(closable),
    };
  }

  async *scan(range: ScanRange): AsyncIterable<RecordChunk> {
    const cluster = this.cluster();
    const closable = { close: () => cluster.close() };
    this.open.add(closable);
    try {
      yield* scanRange(cluster, this.topicPrefix, range);
    } finally {
      await this.closeOne(closable);
    }
  }

  async admin(): Promise<KafkaAdmin> {
    // One that is made for a moment and closed must not be remembered: many are, over the life of a driver.
    const forget = (closed: KafkaAdmin) => void this.open.delete(closed);
    const admin = await connectAdmin(this.connection, this.cluster(), this.logger, forget);
    this.open.add(admin);
    return admin;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.open].map((closable) => this.closeOne(closable)));
  }

  private async closeOne(closable: { close(): Promise<void> }): Promise<void> {
    this.open.delete(closable);
    await closable.close();
  }

  private cluster(): Cluster {
    return new Cluster(this.connection, this.logger);
  }
}

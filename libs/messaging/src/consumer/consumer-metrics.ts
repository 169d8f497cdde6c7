import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ConsumerHealth } from '../consumer-contract.js';

const byRegistry = new WeakMap<Registry, ConsumerMetrics>();

/** The figures of all consumers that share a registry; gauges ask each of them when they are scraped. */
export class ConsumerMetrics {
  readonly handled: Counter<'group' | 'topic' | 'outcome'>;
  readonly deadLetters: Counter<'group' | 'topic' | 'reason'>;
  readonly retries: Counter<'group' | 'topic'>;
  readonly waits: Counter<'group' | 'topic' | 'cause'>;
  readonly batchSeconds: Histogram<'group' | 'topic'>;
  private readonly consumers = new Set<() => ConsumerHealth>();

  static of(registry: Registry): ConsumerMetrics {
    const known = byRegistry.get(registry);
    if (known) return known;
    const made = new ConsumerMetrics(registry);
    byRegistry.set(registry, made);
    return made;
  }

  private constructor(registry: Registry) {
    const registers = [registry];
    const { consumers } = this;
    this.handled = new Counter({
      name: 'chorda_consumer_records_total',
      help: 'Records that a group has settled, by outcome (done, retry, dead, set_aside)',
      labelNames: ['group', 'topic', 'outcome'],
      registers,
    });
    this.deadLetters = new Counter({
      name: 'chorda_dlq_messages_total',
      help: 'Records sent to a dead-letter topic, by reason',
      labelNames: ['group', 'topic', 'reason'],
      registers,
    });
    this.retries = new Counter({
      name: 'chorda_retries_total',
      help: 'Records sent to a retry tier',
      labelNames: ['group', 'topic'],
      registers,
    });
    this.waits = new Counter({
      name: 'chorda_consumer_waits_total',
      help: 'Times that a partition had to wait before it tried again, by cause (handler, registry, unreadable, broker)',
      labelNames: ['group', 'topic', 'cause'],
      registers,
    });
    this.batchSeconds = new Histogram({
      name: 'chorda_consumer_batch_seconds',
      help: 'Time that the handler took for a batch',
      labelNames: ['group', 'topic'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    new Gauge({
      name: 'chorda_consumer_lag_records',
      help: 'Records that the group has not handled yet',
      labelNames: ['group', 'topic', 'partition'],
      registers,
      collect() {
        this.reset();
        for (const { group, topic, partition, lagRecords } of partitionsOf(consumers)) {
          if (lagRecords !== undefined) this.set({ group, topic, partition }, Number(lagRecords));
        }
      },
    });
    new Gauge({
      name: 'chorda_consumer_lag_seconds',
      help: 'Age of the oldest record that the group has not handled yet',
      labelNames: ['group', 'topic', 'partition'],
      registers,
      collect() {
        this.reset();
        for (const { group, topic, partition, lagSeconds } of partitionsOf(consumers)) {
          this.set({ group, topic, partition }, lagSeconds);
        }
      },
    });
    new Gauge({
      name: 'chorda_consumer_stopped_partitions',
      help: 'Partitions that wait for a fault to be mended',
      labelNames: ['group'],
      registers,
      collect() {
        this.reset();
        for (const health of consumers) {
          const { group, partitions } = health();
          this.set({ group }, partitions.filter(({ stoppedBy }) => stoppedBy !== undefined).length);
        }
      },
    });
  }

  add(health: () => ConsumerHealth): () => void {
    this.consumers.add(health);
    return () => this.consumers.delete(health);
  }
}

function partitionsOf(consumers: ReadonlySet<() => ConsumerHealth>) {
  return [...consumers].flatMap((health) => {
    const { group, partitions } = health();
    return partitions.map((partition) => ({ group, ...partition }));
  });
}

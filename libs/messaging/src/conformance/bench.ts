import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaConnection, KafkaDriver, OutgoingRecord, Producer, RecordPlace } from '../port.js';
import { startChild, type Child, type ChildName, type ChildOrders } from './child.js';
import { collect, type Collector, type CollectorOptions } from './collector.js';
import { driversUnderTest, type DriverName } from './drivers-under-test.js';
import type { SeenRecord, SentRecord } from './history.js';
import { waitUntil } from './wait-until.js';

/**
 * What one check works on: a driver, topics and groups of its own, and whatever it started, which `dispose` ends.
 */
export class Bench {
  readonly connection: KafkaConnection;
  readonly driver: KafkaDriver;
  readonly folder = mkdtempSync(join(tmpdir(), 'chorda-conformance-'));
  readonly #endings: (() => Promise<unknown> | void)[] = [];

  constructor(
    readonly driverName: DriverName,
    broker: Omit<KafkaConnection, 'clientId' | 'topicPrefix'>,
  ) {
    const topicPrefix = `t${randomBytes(5).toString('hex')}.`;
    this.connection = { ...broker, topicPrefix, clientId: 'conformance' };
    this.driver = this.newDriver();
    this.#endings.push(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** Ended with the rest, before what was started earlier. */
  atEnd(ending: () => Promise<unknown> | void): void {
    this.#endings.push(ending);
  }

  /** Another client of the same kind, as another process would have it. */
  newDriver(): KafkaDriver {
    const driver = driversUnderTest[this.driverName](this.connection);
    this.#endings.push(() => driver.close());
    return driver;
  }

  async createTopic(name: string, partitions: number, config: Readonly<Record<string, string>> = {}): Promise<string> {
    const admin = await this.driver.admin();
    try {
      await admin.createTopics([{ name, partitions, replicationFactor: 1, config }]);
    } finally {
      await admin.close();
    }
    return name;
  }

  async producer(driver: KafkaDriver = this.driver): Promise<Producer> {
    return driver.createProducer();
  }

  collect(history: SeenRecord[], options: CollectorOptions, driver: KafkaDriver = this.driver): Collector {
    const collector = collect(driver, history, options);
    this.#endings.push(() => collector.stop());
    return collector;
  }

  child<Name extends ChildName>(name: Name, orders: ChildOrders[Name]): Child {
    const child = startChild(name, { ...orders, connection: this.connection, folder: this.folder });
    this.#endings.push(() => child.end());
    return child;
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, bigint>> {
    const admin = await this.driver.admin();
    try {
      const places = await admin.committedOffsets(group, [topic]);
      return new Map(places.filter(({ offset }) => offset >= 0n).map((place) => [place.partition, place.offset]));
    } finally {
      await admin.close();
    }
  }

  /** Everything in the topic, by a reader that shares no group with anyone. */
  async readAll(topic: string, timeoutMs = 30_000): Promise<readonly SeenRecord[]> {
    const seen: SeenRecord[] = [];
    const reader = this.collect(seen, {
      reader: 'all',
      group: `all-${randomBytes(4).toString('hex')}`,
      topics: [topic],
    });
    const admin = await this.driver.admin();
    const ends = await admin.offsets(topic);
    await admin.close();
    const last = ends.filter(({ start, end }) => end > start);
    const reached = () =>
      last.every(({ partition, end }) => seen.some((at) => at.partition === partition && at.offset >= end - 1n));
    await waitUntil(`the end of ${topic}`, reached, timeoutMs);
    await reader.stop();
    return seen;
  }

  /** Ends what was started, newest first; safe to call after a failure. */
  async dispose(): Promise<void> {
    const ended = [];
    for (const end of this.#endings.reverse()) ended.push(...(await Promise.allSettled([end()])));
    const reasons = ended.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown);
    if (reasons.length > 0) throw new AggregateError(reasons, 'Not everything that a check started could be ended');
  }
}

/** Sends all at once; what is not acknowledged has no place. */
export async function sendAll(producer: Producer, records: readonly OutgoingRecord[]): Promise<readonly SentRecord[]> {
  const answers = await Promise.allSettled(records.map((record) => producer.send(record)));
  return records.map((record, at) => sentRecord(record, answers[at]));
}

export function sentRecord(record: OutgoingRecord, answer: PromiseSettledResult<RecordPlace> | undefined): SentRecord {
  const known = { id: String(record.headers['id']), key: record.key?.toString() ?? '' };
  return answer?.status === 'fulfilled' ? { ...known, place: answer.value } : known;
}

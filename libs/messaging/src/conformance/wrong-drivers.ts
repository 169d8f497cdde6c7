import { PartitionUnreadableError } from '../errors.js';
import type {
  AssignedPartition,
  GroupConsumerOptions,
  IncomingRecord,
  KafkaDriver,
  OutgoingRecord,
  Producer,
  ReadLimits,
  RecordChunk,
} from '../port.js';

/*
 * Drivers that are wrong in one way each. They stand in front of a right one, so that whatever a check says of them is
 * said of that one way.
 */

/** Commits what it hands out and not what was handled: a crash in between loses it. */
export function commitsEarly(driver: KafkaDriver): KafkaDriver {
  return withPartitions(driver, (partition) => ({
    async read(limits) {
      const chunk = await partition.read(limits);
      if (chunk) partition.commit(chunk.nextOffset);
      return chunk;
    },
  }));
}

/** Hands out two records of one key in the wrong order, once a chunk. */
export function swapsTwoRecords(driver: KafkaDriver): KafkaDriver {
  return withPartitions(driver, (partition) => ({
    async read(limits) {
      const chunk = await partition.read(limits);
      return chunk && { ...chunk, records: withTwoSwapped(chunk.records) };
    },
  }));
}

/** Forgets the first chunk after a partition was moved, as a client does that takes its fetch position for the commit. */
export function dropsOnRebalance(driver: KafkaDriver): KafkaDriver {
  return withPartitions(driver, (partition) => {
    let moved = partition.committedOffset !== undefined;
    return {
      async read(limits) {
        if (moved) await partition.read(limits);
        moved = false;
        return partition.read(limits);
      },
    };
  });
}

/** Steps over a batch that it cannot read, and says nothing. */
export function skipsWhatItCannotRead(driver: KafkaDriver): KafkaDriver {
  return withPartitions(driver, (partition) => ({
    async read(limits) {
      for (;;) {
        try {
          return await partition.read(limits);
        } catch (error) {
          if (!(error instanceof PartitionUnreadableError)) throw error;
          await partition.start(error.offset + 1n);
        }
      }
    },
  }));
}

/** Lets a reader believe for ever that its partition is its own. */
export function neverTellsOfALoss(driver: KafkaDriver): KafkaDriver {
  return withPartitions(driver, () => ({ owned: new AbortController().signal }));
}

/** Takes header values for text, as Nest's own Kafka transport does. */
export function readsHeadersAsText(driver: KafkaDriver): KafkaDriver {
  const asText = (value: Buffer | readonly Buffer[] | undefined) =>
    Buffer.isBuffer(value)
      ? Buffer.from(value.toString('utf8'))
      : value?.map((part) => Buffer.from(part.toString('utf8')));
  return withPartitions(driver, (partition) => ({
    async read(limits) {
      const chunk = await partition.read(limits);
      const records = chunk?.records.map((record) => {
        const headers = Object.entries(record.headers).map(([name, value]) => [name, asText(value)]);
        return { ...record, headers: Object.fromEntries(headers) };
      });
      return chunk && records && { ...chunk, records };
    },
  }));
}

/** Says "stored" when the record has only been queued, with the offset that it hopes for. */
export function answersBeforeAcknowledgement(driver: KafkaDriver): KafkaDriver {
  return {
    ...bound(driver),
    async createProducer(options) {
      const producer = await driver.createProducer(options);
      const hoped = new Map<string, bigint>();
      return {
        send(record) {
          void producer.send(record).catch(() => undefined);
          const partition = record.partition ?? 0;
          const place = `${record.topic}/${partition}`;
          const offset = hoped.get(place) ?? 0n;
          hoped.set(place, offset + 1n);
          return Promise.resolve({ topic: record.topic, partition, offset });
        },
        close: () => producer.close(),
      };
    },
  };
}

/** Sends a record again whose acknowledgement was slow, as a producer without idempotence does. */
export function sendsTwice(driver: KafkaDriver): KafkaDriver {
  return {
    ...bound(driver),
    async createProducer(options) {
      const producer = await driver.createProducer(options);
      let sends = 0;
      const send = async (record: OutgoingRecord) => {
        const place = await producer.send(record);
        sends += 1;
        return sends % 100 === 0 ? producer.send(record) : place;
      };
      return { send, close: () => producer.close() } satisfies Producer;
    },
  };
}

type Wrong = Partial<Pick<AssignedPartition, 'owned' | 'read'>>;

function withPartitions(driver: KafkaDriver, wrongIn: (partition: AssignedPartition) => Wrong): KafkaDriver {
  return {
    ...bound(driver),
    consume(options: GroupConsumerOptions) {
      return driver.consume({ ...options, run: (partition) => options.run(replaced(partition, wrongIn(partition))) });
    },
  };
}

function replaced(partition: AssignedPartition, wrong: Wrong): AssignedPartition {
  return {
    topic: partition.topic,
    partition: partition.partition,
    epoch: partition.epoch,
    committedOffset: partition.committedOffset,
    intake: partition.intake,
    owned: partition.owned,
    get endOffset() {
      return partition.endOffset;
    },
    start: (offset) => partition.start(offset),
    rest: () => partition.rest(),
    read: (limits: ReadLimits): Promise<RecordChunk | undefined> => partition.read(limits),
    commit: (nextOffset) => partition.commit(nextOffset),
    progress: () => partition.progress(),
    ...wrong,
  };
}

/** A driver may be a class: its methods keep their own `this`. */
function bound(driver: KafkaDriver): KafkaDriver {
  return {
    topicPrefix: driver.topicPrefix,
    createProducer: (options) => driver.createProducer(options),
    consume: (options) => driver.consume(options),
    scan: (range) => driver.scan(range),
    admin: () => driver.admin(),
    close: () => driver.close(),
  };
}

function withTwoSwapped(records: readonly IncomingRecord[]): readonly IncomingRecord[] {
  const swapped = [...records];
  for (const [at, record] of swapped.entries()) {
    const next = swapped.findIndex((other, index) => index > at && sameKey(other, record));
    const later = swapped[next];
    if (!later) continue;
    swapped[at] = later;
    swapped[next] = record;
    return swapped;
  }
  return swapped;
}

function sameKey(one: IncomingRecord, other: IncomingRecord): boolean {
  return one.key !== null && other.key !== null && one.key.equals(other.key);
}

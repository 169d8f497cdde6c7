import { silentLogger } from '@chorda/kernel';
import { freshTopicPrefix } from '@chorda/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { BrokerUnavailableError, DeliveryUnknownError } from '../errors.js';
import type { KafkaConnection, KafkaDriver, RecordPlace } from '../port.js';
import { Cluster, type Node } from './cluster.js';
import { kafkaErrors } from './errors.js';
import { createKafkaDriver } from './kafka-driver.js';
import type { WireRequest } from './kafkajs-internals.js';
import { AccumulatingProducer } from './producer.js';
import type { ProducedPartition } from './wire/requests.js';

type Fault = 'answer lost' | 'request lost' | { readonly answers: number } | undefined;

/** A connection on which produce requests or their answers get lost, in front of the real broker. */
class FaultyCluster extends Cluster {
  faultOf: () => Fault = () => undefined;
  faults = 0;
  exchanges = 0;

  override async send<Answer>(node: Node, request: WireRequest<Answer>, lane: 0 | 1 = 0): Promise<Answer> {
    if (request.request.apiName !== 'Produce') return super.send(node, request, lane);
    this.exchanges++;
    const fault = this.faultOf();
    if (fault !== undefined) this.faults++;
    if (fault === 'request lost') throw new BrokerUnavailableError('the request was lost');
    if (typeof fault === 'object') return [refusal(fault.answers)] as Answer;
    const answer = await super.send(node, request, lane);
    if (fault === 'answer lost') throw new BrokerUnavailableError('the answer was lost');
    return answer;
  }
}

const topic = 'delivery';
let refusedPartition = 0;
let prefix: string;
let driver: KafkaDriver;
let cluster: FaultyCluster;

function refusal(errorCode: number): ProducedPartition {
  const place = { topic: `${prefix}${topic}`, partition: refusedPartition };
  return { ...place, errorCode, baseOffset: -1n, errorMessage: null };
}

beforeEach(async () => {
  prefix = freshTopicPrefix();
  const brokers = inject('stack').kafkaBrokers.split(',');
  const connection: KafkaConnection = { brokers, topicPrefix: prefix, clientId: 'delivery' };
  driver = createKafkaDriver(connection);
  const admin = await driver.admin();
  await admin.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, config: {} }]);
  cluster = new FaultyCluster(connection, silentLogger);
});
afterEach(() => driver.close());

async function logOf(partition: number): Promise<string[]> {
  const admin = await driver.admin();
  const { start, end } = (await admin.offsets(topic))[partition]!;
  const values: string[] = [];
  for await (const { records } of driver.scan({ topic, partition, from: start, to: end })) {
    values.push(...records.map(({ value }) => String(value)));
  }
  return values;
}

const record = (index: number, partition = 0) => ({
  topic,
  partition,
  key: Buffer.from('k'),
  value: Buffer.from(String(index)),
  headers: {},
});
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('a producer on a bad connection', () => {
  it('stores every record once and in order, whatever request or answer is lost', async () => {
    const producer = new AccumulatingProducer(cluster, prefix, silentLogger, {});
    let turn = 0;
    cluster.faultOf = () => (['answer lost', undefined, 'request lost'] as const)[turn++ % 3];
    const places: Promise<RecordPlace>[] = [];
    for (const index of numbers(3_000)) {
      places.push(producer.send(record(index, index % 2)));
      if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const stored = await Promise.all(places);
    expect(cluster.faults).toBeGreaterThanOrEqual(4);
    for (const partition of [0, 1]) {
      const expected = numbers(3_000).filter((index) => index % 2 === partition);
      expect(await logOf(partition)).toEqual(expected.map(String));
      expect(expected.map((index) => stored[index]!.offset)).toEqual(expected.map((_, at) => BigInt(at)));
    }
    await producer.close();
  });

  it('says unknown when no answer comes in time, and what follows is stored in order', async () => {
    const producer = new AccumulatingProducer(cluster, prefix, silentLogger, { deliveryTimeoutMs: 5_000 });
    await producer.send(record(0));
    cluster.faultOf = () => 'answer lost';
    await expect(producer.send(record(1))).rejects.toBeInstanceOf(DeliveryUnknownError);
    cluster.faultOf = () => undefined;
    // Of the same size: with the old sequence the broker would take it for a repeat, and drop it.
    await producer.send(record(2));
    await producer.send(record(3));
    // What nobody knew had in truth been stored, once for all its attempts.
    expect(await logOf(0)).toEqual(['0', '1', '2', '3']);
    await producer.close();
  });

  it('says unavailable, and not unknown, of what was never sent', async () => {
    const nowhere = { brokers: ['127.0.0.1:1'], topicPrefix: prefix, clientId: 'delivery' };
    const producer = new AccumulatingProducer(new Cluster(nowhere, silentLogger), prefix, silentLogger, {
      deliveryTimeoutMs: 500,
    });
    await expect(producer.send(record(0))).rejects.toBeInstanceOf(BrokerUnavailableError);
    await producer.close();
  });

  it('stores what stood behind a record that was given up', async () => {
    const producer = new AccumulatingProducer(cluster, prefix, silentLogger, { deliveryTimeoutMs: 5_000 });
    await producer.send(record(0));
    cluster.faultOf = () => 'request lost';
    const first = producer.send(record(1)).catch((error: unknown) => error);
    // As long as what stands behind has left when the first is given up.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const behind = producer.send(record(2));
    expect(await first).toBeInstanceOf(DeliveryUnknownError);
    cluster.faultOf = () => undefined;
    expect(await behind).toMatchObject({ offset: 1n });
    expect(await logOf(0)).toEqual(['0', '2']);
    await producer.close();
  });

  it.each([
    ['has forgotten the sequence', kafkaErrors.outOfOrderSequence],
    ['does not know the producer', kafkaErrors.unknownProducerId],
    ['has fenced the epoch', kafkaErrors.invalidProducerEpoch],
    ['has fenced the producer', kafkaErrors.producerFenced],
  ])('goes on, losing and reordering nothing, when the broker %s', async (_, answers) => {
    const producer = new AccumulatingProducer(cluster, prefix, silentLogger, {});
    await producer.send(record(0));
    let isFirst = true;
    refusedPartition = 0;
    cluster.faultOf = () => {
      if (!isFirst) return undefined;
      isFirst = false;
      return { answers };
    };
    await Promise.all(numbers(1_200).map((index) => producer.send(record(index + 1))));
    expect(cluster.faults).toBe(1);
    expect(await logOf(0)).toEqual(numbers(1_201).map(String));
    await producer.close();
  });

  it('halves a batch that the broker finds too large', async () => {
    const producer = new AccumulatingProducer(cluster, prefix, silentLogger, {});
    await producer.send(record(0));
    let refusals = 3;
    cluster.faultOf = () => (refusals-- > 0 ? { answers: kafkaErrors.messageTooLarge } : undefined);
    await Promise.all(numbers(100).map((index) => producer.send(record(index + 1))));
    expect(await logOf(0)).toEqual(numbers(101).map(String));
    await producer.close();
  });
});

describe('an idle client', () => {
  it('arms no timers of a millisecond', async () => {
    const producer = await driver.createProducer();
    await producer.send(record(0));
    const consumer = driver.consume({
      group: 'idle',
      topics: [topic],
      run: async (partition) => void (await partition.start(undefined)),
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const armed: number[] = [];
    const original = globalThis.setTimeout;
    globalThis.setTimeout = ((callback: () => void, delayMs?: number) => {
      if ((delayMs ?? 0) <= 2) armed.push(delayMs ?? 0);
      return original(callback, delayMs);
    }) as typeof setTimeout;
    await new Promise((resolve) => original(resolve, 1_000));
    globalThis.setTimeout = original;
    // One broker and five connections; unmended, each of them arms about a thousand a second.
    expect(armed.length).toBeLessThan(20);
    await consumer.stop();
  });
});

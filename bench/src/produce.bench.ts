import kafkajs, { type Producer as KafkajsProducer } from 'kafkajs';
import { createKafkaDriver, type OutgoingRecord, type Producer } from '@chorda/messaging';
import { partitionOf } from '@chorda/contracts';
import { silentLogger } from '@chorda/kernel';
import { inTurns, type Contestant, type Measure } from './samples.js';

/** About what an Avro event with its CloudEvents headers weighs. */
const valueBytes = 300;
const partitions = 12;
const headers = {
  'content-type': 'application/avro',
  ce_specversion: '1.0',
  ce_id: '01990000-0000-7000-8000-000000000000',
  ce_type: 'agent.executed',
  ce_source: 'urn:chorda:bench',
  ce_time: '2026-11-21T00:00:00.000Z',
};

export interface ProduceSettings {
  readonly brokers: string[];
  readonly topic: string;
  readonly rounds: number;
  readonly awaitedEvents: number;
  readonly concurrentEvents: number;
  /** How many callers await their own event at the same time. */
  readonly callers: number;
}

/** The same records, the same acknowledgement (acks=all, idempotent), the same partitions: only the client differs. */
export async function benchProduce(settings: ProduceSettings, progress: (line: string) => void): Promise<Measure[]> {
  const plain = new kafkajs.Kafka({
    brokers: settings.brokers,
    clientId: 'bench-kafkajs',
    logLevel: kafkajs.logLevel.ERROR,
  });
  const rival = plain.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await rival.connect();
  const driver = createKafkaDriver(
    { brokers: settings.brokers, topicPrefix: '', clientId: 'bench' },
    { logger: silentLogger },
  );
  const ours = await driver.createProducer({});
  try {
    return [
      await sends(
        'produce, one awaited send after another',
        settings.awaitedEvents,
        1,
        settings,
        rival,
        ours,
        progress,
      ),
      await sends(
        'produce, concurrent sends',
        settings.concurrentEvents,
        settings.callers,
        settings,
        rival,
        ours,
        progress,
      ),
      await batches(settings, rival, ours, progress),
    ];
  } finally {
    await ours.close();
    await driver.close();
    await rival.disconnect();
  }
}

function sends(
  name: string,
  events: number,
  callers: number,
  settings: ProduceSettings,
  rival: KafkajsProducer,
  ours: Producer,
  progress: (line: string) => void,
): Promise<Measure> {
  const contestants: Contestant[] = [
    {
      name: 'kafkajs, send() of one record',
      run: () =>
        rateOf(events, callers, (index) =>
          rival.send({ topic: settings.topic, acks: -1, messages: [plainMessage(index)] }),
        ),
    },
    {
      name: 'libs/messaging, send() of one record',
      run: () => rateOf(events, callers, (index) => ours.send(recordOf(settings.topic, index))),
    },
  ];
  const measured = { events, callers, valueBytes, partitions, acks: 'all', idempotent: 'true' };
  return inTurns({ name, unit: 'events/s', settings: measured }, contestants, settings.rounds, progress);
}

/** The ceiling: who calls kafkajs batches by hand, 500 records a send; our callers hand over the same events one by one. */
function batches(
  settings: ProduceSettings,
  rival: KafkajsProducer,
  ours: Producer,
  progress: (line: string) => void,
): Promise<Measure> {
  const batchRecords = 500;
  const sendsCount = Math.floor(settings.concurrentEvents / batchRecords);
  const events = sendsCount * batchRecords;
  const contestants: Contestant[] = [
    {
      name: 'kafkajs, 500 records batched by the caller',
      run: () =>
        rateOf(sendsCount, 4, (batch) =>
          rival.send({
            topic: settings.topic,
            acks: -1,
            messages: Array.from({ length: batchRecords }, (_, index) => plainMessage(batch * batchRecords + index)),
          }),
        ).then((rate) => rate * batchRecords),
    },
    {
      name: 'libs/messaging, 2,000 callers of one record each',
      run: () => rateOf(events, 2000, (index) => ours.send(recordOf(settings.topic, index))),
    },
  ];
  const measured = { events, valueBytes, partitions, acks: 'all', idempotent: 'true' };
  return inTurns(
    { name: 'produce, the most that goes', unit: 'events/s', settings: measured },
    contestants,
    settings.rounds,
    progress,
  );
}

/** Runs `call` for every index below `count`, `callers` at a time, and answers with calls a second. */
export async function rateOf(
  count: number,
  callers: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const caller = async () => {
    while (next < count) {
      next += 1;
      await call(next - 1);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return (count / (performance.now() - startedMs)) * 1000;
}

const value = Buffer.alloc(valueBytes, 'payload of an event, somewhat repetitive as text is; ');

function keyOf(index: number): Buffer {
  return Buffer.from(`default/AGENT-20261121-000000-0001-${(index % 1000).toString(16).padStart(4, '0')}`);
}

function recordOf(topic: string, index: number): OutgoingRecord {
  return { topic, key: keyOf(index), value, headers };
}

function plainMessage(index: number) {
  const key = keyOf(index);
  return { key, value, headers, partition: partitionOf(key, partitions) };
}

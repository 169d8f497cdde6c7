import { sleep } from '@chorda/kernel';
import { sentRecord, type Bench } from '../bench.js';
import { testSessionMs } from '../collector.js';
import type { ConformanceCase } from '../conformance-case.js';
import { checkHistory, unless, type Finding, type SeenRecord, type SentRecord } from '../history.js';
import { numberedRecord } from '../numbered-record.js';
import type { OutgoingRecord, Producer, RecordPlace } from '../../port.js';
import { becomes, settles, waitUntil } from '../wait-until.js';

/** The broker of a stack that no other spec uses. */
export interface BreakableBroker {
  readonly pid: number | undefined;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Same address, same data. */
  start(): Promise<void>;
}

const partitionCount = 3;

/** Sends 300 records a second, whatever became of those before, as gateways do. */
class OpenSender {
  readonly #records: OutgoingRecord[] = [];
  readonly #answers: Promise<PromiseSettledResult<RecordPlace>>[] = [];
  acknowledged = 0;
  readonly #stop = new AbortController();
  readonly #sending: Promise<void>;

  constructor(
    private readonly topic: string,
    private readonly producer: Producer,
  ) {
    this.#sending = this.#sendUntilStopped();
  }

  async stop(): Promise<readonly SentRecord[]> {
    this.#stop.abort();
    await this.#sending;
    const answers = await Promise.all(this.#answers);
    return this.#records.map((record, at) => sentRecord(record, answers[at]));
  }

  async #sendUntilStopped(): Promise<void> {
    for (let index = 0; !this.#stop.signal.aborted; index += 1) {
      const key = index % (partitionCount * 3);
      const at = { topic: this.topic, partition: key % partitionCount, key: `key-${key}`, index };
      const record = numberedRecord(at);
      this.#records.push(record);
      this.#answers.push(this.#send(record));
      if (index % 3 === 0) await sleep(10, this.#stop.signal);
    }
  }

  async #send(record: OutgoingRecord): Promise<PromiseSettledResult<RecordPlace>> {
    const [answer] = await Promise.allSettled([this.producer.send(record)]);
    if (answer.status === 'fulfilled') this.acknowledged += 1;
    return answer;
  }
}

async function brokerRestart(bench: Bench, broker: BreakableBroker): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('restart', partitionCount);
  const seen: SeenRecord[] = [];
  const reader = bench.collect(seen, { reader: 'r', group: 'restart', topics: [topic] });
  const sender = new OpenSender(topic, await bench.producer());
  await waitUntil('records flow', () => sender.acknowledged > 300 && seen.length > 300, 20_000);
  const pidBefore = broker.pid;
  await broker.kill();
  const acknowledgedBefore = sender.acknowledged;
  await sleep(1_000); // Sends pile up while nobody answers.
  await broker.start();
  const resumed = await becomes(() => sender.acknowledged > acknowledgedBefore + 600, 40_000);
  const sent = await sender.stop();
  const acknowledged = sent.filter((record) => record.place).length;
  const handled = () => new Set(seen.map((record) => record.id)).size;
  await settles(handled, acknowledged, testSessionMs + 10_000);
  await reader.stop();
  const inLog = await bench.readAll(topic);
  return [
    ...unless(pidBefore !== undefined && pidBefore !== broker.pid, 'vacuous', 'the broker was not replaced'),
    ...unless(resumed, 'stuck', 'the producer did not go on after the restart'),
    ...checkHistory(sent, inLog, { repeats: 'never' }),
    ...checkHistory(sent, seen, { repeats: 'across-assignments' }),
  ];
}

export function brokerRestartCase(broker: () => BreakableBroker): ConformanceCase {
  return {
    name: 'loses and repeats nothing when the broker is killed and comes back',
    timeoutMs: 180_000,
    findings: (bench) => brokerRestart(bench, broker()),
  };
}

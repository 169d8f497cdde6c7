import { partitionOf } from '@chorda/contracts';
import { sleep, type BackboneError, type Logger } from '@chorda/kernel';
import {
  BrokerUnavailableError,
  DeliveryUnknownError,
  ProducerClosedError,
  ProducerQueueFullError,
  RecordRefusedError,
  RecordTooLargeError,
  TopicMissingError,
} from '../errors.js';
import type { OutgoingRecord, Producer, ProducerOptions, RecordPlace } from '../port.js';
import type { Cluster, Node } from './cluster.js';
import { errorOfCode, isRetriableCode, kafkaErrors, toBackboneError } from './errors.js';
import { ProducerPartition, type BatchBounds, type OpenBatch, type Waiting } from './producer-partition.js';
import { headersToWrite, packRecord } from './wire/record-batch.js';
import { initProducerIdRequest, produceRequest, type ProducedPartition } from './wire/requests.js';

const lingerMsMax = 5;
const batchRecordsMax = 500;
const batchBytesMax = 256 * 1024;
const requestBytesMax = 2 * 1024 * 1024;
/** What Kafka promises idempotence for. One partition has one batch in flight; a broker may have several partitions'. */
const requestsInFlightMax = 5;
/**
 * What compressing a small batch costs is making the compressor, 30 µs whether it is given 400 bytes or 8 KiB; the broker
 * compresses what comes plain, as `compression.type` of every topic of ours says.
 */
const compressionBytesMin = 8 * 1024;
const retryBackoffMsMin = 50;
const retryBackoffMsMax = 1_000;
const missingTopicPatienceMs = 5_000;
const sweepEveryMs = 250;
const defaults = {
  queueBytesMax: 64 * 1024 * 1024,
  deliveryTimeoutMs: 30_000,
  recordBytesMax: 1024 * 1024 + 64 * 1024,
  requestEveryMs: 0,
  keepsBatchesWhole: false,
};

interface Identity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

interface Early {
  readonly outgoing: OutgoingRecord;
  readonly waiting: Waiting;
}

interface Chosen {
  readonly partition: ProducerPartition;
  readonly batch: OpenBatch;
}

interface Lane {
  inFlight: number;
  sentAtMs: number;
  linger: NodeJS.Timeout | undefined;
}

/**
 * Gathers records into batches. A partition's batch goes at once when nothing is in flight to its broker; else it waits
 * for the answer, and for the time that requests are kept apart, or until it is 5 ms old, 500 records or 256 KiB large.
 */
export class AccumulatingProducer implements Producer {
  private readonly partitions = new Map<string, ProducerPartition>();
  private readonly lanes = new Map<number, Lane>();
  /** Records of topics that are being looked up. */
  private readonly early = new Map<string, Early[]>();
  private readonly bounds: BatchBounds;
  private readonly limits: typeof defaults;
  private readonly onRequest: ProducerOptions['onRequest'];
  private readonly sweep: NodeJS.Timeout;
  private identity: Identity | undefined;
  private asking = false;
  private queuedBytes = 0;
  private waitingCount = 0;
  private pumpPlanned = false;
  private turnMs: number | undefined;
  private refreshing = false;
  private closing = false;
  private readonly idle: (() => void)[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly topicPrefix: string,
    private readonly logger: Logger,
    options: ProducerOptions,
  ) {
    this.limits = {
      queueBytesMax: options.queueBytesMax ?? defaults.queueBytesMax,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? defaults.deliveryTimeoutMs,
      recordBytesMax: options.recordBytesMax ?? defaults.recordBytesMax,
      requestEveryMs: Math.min(options.requestEveryMs ?? defaults.requestEveryMs, lingerMsMax),
      keepsBatchesWhole: options.keepsBatchesWhole ?? defaults.keepsBatchesWhole,
    };
    this.bounds = {
      recordsMax: options.batchRecordsMax ?? batchRecordsMax,
      bytesMax: options.batchBytesMax ?? batchBytesMax,
      codec: options.compression ?? 'zstd',
      compressionBytesMin: options.compressionBytesMin ?? compressionBytesMin,
    };
    this.onRequest = options.onRequest;
    this.sweep = setInterval(() => this.giveUpLate(), sweepEveryMs);
    this.sweep.unref();
  }

  send(outgoing: OutgoingRecord): Promise<RecordPlace> {
    if (this.closing) return Promise.reject(new ProducerClosedError());
    const nowMs = this.nowMs();
    const record = packRecord({
      key: outgoing.key,
      value: outgoing.value,
      headers: headersToWrite(outgoing.headers),
      timestampMs: outgoing.timestampMs ?? nowMs,
    });
    const bytes = record.contentBytes;
    const { recordBytesMax, queueBytesMax } = this.limits;
    if (bytes > recordBytesMax) return Promise.reject(new RecordTooLargeError(outgoing.topic, bytes, recordBytesMax));
    if (this.queuedBytes + bytes > queueBytesMax) {
      return Promise.reject(new ProducerQueueFullError(this.queuedBytes, queueBytesMax));
    }
    if (outgoing.key === null && outgoing.partition === undefined) {
      return Promise.reject(new RecordRefusedError(`A record for ${outgoing.topic} has neither key nor partition`));
    }
    this.queuedBytes += bytes;
    this.waitingCount++;
    return new Promise<RecordPlace>((resolve, reject) => {
      const waiting: Waiting = { record, bytes, sinceMs: nowMs, resolve, reject };
      this.place(outgoing, waiting);
    });
  }

  /** What is sent in one go is of one age: it is given up together, and never its first part alone. */
  private nowMs(): number {
    if (this.turnMs === undefined) {
      this.turnMs = Date.now();
      queueMicrotask(() => (this.turnMs = undefined));
    }
    return this.turnMs;
  }

  async close(): Promise<void> {
    this.closing = true;
    const drained = this.waitingCount === 0 ? Promise.resolve() : new Promise<void>((done) => this.idle.push(done));
    this.planPump();
    await Promise.race([drained, sleep(this.limits.deliveryTimeoutMs)]);
    clearInterval(this.sweep);
    for (const lane of this.lanes.values()) clearTimeout(lane.linger);
    for (const partition of this.partitions.values()) this.rejectAll(partition, new ProducerClosedError());
    await this.cluster.close();
  }

  private place(outgoing: OutgoingRecord, waiting: Waiting): void {
    const topic = `${this.topicPrefix}${outgoing.topic}`;
    const known = this.cluster.topic(topic);
    const early = this.early.get(topic);
    // While the look-up runs, all records of the topic wait behind it, so that their order stays.
    if (early) early.push({ outgoing, waiting });
    else if (known) this.enqueue(topic, known.partitions.length, outgoing, waiting);
    else this.lookUp(topic, { outgoing, waiting });
  }

  private lookUp(topic: string, first: Early): void {
    this.early.set(topic, [first]);
    this.findTopic(topic).then(
      () => {
        const count = this.cluster.topic(topic)?.partitions.length ?? 0;
        for (const { outgoing, waiting } of this.takeEarly(topic)) this.enqueue(topic, count, outgoing, waiting);
      },
      (error: unknown) => {
        const bare = topic.slice(this.topicPrefix.length);
        const failure = toBackboneError(error, `Sending to ${bare}`, bare);
        for (const { waiting } of this.takeEarly(topic)) this.settle(waiting, failure);
      },
    );
  }

  /** In the same turn as their placing: a send in between would overtake them. */
  private takeEarly(topic: string): readonly Early[] {
    const early = this.early.get(topic) ?? [];
    this.early.delete(topic);
    return early;
  }

  private async findTopic(topic: string): Promise<void> {
    const startedMs = Date.now();
    for (let wait = retryBackoffMsMin; ; wait = Math.min(wait * 2, retryBackoffMsMax)) {
      try {
        await this.cluster.topicOrThrow(topic);
        return;
      } catch (error) {
        const failure = toBackboneError(error, `Looking up topic ${topic}`);
        const missing = failure instanceof TopicMissingError;
        // A topic that was made a moment ago may not be known to the broker that was asked.
        const patienceMs = missing ? missingTopicPatienceMs : this.limits.deliveryTimeoutMs;
        if ((!failure.retriable && !missing) || Date.now() - startedMs > patienceMs) {
          throw missing ? new TopicMissingError(topic.slice(this.topicPrefix.length)) : failure;
        }
        await sleep(wait);
      }
    }
  }

  private enqueue(topic: string, count: number, outgoing: OutgoingRecord, waiting: Waiting): void {
    const partition = outgoing.partition ?? partitionOf(outgoing.key!, count);
    if (partition < 0 || partition >= count) {
      const why = `Topic ${outgoing.topic} has ${count} partitions, partition ${partition} is not one of them`;
      return this.settle(waiting, new RecordRefusedError(why));
    }
    this.partitionAt(topic, partition).add(waiting);
    this.planPump();
  }

  private partitionAt(topic: string, partition: number): ProducerPartition {
    const key = `${topic}/${partition}`;
    let found = this.partitions.get(key);
    if (!found) this.partitions.set(key, (found = new ProducerPartition(topic, partition)));
    return found;
  }

  /** In a microtask: a caller that sends a thousand records in one go gives one request, not one and a rest. */
  private planPump(): void {
    if (this.pumpPlanned) return;
    this.pumpPlanned = true;
    queueMicrotask(() => {
      this.pumpPlanned = false;
      this.pump();
    });
  }

  private pump(): void {
    const nowMs = Date.now();
    const byNode = new Map<Node, ProducerPartition[]>();
    for (const partition of this.partitions.values()) {
      if (partition.isIdle || partition.inFlight || partition.retryAtMs > nowMs) continue;
      if (!partition.hasIdentity) {
        // Partitions share a producer id, not its epoch and not its sequence.
        if (this.identity) partition.useIdentity(this.identity.producerId, this.identity.producerEpoch);
        else {
          this.giveIdentity();
          continue;
        }
      }
      const leader = this.cluster.leaderOf(partition.topic, partition.partition);
      if (!leader) this.refreshLeaders();
      else {
        const ready = byNode.get(leader);
        if (ready === undefined) byNode.set(leader, [partition]);
        else ready.push(partition);
      }
    }
    for (const [node, ready] of byNode) this.sendReady(node, ready, nowMs);
  }

  private sendReady(node: Node, ready: readonly ProducerPartition[], nowMs: number): void {
    const lane = this.laneOf(node.nodeId);
    const isDue = (partition: ProducerPartition) =>
      partition.isFull(this.bounds) || nowMs - partition.oldestMs >= lingerMsMax;
    while (lane.inFlight < requestsInFlightMax) {
      const unsent = ready.filter(({ inFlight, isIdle }) => !inFlight && !isIdle);
      if (unsent.length === 0) return;
      const mustGather = lane.inFlight > 0 || nowMs - lane.sentAtMs < this.limits.requestEveryMs;
      if (mustGather && !unsent.some(isDue)) break;
      lane.sentAtMs = nowMs;
      this.sendRequest(node, lane, unsent);
    }
    // The answer in flight pumps again; the timer is for batches that come of age before it.
    lane.linger ??= setTimeout(() => {
      lane.linger = undefined;
      this.pump();
    }, lingerMsMax);
  }

  private sendRequest(node: Node, lane: Lane, unsent: readonly ProducerPartition[]): void {
    const chosen: Chosen[] = [];
    let bytes = 0;
    for (const partition of unsent) {
      if (bytes >= requestBytesMax) break;
      const batch = partition.openNext(this.bounds);
      if (!batch) continue;
      batch.attempts++;
      partition.inFlight = true;
      bytes += batch.encoded.length;
      chosen.push({ partition, batch });
    }
    this.onRequest?.(
      chosen.reduce((records, { batch }) => records + batch.waiting.length, 0),
      bytes,
    );
    lane.inFlight++;
    this.exchange(node, chosen)
      .catch((error: unknown) => this.logger.error('A produce answer could not be handled', { error }))
      .finally(() => {
        lane.inFlight--;
        this.planPump();
      });
  }

  private async exchange(node: Node, chosen: readonly Chosen[]): Promise<void> {
    const request = produceRequest(
      chosen.map(({ partition: { topic, partition }, batch }) => ({ topic, partition, batch: batch.encoded })),
      Math.min(this.limits.deliveryTimeoutMs, 10_000),
    );
    let answers: ProducedPartition[];
    try {
      answers = await this.cluster.send(node, request);
    } catch (error) {
      const failure = toBackboneError(error, 'Produce');
      for (const { partition, batch } of chosen) if (partition.open === batch) this.retryLater(partition, failure);
      this.refreshLeaders();
      return;
    }
    const byKey = new Map(answers.map((answer) => [`${answer.topic}/${answer.partition}`, answer]));
    for (const { partition, batch } of chosen) {
      // The sweep gave the batch up while it was in flight: its answer is nobody's.
      if (partition.open !== batch) continue;
      const answer = byKey.get(`${partition.topic}/${partition.partition}`);
      if (answer) await this.take(partition, answer);
      else this.retryLater(partition, new BrokerUnavailableError('The answer left a partition out'));
    }
  }

  private async take(partition: ProducerPartition, answer: ProducedPartition): Promise<void> {
    const { errorCode } = answer;
    const batch = partition.open!;
    const what = `Writing to ${partition.topic}[${partition.partition}]`;
    if (errorCode === kafkaErrors.none) return this.resolveBatch(partition, answer.baseOffset);
    if (errorCode === kafkaErrors.duplicateSequence) return this.resolveDuplicate(partition);
    if (errorCode === kafkaErrors.messageTooLarge || errorCode === kafkaErrors.recordListTooLarge) {
      if (batch.waiting.length > 1 && !this.limits.keepsBatchesWhole) return partition.halve();
      const bytes = batch.waiting.reduce((sum, waiting) => sum + waiting.bytes, 0);
      return this.rejectBatch(partition, new RecordTooLargeError(this.bare(partition), bytes, bytes - 1));
    }
    if (isSequenceFault(errorCode)) return this.mendSequence(partition, errorCode);
    if (isRetriableCode(errorCode)) {
      this.retryLater(partition, errorOfCode(errorCode, what));
      this.refreshLeaders();
      return;
    }
    const reason = answer.errorMessage ? `${what} (${answer.errorMessage})` : what;
    this.rejectBatch(partition, errorOfCode(errorCode, reason, this.bare(partition)));
  }

  private resolveBatch(partition: ProducerPartition, baseOffset: bigint): void {
    const { waiting } = partition.open!;
    partition.stored();
    const topic = this.bare(partition);
    for (let index = 0; index < waiting.length; index++) {
      this.settle(waiting[index]!, { topic, partition: partition.partition, offset: baseOffset + BigInt(index) });
    }
  }

  /**
   * The broker has the batch, from an attempt whose answer was lost so long ago that it has forgotten the offset. The
   * log's last offset stands in for it: whoever waits for that has waited long enough.
   */
  private async resolveDuplicate(partition: ProducerPartition): Promise<void> {
    const batch = partition.open!;
    const count = batch.waiting.length;
    try {
      const endOffset = await this.endOffset(partition);
      if (partition.open === batch) this.resolveBatch(partition, endOffset - BigInt(count));
    } catch (error) {
      if (partition.open === batch) this.retryLater(partition, toBackboneError(error, 'Looking up the end of the log'));
    }
  }

  private async endOffset({ topic, partition }: ProducerPartition): Promise<bigint> {
    const leader = this.cluster.leaderOf(topic, partition);
    if (!leader) throw new BrokerUnavailableError(`${topic}[${partition}] has no leader`);
    const { responses } = await this.cluster.call(leader, 'ListOffsets', (broker) =>
      broker.listOffsets({ isolationLevel: 0, topics: [{ topic, partitions: [{ partition, timestamp: -1 }] }] }),
    );
    return BigInt(responses[0]!.partitions[0]!.offset);
  }

  private mendSequence(partition: ProducerPartition, errorCode: number): void {
    this.logger.warn('The broker lost the producer state of a partition', {
      topic: partition.topic,
      partition: partition.partition,
      kafka_code: errorCode,
    });
    const { attempts } = partition.open!;
    if (attempts > 1) {
      const why = `The broker lost its producer state for ${partition.topic}[${partition.partition}] between two attempts`;
      const waiting = partition.open!.waiting;
      partition.abandoned();
      for (const each of waiting) this.settle(each, new DeliveryUnknownError(why));
      return;
    }
    partition.inFlight = false;
    if (errorCode === kafkaErrors.outOfOrderSequence || errorCode === kafkaErrors.unknownProducerId) {
      partition.open!.attempts = 0;
      partition.restartEpoch(this.bounds);
    } else {
      this.identity = undefined;
      partition.forgetIdentity();
    }
  }

  private rejectBatch(partition: ProducerPartition, error: BackboneError): void {
    const { waiting, attempts } = partition.open!;
    if (attempts > 1) partition.abandoned();
    else partition.refused();
    const reported = attempts > 1 ? new DeliveryUnknownError(`${error.message}, after a lost answer`) : error;
    for (const each of waiting) this.settle(each, reported);
  }

  private retryLater(partition: ProducerPartition, error: BackboneError): void {
    partition.inFlight = false;
    if (!partition.open) return;
    if (!error.retriable) return this.rejectBatch(partition, error);
    const { attempts } = partition.open;
    const waitMs = Math.min(retryBackoffMsMin * 2 ** Math.min(attempts - 1, 10), retryBackoffMsMax);
    partition.retryAtMs = Date.now() + waitMs;
    this.logger.debug('A batch is sent again', {
      topic: partition.topic,
      partition: partition.partition,
      attempts,
      error,
    });
    setTimeout(() => this.pump(), waitMs + 1).unref();
  }

  private giveUpLate(): void {
    const beforeMs = Date.now() - this.limits.deliveryTimeoutMs;
    for (const partition of this.partitions.values()) {
      const { open } = partition;
      if (open && open.sinceMs < beforeMs) {
        const attempted = open.attempts > 0;
        const why = `No acknowledgement from ${partition.topic}[${partition.partition}] in ${this.limits.deliveryTimeoutMs} ms`;
        if (attempted) partition.abandoned();
        else partition.refused();
        const error = attempted ? new DeliveryUnknownError(why) : new BrokerUnavailableError(why);
        for (const each of open.waiting) this.settle(each, error);
      }
      const why = `No broker took a record for ${partition.topic}[${partition.partition}] in time; it was not sent`;
      for (const each of partition.takeOlder(beforeMs)) this.settle(each, new BrokerUnavailableError(why));
    }
    this.planPump();
  }

  private rejectAll(partition: ProducerPartition, error: BackboneError): void {
    const attempted = partition.open?.attempts ? new Set(partition.open.waiting) : new Set<Waiting>();
    for (const each of partition.takeAll()) {
      this.settle(each, attempted.has(each) ? new DeliveryUnknownError('The producer was closed') : error);
    }
  }

  private settle(waiting: Waiting, outcome: RecordPlace | BackboneError): void {
    this.queuedBytes -= waiting.bytes;
    this.waitingCount--;
    if (outcome instanceof Error) waiting.reject(outcome);
    else waiting.resolve(outcome);
    if (this.waitingCount === 0) for (const done of this.idle.splice(0)) done();
  }

  private giveIdentity(): void {
    if (this.asking) return;
    this.asking = true;
    this.askIdentity()
      .catch(async (error: unknown) => {
        this.logger.warn('No producer id yet', { error });
        await sleep(retryBackoffMsMax);
      })
      .finally(() => {
        this.asking = false;
        this.planPump();
      });
  }

  private async askIdentity(): Promise<void> {
    const answer = await this.cluster.withAnyNode('InitProducerId', (node) =>
      this.cluster.send(node, initProducerIdRequest()),
    );
    if (answer.errorCode !== 0) throw errorOfCode(answer.errorCode, 'InitProducerId');
    this.identity = answer;
  }

  private refreshLeaders(): void {
    if (this.refreshing) return;
    this.refreshing = true;
    this.cluster
      .refresh()
      .catch((error: unknown) => this.logger.debug('Metadata could not be refreshed', { error }))
      .then(() => sleep(retryBackoffMsMin))
      .then(() => {
        this.refreshing = false;
        this.planPump();
      })
      .catch(() => undefined);
  }

  private laneOf(nodeId: number): Lane {
    let lane = this.lanes.get(nodeId);
    if (!lane) this.lanes.set(nodeId, (lane = { inFlight: 0, sentAtMs: 0, linger: undefined }));
    return lane;
  }

  private bare({ topic }: ProducerPartition): string {
    return topic.slice(this.topicPrefix.length);
  }
}

const sequenceFaults: ReadonlySet<number> = new Set([
  kafkaErrors.outOfOrderSequence,
  kafkaErrors.invalidProducerEpoch,
  kafkaErrors.unknownProducerId,
  kafkaErrors.producerFenced,
]);

function isSequenceFault(code: number): boolean {
  return sequenceFaults.has(code);
}

import { sleep, type Logger } from '@chorda/kernel';
import type { Producer, RecordPlace } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type { DecisionMetrics } from '../metrics.js';
import type { OutboxRecord } from '../store/outbox.js';

/**
 * One request's worth. All of it is handed over in one go and shares a batch of the log, which is stored whole or not at
 * all: what one command decided is never in the log by half.
 */
const windowRecordsMax = 400;
const windowBytesMax = 200 * 1024;
/** What one command decided goes alone where it is more than that. Brokers take batches of 2 MiB. */
const commandRecordsMax = 10_000;
const commandBytesMax = 1_792 * 1024;
/** Of a header: its lengths beside name and value. */
const headerOverheadBytes = 4;
/** Of a record: its lengths, its place in the batch, its time. */
const recordOverheadBytes = 32;

/** Never less than what a window holds: the records of one window share a batch. */
export const publisherBatches = { batchRecordsMax: commandRecordsMax, batchBytesMax: commandBytesMax } as const;
const pauseMsMin = 100;
const pauseMsMax = 5_000;

export interface PublisherParts {
  readonly producer: Producer;
  readonly eventTopic: string;
  readonly kind: string;
  readonly partition: number;
  /** Ends the tries: what is not published is the next owner's to publish. */
  readonly signal: AbortSignal;
  readonly ensureTopic: (topic: string) => Promise<void>;
  readonly metrics: DecisionMetrics;
  readonly logger: Logger;
}

/** What a publisher has brought to the brokers. */
export interface Published {
  readonly seq: bigint;
  /** The next offset of the event topic; undefined where no event was among it. */
  readonly offset: bigint | undefined;
}

/**
 * Publishes committed records in the order of their partition sequence, one request after the other: a request that is
 * tried again repeats records, but never lets a later one appear before an earlier one.
 */
export class Publisher {
  private readonly topicsReady: Set<string>;

  constructor(private readonly parts: PublisherParts) {
    this.topicsReady = new Set([parts.eventTopic]);
  }

  /**
   * Tries until the brokers have all of it.
   *
   * @returns Undefined when `signal` ended the tries.
   */
  async publish(records: readonly OutboxRecord[]): Promise<Published | undefined> {
    let offset: bigint | undefined;
    const { kind, metrics } = this.parts;
    const stopTimer = metrics.publishSeconds.startTimer({ kind });
    for (const window of windowsOf(records, () => metrics.cutCommands.inc({ kind }))) {
      const places = await this.sendUntilDone(window);
      if (!places) return undefined;
      for (const place of places) {
        if (place.topic === this.parts.eventTopic) offset = place.offset + 1n;
      }
      crashPoint('decisions-mid-publish');
    }
    stopTimer();
    return { seq: records.at(-1)?.seq ?? 0n, offset };
  }

  private async sendUntilDone(window: readonly OutboxRecord[]): Promise<readonly RecordPlace[] | undefined> {
    const { signal, kind, partition, metrics, logger } = this.parts;
    const places: RecordPlace[] = [];
    let rest = window;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.makeTopics(rest);
        const sent = await this.send(rest);
        places.push(...sent.places);
        rest = sent.rest;
        if (rest.length === 0) return places;
        throw sent.error;
      } catch (error) {
        metrics.publishFailures.inc({ kind });
        logger.warn('The brokers did not take what was decided; trying again', { kind, partition, failures, error });
        await sleep(Math.min(pauseMsMin * 2 ** Math.min(failures, 10), pauseMsMax), signal);
      }
    }
    return undefined;
  }

  /** All answers are awaited: a try that begins while records of the one before are under way would mix with them. */
  private async send(window: readonly OutboxRecord[]): Promise<Sent> {
    const { producer, partition } = this.parts;
    const results = await Promise.allSettled(
      window.map(({ topic, key, value, headers }) => producer.send({ topic, partition, key, value, headers })),
    );
    const places: RecordPlace[] = [];
    const rest: OutboxRecord[] = [];
    let error = new Error('Nothing failed');
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') places.push(result.value);
      else {
        rest.push(window[index]!);
        error = result.reason instanceof Error ? result.reason : new Error(String(result.reason));
      }
    }
    return { places, rest, error };
  }

  /** Topics of work are made when the first item goes there. */
  private async makeTopics(window: readonly OutboxRecord[]): Promise<void> {
    for (const { topic } of window) {
      if (this.topicsReady.has(topic)) continue;
      await this.parts.ensureTopic(topic);
      this.topicsReady.add(topic);
    }
  }
}

interface Sent {
  readonly places: readonly RecordPlace[];
  /** What was not acknowledged, in order. */
  readonly rest: readonly OutboxRecord[];
  readonly error: Error;
}

/**
 * Cuts between commands. One that is larger than a batch may be is cut anywhere: where the database is lost with the owner
 * in the middle of publishing it, what had reached the log counts for all of it.
 */
export function* windowsOf(
  records: readonly OutboxRecord[],
  onCut: () => void = () => undefined,
): Generator<readonly OutboxRecord[]> {
  let window: OutboxRecord[] = [];
  let bytes = 0;
  for (const run of runsOfCommands(records)) {
    const runBytes = run.reduce((sum, record) => sum + bytesOf(record), 0);
    const fits = window.length + run.length <= windowRecordsMax && bytes + runBytes <= windowBytesMax;
    if (!fits && window.length > 0) {
      yield window;
      window = [];
      bytes = 0;
    }
    if (run.length <= commandRecordsMax && runBytes <= commandBytesMax) {
      window = window.concat(run);
      bytes += runBytes;
    } else {
      onCut();
      yield* piecesOf(run);
    }
  }
  if (window.length > 0) yield window;
}

function* runsOfCommands(records: readonly OutboxRecord[]): Generator<readonly OutboxRecord[]> {
  let run: OutboxRecord[] = [];
  for (const record of records) {
    const [first] = run;
    if (first && first.headers['ce_commandid'] !== record.headers['ce_commandid']) {
      yield run;
      run = [];
    }
    run.push(record);
  }
  if (run.length > 0) yield run;
}

function* piecesOf(run: readonly OutboxRecord[]): Generator<readonly OutboxRecord[]> {
  let piece: OutboxRecord[] = [];
  let bytes = 0;
  for (const record of run) {
    const size = bytesOf(record);
    if (piece.length > 0 && (piece.length >= windowRecordsMax || bytes + size > windowBytesMax)) {
      yield piece;
      piece = [];
      bytes = 0;
    }
    piece.push(record);
    bytes += size;
  }
  if (piece.length > 0) yield piece;
}

function bytesOf({ key, value, headers }: OutboxRecord): number {
  let bytes = key.length + value.length + recordOverheadBytes;
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '') + headerOverheadBytes;
  return bytes;
}

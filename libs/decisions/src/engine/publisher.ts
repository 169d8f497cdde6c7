import { sleep, type Logger } from '@chorda/kernel';
import type { Producer, RecordPlace } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import type { DecisionMetrics } from '../metrics.js';
import type { OutboxRecord } from '../store/outbox.js';
import { publicationBounds, recordBytes } from '../turn/publication-size.js';

/**
 * One request's worth. All of it is handed over in one go and shares a batch of the log, which is stored whole or not at
 * all: what one command decided is never in the log by half.
 */
const windowRecordsMax = 400;
const windowBytesMax = 200 * 1024;

/** Never less than what a window holds: the records of one window share a batch, and no broker's answer cuts it. */
export const publisherBatches = {
  batchRecordsMax: publicationBounds.recordsMax,
  batchBytesMax: publicationBounds.bytesMax,
  keepsBatchesWhole: true,
} as const;
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
    const { kind, metrics, eventTopic } = this.parts;
    const stopTimer = metrics.publishSeconds.startTimer({ kind });
    for (const window of windowsOf(records, eventTopic)) {
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
 * Cuts between commands. What one command decided, that is its events, always shares a window, and so a batch; what it gives
 * to do goes apart where both are too much for one.
 */
export function* windowsOf(records: readonly OutboxRecord[], eventTopic: string): Generator<readonly OutboxRecord[]> {
  let window: OutboxRecord[] = [];
  let bytes = 0;
  for (const run of runsOfCommands(records)) {
    const runBytes = bytesOf(run);
    if (fits(run, runBytes, window, bytes)) {
      window = window.concat(run);
      bytes += runBytes;
      continue;
    }
    if (window.length > 0) yield window;
    window = [];
    bytes = 0;
    if (fits(run, runBytes)) [window, bytes] = [[...run], runBytes];
    else yield* windowsOfLarge(run, eventTopic);
  }
  if (window.length > 0) yield window;
}

function fits(
  run: readonly OutboxRecord[],
  runBytes: number,
  window: readonly OutboxRecord[] = [],
  bytes = 0,
): boolean {
  return window.length + run.length <= windowRecordsMax && bytes + runBytes <= windowBytesMax;
}

function* windowsOfLarge(run: readonly OutboxRecord[], eventTopic: string): Generator<readonly OutboxRecord[]> {
  const events = run.filter(({ topic }) => topic === eventTopic);
  if (isPlanted('decisions-command-cut')) yield* piecesOf(events);
  else if (events.length > 0) yield events;
  yield* piecesOf(run.filter(({ topic }) => topic !== eventTopic));
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
    const size = bytesOf([record]);
    if (piece.length > 0 && !fits([record], size, piece, bytes)) {
      yield piece;
      piece = [];
      bytes = 0;
    }
    piece.push(record);
    bytes += size;
  }
  if (piece.length > 0) yield piece;
}

function bytesOf(records: readonly OutboxRecord[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record.key, record), 0);
}

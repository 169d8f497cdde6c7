import { PartitionUnreadableError } from './errors.js';
import type { KafkaAdmin, KafkaDriver, RecordPlace, TopicPartition } from './port.js';

/** What the log holds from a place on. */
export interface LogStanding extends TopicPartition {
  /** The place that was asked about. */
  readonly from: bigint;
  /** One past the last record of the log. */
  readonly endOffset: bigint;
  /** The first record at or after the place; undefined where there is none, or where it could not be read in time. */
  readonly oldest: { readonly offset: bigint; readonly recordedMs: number } | undefined;
}

export interface LogStandingOptions {
  /** For all reads of records together. Default 2 s. */
  readonly timeoutMs?: number;
}

const readsAtOnceMax = 4;

/**
 * How far the log goes beyond each of these places, and since when its next record waits. Places of topics that are not
 * there are left out.
 *
 * @throws {@link BrokerUnavailableError} when no broker answers.
 */
export async function readLogStanding(
  driver: KafkaDriver,
  admin: KafkaAdmin,
  places: readonly RecordPlace[],
  { timeoutMs = 2_000 }: LogStandingOptions = {},
): Promise<readonly LogStanding[]> {
  const topics = new Set(await admin.listTopics());
  const ends = new Map<string, bigint>();
  for (const topic of new Set(places.map((place) => place.topic))) {
    if (!topics.has(topic)) continue;
    for (const { partition, end } of await admin.offsets(topic)) ends.set(`${topic}/${partition}`, end);
  }
  const waiting = places.flatMap((place) => {
    const endOffset = ends.get(`${place.topic}/${place.partition}`);
    return endOffset === undefined ? [] : [{ ...place, endOffset }];
  });
  const signal = AbortSignal.timeout(timeoutMs);
  const standings: LogStanding[] = [];
  for (let from = 0; from < waiting.length; from += readsAtOnceMax) {
    const some = waiting.slice(from, from + readsAtOnceMax);
    standings.push(...(await Promise.all(some.map(async (place) => standingOf(driver, place, signal)))));
  }
  return standings;
}

async function standingOf(
  driver: KafkaDriver,
  { topic, partition, offset: from, endOffset }: RecordPlace & { readonly endOffset: bigint },
  signal: AbortSignal,
): Promise<LogStanding> {
  if (from >= endOffset || signal.aborted) return { topic, partition, from, endOffset, oldest: undefined };
  try {
    for await (const { records } of driver.scan({ topic, partition, from, to: endOffset, signal })) {
      const [first] = records;
      // Nothing but control records so far: the next chunk has the first of ours.
      if (first === undefined) continue;
      return { topic, partition, from, endOffset, oldest: { offset: first.offset, recordedMs: first.timestampMs } };
    }
  } catch (error) {
    // A record that nobody can read still shows how far the log goes.
    if (!signal.aborted && !(error instanceof PartitionUnreadableError)) throw error;
  }
  return { topic, partition, from, endOffset, oldest: undefined };
}

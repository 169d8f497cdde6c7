import { deadLetterTopic } from '@chorda/contracts';
import type { IncomingRecord, KafkaAdmin, KafkaDriver } from '../port.js';
import { deadLetterIn, receiptIn, type DeadLetter } from './dead-letter.js';

export interface DeadLetterQuery {
  /** The source topic. Left out: every topic. */
  readonly topic?: string;
  /** Left out: every group. */
  readonly group?: string;
  /** Of each dead-letter topic, its newest. Default 10,000. */
  readonly limit?: number;
  /** Also those that were sent through again. Default false. */
  readonly includeRedriven?: boolean;
}

const limitDefault = 10_000;

/** Dead letters in the order in which they were set aside, a partition after the other. */
export async function listDeadLetters(
  driver: KafkaDriver,
  query: DeadLetterQuery = {},
): Promise<readonly DeadLetter[]> {
  const admin = await driver.admin();
  try {
    const letters: DeadLetter[] = [];
    for (const topic of await deadLetterTopicsOf(admin, query)) {
      const records = await readNewest(driver, admin, topic, query.limit ?? limitDefault);
      letters.push(...lettersAmong(records));
    }
    const isWanted = (letter: DeadLetter) =>
      (query.group === undefined || letter.group === query.group) &&
      (query.topic === undefined || letter.origin.topic === query.topic) &&
      (query.includeRedriven === true || letter.redrivenAt === undefined);
    return letters.filter(isWanted);
  } finally {
    await admin.close();
  }
}

async function deadLetterTopicsOf(admin: KafkaAdmin, { topic, group }: DeadLetterQuery): Promise<readonly string[]> {
  const names = await admin.listTopics();
  if (topic !== undefined && group !== undefined) return names.filter((name) => name === deadLetterTopic(topic, group));
  const suffix = group === undefined ? '.dead-letter' : deadLetterTopic('', group);
  const prefix = topic === undefined ? '' : `${topic}.`;
  return names.filter((name) => name.startsWith(prefix) && name.endsWith(suffix)).sort();
}

async function readNewest(driver: KafkaDriver, admin: KafkaAdmin, topic: string, limit: number) {
  const partitions = await admin.offsets(topic);
  const share = BigInt(Math.max(1, Math.ceil(limit / Math.max(1, partitions.length))));
  const records: IncomingRecord[] = [];
  for (const { partition, start, end } of partitions) {
    const from = end - share > start ? end - share : start;
    for await (const chunk of driver.scan({ topic, partition, from, to: end })) records.push(...chunk.records);
  }
  return records;
}

/** Receipts stand behind the letters that they are of. */
function lettersAmong(records: readonly IncomingRecord[]): DeadLetter[] {
  const receipts = new Map(
    records.flatMap((record) => {
      const receipt = receiptIn(record);
      return receipt ? [[receipt.of, receipt.at]] : [];
    }),
  );
  return records.flatMap((record) => {
    const letter = deadLetterIn(record, receipts.get(`${record.partition}/${record.offset}`));
    return letter ? [letter] : [];
  });
}

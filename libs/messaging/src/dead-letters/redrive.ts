import { sleep } from '@chorda/kernel';
import { redriveRecord } from '../consumer/set-aside.js';
import type { KafkaDriver, Producer, RecordPlace } from '../port.js';
import { receiptHeaders, type DeadLetter } from './dead-letter.js';
import { listDeadLetters, type DeadLetterQuery } from './list-dead-letters.js';

export interface RedriveOptions extends DeadLetterQuery {
  readonly topic: string;
  readonly group: string;
  /** Places in the dead-letter topic. Left out: all that match. */
  readonly places?: readonly { readonly partition: number; readonly offset: bigint }[];
  /** A further choice, by reason or type, say. */
  readonly filter?: (letter: DeadLetter) => boolean;
  /** Says what would be sent and sends nothing. */
  readonly dryRun?: boolean;
  /** Default 100. */
  readonly recordsPerSecondMax?: number;
  readonly onReceipt?: (receipt: RedriveReceipt) => void;
  readonly signal?: AbortSignal;
}

export interface RedriveReceipt {
  readonly letter: DeadLetter;
  /** Where the group will find it; undefined in a dry run. */
  readonly sentTo: RecordPlace | undefined;
}

const rateDefault = 100;

/**
 * Sends dead letters through again: to the lane of their group alone, with the event id they had, in the order in which
 * they were set aside. One after the other, so that what was sent is known to the record when it is interrupted.
 */
export async function redrive(driver: KafkaDriver, options: RedriveOptions): Promise<readonly RedriveReceipt[]> {
  const letters = (await listDeadLetters(driver, options)).filter(chosenBy(options));
  if (options.dryRun) return letters.map((letter) => ({ letter, sentTo: undefined }));
  const producer = await driver.createProducer();
  const receipts: RedriveReceipt[] = [];
  const pauseMs = 1_000 / (options.recordsPerSecondMax ?? rateDefault);
  const startedMs = Date.now();
  try {
    for (const letter of letters) {
      if (options.signal?.aborted) break;
      const receipt = { letter, sentTo: await sendOne(producer, letter, options.group) };
      receipts.push(receipt);
      options.onReceipt?.(receipt);
      await sleep(Math.max(0, startedMs + receipts.length * pauseMs - Date.now()), options.signal);
    }
  } finally {
    await producer.close();
  }
  return receipts;
}

/** The receipt comes second: after a crash in between the letter is sent twice, which its event id shows. */
async function sendOne(producer: Producer, letter: DeadLetter, group: string): Promise<RecordPlace> {
  const sentTo = await producer.send(redriveRecord(letter.record, letter.origin, group));
  const { topic, partition } = letter.place;
  await producer.send({
    topic,
    partition,
    key: letter.record.key,
    value: null,
    headers: receiptHeaders(letter, new Date().toISOString()),
  });
  return sentTo;
}

function chosenBy({ places, filter }: RedriveOptions): (letter: DeadLetter) => boolean {
  const wanted = places && new Set(places.map(({ partition, offset }) => `${partition}/${offset}`));
  return (letter) =>
    (wanted === undefined || wanted.has(`${letter.place.partition}/${letter.place.offset}`)) &&
    (filter === undefined || filter(letter));
}

import { sleep, type Logger } from '@chorda/kernel';
import { deadLetterIn, receiptIn, type IncomingRecord, type KafkaAdmin, type KafkaDriver } from '@chorda/messaging';
import type pg from 'pg';
import { Counter, type Registry } from 'prom-client';
import { insertRows } from '../bulk/bulk-write.js';
import { deadLetterRow, deadLettersTable } from './dead-letter-row.js';
import { DeadLetterOffsets, type DeadLetterPlace } from './dead-letter-offsets.js';

export interface DeadLetterRowsParts {
  readonly driver: Pick<KafkaDriver, 'scan'>;
  readonly admin: Pick<KafkaAdmin, 'listTopics' | 'describeTopics' | 'offsets'>;
  readonly pool: pg.Pool;
  readonly metrics: Registry;
  readonly logger: Logger;
}

/** How old a dead letter may be before it is shown; dead letters are few, so most rounds read nothing. */
const everyMs = 2_000;

/**
 * Keeps a row for every record that a group has set aside, whatever the topic: `<topic>.<group>.dead-letter` topics come
 * with the groups, and their records may be what no codec reads. So this is no projection: it looks for the topics by
 * name, reads bytes and headers, and remembers its own places. A row goes when the topic keeps its record no longer.
 *
 * Any number of processes may do it at once: rows and place are one transaction, and the place is compared in it.
 */
export class DeadLetterRows {
  private readonly ending = new AbortController();
  private readonly offsets: DeadLetterOffsets;
  private readonly rows: Counter<'group'>;
  /** What was told already, by topic: a topic that cannot be read is tried each round. */
  private readonly told = new Map<string, string>();
  private running: Promise<void> | undefined;

  constructor(private readonly parts: DeadLetterRowsParts) {
    this.offsets = new DeadLetterOffsets(parts.pool);
    this.rows = new Counter({
      name: 'chorda_dead_letter_rows_total',
      help: 'Dead letters that were written to the read model.',
      labelNames: ['group'],
      registers: [parts.metrics],
    });
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  /** One topic's fault keeps no other from being read. */
  async runOnce(): Promise<void> {
    const { admin } = this.parts;
    const names = (await admin.listTopics()).filter((name) => name.endsWith('.dead-letter')).sort();
    const topics = await admin.describeTopics(names);
    for (const { name, topicId } of topics) {
      if (this.ending.signal.aborted) return;
      await this.attempt(name, () => this.readTopic(name, topicId));
    }
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await this.attempt('all topics', () => this.runOnce());
      await sleep(everyMs, this.ending.signal);
    }
  }

  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.told.delete(what);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.told.get(what) === reason) return;
      this.told.set(what, reason);
      this.parts.logger.warn('Cannot read dead letters; trying again until it works', { topic: what, error });
    }
  }

  private async readTopic(topic: string, topicId: string | undefined): Promise<void> {
    for (const { partition, start, end } of await this.parts.admin.offsets(topic)) {
      const place = await this.offsets.placeOf({ topic, partition, topicId: topicId ?? '' });
      // A topic that came back with fewer records than were read is another one, whatever its id says.
      if (place.nextOffset > end) await this.offsets.reset(place);
      await this.offsets.dropBefore(place, start);
      await this.readPartition(place, end);
    }
  }

  private async readPartition(place: DeadLetterPlace, end: bigint): Promise<void> {
    const { topic, partition, nextOffset: from } = place;
    if (from >= end) return;
    const { signal } = this.ending;
    for await (const { records, nextOffset } of this.parts.driver.scan({ topic, partition, from, to: end, signal })) {
      // Somebody else reads it: the next round begins where they are.
      if (!(await this.write(place, records, nextOffset))) return;
    }
  }

  private async write(place: DeadLetterPlace, records: readonly IncomingRecord[], nextOffset: bigint) {
    const rows = records.flatMap((record) => {
      const letter = deadLetterIn(record, undefined);
      return letter ? [deadLetterRow(letter)] : [];
    });
    const receipts = records.flatMap((record) => receiptIn(record) ?? []);
    const isWritten = await this.offsets.advance(place, nextOffset, async (tx) => {
      await insertRows(tx, deadLettersTable, rows);
      await markRedriven(tx, place.topic, receipts);
    });
    if (isWritten) for (const { consumer_group } of rows) this.rows.inc({ group: consumer_group });
    return isWritten;
  }
}

/** Receipts stand behind the letters that they are of, in the same partition. */
async function markRedriven(
  tx: pg.ClientBase,
  topic: string,
  receipts: readonly { readonly of: string; readonly at: string }[],
): Promise<void> {
  const known = receipts.flatMap(({ of, at }) => {
    const [, partition, offset] = /^(\d{1,9})\/(\d{1,18})$/.exec(of) ?? [];
    const atMs = Date.parse(at);
    return partition === undefined || Number.isNaN(atMs)
      ? []
      : [{ partition, offset, at: new Date(atMs).toISOString() }];
  });
  if (known.length === 0) return;
  await tx.query(
    `UPDATE dead_letters_v1 letter SET redriven_at = receipt.at
     FROM unnest($2::int[], $3::bigint[], $4::timestamptz[]) AS receipt (partition, "offset", at)
     WHERE letter.topic = $1 AND letter.partition = receipt.partition AND letter."offset" = receipt."offset"`,
    [topic, known.map((one) => one.partition), known.map((one) => one.offset), known.map((one) => one.at)],
  );
}

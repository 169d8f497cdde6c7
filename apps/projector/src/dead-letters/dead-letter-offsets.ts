import { inTransaction } from '@chorda/read-models';
import type pg from 'pg';

export interface DeadLetterPlace {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's own: a topic that was deleted and made anew has another. */
  readonly topicId: string;
  nextOffset: bigint;
}

const rowsAtOnceMax = 5_000;

/** How far each partition of dead letters has been written down. */
export class DeadLetterOffsets {
  /** As this process left them: a round in which nothing came asks the database nothing. */
  private readonly places = new Map<string, DeadLetterPlace>();
  private readonly droppedBefore = new Map<string, bigint>();

  constructor(private readonly pool: pg.Pool) {}

  async placeOf(wanted: Omit<DeadLetterPlace, 'nextOffset'>): Promise<DeadLetterPlace> {
    const known = this.places.get(keyOf(wanted));
    if (known?.topicId === wanted.topicId) return known;
    const place = await this.open(wanted);
    this.places.set(keyOf(wanted), place);
    return place;
  }

  /** Where to go on; of another topic under the same name, its start, with the rows of the old one gone. */
  private async open(wanted: Omit<DeadLetterPlace, 'nextOffset'>): Promise<DeadLetterPlace> {
    const { topic, partition, topicId } = wanted;
    const { rows } = await this.pool.query<{ next_offset: string; topic_id: string | null }>(
      `WITH added AS (
         INSERT INTO dead_letter_offsets (topic, partition, topic_id, next_offset, updated_at)
         VALUES ($1, $2, $3, 0, now()) ON CONFLICT DO NOTHING
       )
       SELECT next_offset, topic_id FROM dead_letter_offsets WHERE topic = $1 AND partition = $2`,
      [topic, partition, topicId],
    );
    const [known] = rows;
    const place = { topic, partition, topicId, nextOffset: BigInt(known?.next_offset ?? 0) };
    if (known !== undefined && known.topic_id !== topicId) await this.reset(place);
    return place;
  }

  async reset(place: DeadLetterPlace): Promise<void> {
    const { topic, partition, topicId, nextOffset } = place;
    await inTransaction(this.pool, async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE dead_letter_offsets SET next_offset = 0, topic_id = $4, updated_at = now()
         WHERE topic = $1 AND partition = $2 AND next_offset = $3`,
        [topic, partition, nextOffset, topicId],
      );
      if (rowCount === 0) return;
      await tx.query('DELETE FROM dead_letters_v1 WHERE topic = $1 AND partition = $2', [topic, partition]);
    });
    place.nextOffset = 0n;
    this.droppedBefore.delete(keyOf(place));
  }

  /** Deletes rows of records that the topic keeps no longer, in steps that hold no lock for long. */
  async dropBefore(place: DeadLetterPlace, start: bigint): Promise<void> {
    const { topic, partition } = place;
    if (place.nextOffset < start) place.nextOffset = start;
    if (start <= (this.droppedBefore.get(keyOf(place)) ?? 0n)) return;
    for (;;) {
      const { rowCount } = await this.pool.query(
        `DELETE FROM dead_letters_v1 WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM dead_letters_v1 WHERE topic = $1 AND partition = $2 AND "offset" < $3
           LIMIT ${rowsAtOnceMax}))`,
        [topic, partition, start],
      );
      if ((rowCount ?? 0) < rowsAtOnceMax) break;
    }
    this.droppedBefore.set(keyOf(place), start);
  }

  /** Moves the place with whatever `work` writes. @returns False when somebody else has moved it: nothing is written. */
  async advance(
    place: DeadLetterPlace,
    nextOffset: bigint,
    work: (tx: pg.ClientBase) => Promise<void>,
  ): Promise<boolean> {
    const { topic, partition, topicId } = place;
    const isMoved = await inTransaction(this.pool, async (tx) => {
      const { rowCount } = await tx.query(
        `INSERT INTO dead_letter_offsets AS known (topic, partition, topic_id, next_offset, updated_at)
         VALUES ($1, $2, $3, $5, now())
         ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, updated_at = now()
         WHERE known.topic_id = $3 AND known.next_offset <= $4`,
        [topic, partition, topicId, place.nextOffset, nextOffset],
      );
      if (rowCount === 0) return false;
      await work(tx);
      return true;
    });
    if (isMoved) place.nextOffset = nextOffset;
    else this.places.delete(keyOf(place));
    return isMoved;
  }
}

function keyOf({ topic, partition }: Pick<DeadLetterPlace, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`;
}

import type { EventCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { OutgoingRecord, Producer } from '@chorda/messaging';
import {
  ChannelListener,
  markAnnounced,
  parkedChannel,
  parkedDiscardedEvent,
  unannouncedDiscards,
} from '@chorda/read-models';
import type { ParkedCount } from '../runner/projection-metrics.js';
import { ParkedRetries, type ParkedRetriesParts } from './parked-retries.js';

export interface ParkingDeskParts extends ParkedRetriesParts {
  readonly databaseUrl: string;
  readonly announcing: { readonly producer: Pick<Producer, 'send'>; readonly codec: Pick<EventCodec, 'encode'> };
  readonly logger: Logger;
}

/** Whoever discards tells of it at once; a discard that is older was not told of, for whatever came between. */
const announceAfterMs = 10_000;

/** What a projector does about parked events beside its batches: it serves retries, counts, and tells of discards. */
export class ParkingDesk {
  private readonly retries: ParkedRetries;
  private readonly bell: ChannelListener;
  private counted: readonly ParkedCount[] = [];

  constructor(private readonly parts: ParkingDeskParts) {
    this.retries = new ParkedRetries(parts);
    this.bell = new ChannelListener(parts.databaseUrl, parkedChannel, parts.logger);
  }

  start(): void {
    this.bell.subscribe(() => this.ring());
    this.ring();
  }

  ring(): void {
    this.retries.ring();
  }

  async stop(): Promise<void> {
    await this.bell.close();
    await this.retries.stop();
  }

  /** Of the partitions that this process holds, as of the last look. */
  counts(): readonly ParkedCount[] {
    return this.counted;
  }

  /** Now and then: a notification may be lost with its connection, and so may whoever rang. */
  async look(): Promise<void> {
    this.ring();
    await this.count();
    await this.announce();
  }

  private async count(): Promise<void> {
    const held = this.parts.workers();
    const { rows } = await this.parts.pool.query<{ projection: string; sequences: string; events: string }>(
      `SELECT mine.projection, count(known.sequence_id) AS sequences, coalesce(sum(known.events), 0) AS events
       FROM unnest($1::text[], $2::int[], $3::text[], $4::int[]) AS mine (projection, version, topic, partition)
       LEFT JOIN parked_sequences known USING (projection, version, topic, partition) GROUP BY mine.projection`,
      [
        held.map(({ worker }) => worker.claim.projection),
        held.map(({ worker }) => worker.claim.version),
        held.map(({ topic }) => topic),
        held.map(({ partition }) => partition),
      ],
    );
    this.counted = rows.map(({ projection, sequences, events }) => {
      return { projection, sequences: Number(sequences), events: Number(events) };
    });
  }

  private async announce(): Promise<void> {
    const { pool, announcing } = this.parts;
    for (const discard of await unannouncedDiscards(pool, announceAfterMs)) {
      const record: OutgoingRecord = announcing.codec.encode(parkedDiscardedEvent(discard));
      await announcing.producer.send(record);
      await markAnnounced(pool, discard);
    }
  }
}

import { eventTypes, EventCodec, registeredTypes } from '@chorda/contracts';
import type { GroupConsumer, IncomingRecord, KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import { dayMs, dayOf, ensureDayPartitions } from '@chorda/read-models';
import type pg from 'pg';
import { tailTopics } from '../stream/tail-feed.js';
import { untilTrue } from './until-true.js';

const epoch = 1;

/**
 * Fills the journal from the log when a spec says so. The projector does it by itself, and so leaves no moment at which
 * a spec could be sure how far it has come; what is between journal and ring is what these specs are about.
 */
export class JournalStandIn {
  private readonly records: IncomingRecord[] = [];
  private readonly inserted = new Set<string>();
  private readonly read = new Map<string, bigint>();
  private consumer: GroupConsumer | undefined;
  private readonly codec = EventCodec.offline();

  private constructor(
    private readonly driver: KafkaDriver,
    private readonly admin: KafkaAdmin,
    private readonly pool: pg.Pool,
  ) {}

  static async connect(driver: KafkaDriver, admin: KafkaAdmin, pool: pg.Pool): Promise<JournalStandIn> {
    const today = dayOf(Date.now());
    await ensureDayPartitions(pool, 'journal_v1', [today - dayMs, today, today + dayMs]);
    await pool.query(
      `INSERT INTO projections (name, live_version, topics) VALUES ('journal', 1, $1) ON CONFLICT DO NOTHING`,
      [tailTopics()],
    );
    return new JournalStandIn(driver, admin, pool);
  }

  /** Everything that is in the log now is in the journal when it resolves. */
  async catchUp(): Promise<void> {
    this.consumer ??= this.startReading();
    for (const topic of tailTopics()) {
      for (const { partition, end } of await this.admin.offsets(topic)) {
        await untilTrue(() => (this.read.get(`${topic}/${partition}`) ?? 0n) >= end, 20_000);
      }
    }
    await this.write();
  }

  holds(eventId: string): boolean {
    return this.inserted.has(eventId);
  }

  /** Every read of the journal fails until it is mended. */
  async spoil(): Promise<void> {
    await this.pool.query('ALTER VIEW journal RENAME TO journal_spoilt');
  }

  async mend(): Promise<void> {
    await this.pool.query('ALTER VIEW journal_spoilt RENAME TO journal');
  }

  async close(): Promise<void> {
    await this.consumer?.stop();
  }

  private startReading(): GroupConsumer {
    return this.driver.consume({
      group: 'spec.journal',
      topics: tailTopics(),
      run: async (partition) => {
        await partition.start(undefined);
        for (;;) {
          const chunk = await partition.read({ recordsMax: 1000, bytesMax: 8 * 1024 * 1024, waitMsMax: 0 });
          if (chunk === undefined) return;
          this.records.push(...chunk.records);
          this.read.set(`${partition.topic}/${partition.partition}`, chunk.nextOffset);
        }
      },
    });
  }

  private async write(): Promise<void> {
    // Taken together: what is read while rows are written is behind the checkpoint, and has none yet.
    const upTo = [...this.read];
    // Types that were registered since; the codec has no registry, and reading needs none.
    await this.codec.adoptRegisteredTypes(registeredTypes()).catch(() => undefined);
    await Promise.all(lanesOf(this.records.splice(0)).map((lane) => this.insertAll(lane)));
    for (const [place, nextOffset] of upTo) {
      const [topic, partition] = place.split('/');
      await this.pool.query(
        `INSERT INTO checkpoints (projection, version, topic, partition, next_offset, owner_epoch, owner, updated_at)
         VALUES ('journal', 1, $1, $2, $3, $4, 'spec', now())
         ON CONFLICT (projection, version, topic, partition) DO UPDATE SET next_offset = excluded.next_offset`,
        [topic, partition, nextOffset, epoch],
      );
    }
  }

  private async insertAll(records: readonly IncomingRecord[]): Promise<void> {
    for (const record of records) await this.insert(record);
  }

  /** As the projector does: the first record of an event is its row, a repeat has none. */
  private async insert(record: IncomingRecord): Promise<void> {
    const { event, metadata } = this.codec.decode(record);
    this.inserted.add(metadata.id);
    await this.pool.query(
      `INSERT INTO journal_v1 (tenant_id, topic, partition, "offset", record_time, event_id, type, source, subject,
         event_time, correlation_id, causation_id, traceparent, stream_version, schema_fingerprint, payload, stream)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17
       WHERE NOT EXISTS (SELECT 1 FROM journal_v1 WHERE tenant_id = $1 AND source = $8 AND event_id = $6)`,
      [
        metadata.tenantId,
        record.topic,
        record.partition,
        record.offset,
        new Date(record.timestampMs),
        metadata.id,
        event.type,
        metadata.source,
        metadata.subject,
        new Date(metadata.timeMs),
        metadata.correlationId,
        metadata.causationId ?? null,
        metadata.traceparent ?? null,
        metadata.decision?.streamVersion ?? null,
        Buffer.from(eventTypes[event.type].schemaFingerprint, 'hex'),
        record.value?.subarray(5),
        metadata.decision?.stream ?? null,
      ],
    );
  }
}

const lanes = 6;

/** Records of one event in one lane, in order: specs send ten thousand, and one statement after another takes a minute. */
function lanesOf(records: readonly IncomingRecord[]): readonly (readonly IncomingRecord[])[] {
  const byLane = Array.from({ length: lanes }, (): IncomingRecord[] => []);
  for (const record of records) {
    const id = Buffer.from(String(record.headers['ce_id']));
    byLane[id.reduce((sum, byte) => sum + byte, 0) % lanes]?.push(record);
  }
  return byLane;
}

import { Inject, Injectable } from '@nestjs/common';
import { encodePosition, EventCodec, isEventType, topicsOf } from '@chorda/contracts';
import { tenantId as checkedTenant } from '@chorda/kernel';
import type { KafkaAdmin } from '@chorda/messaging';
import { CheckpointRepository, JournalRepository, partitionDays, type JournalEntry } from '@chorda/read-models';
import type pg from 'pg';
import { envelopeOf } from '../events/journal-event.js';
import { journalProjection } from '../events/read-your-writes.js';
import { gatewayAdmin, gatewayPool } from '../gateway.tokens.js';
import { TailEvent, type TailFilter } from './tail-event.js';
import type { NextPlace, TailHistory } from './tail-session.js';

/** The journal as the tail reads it. */
@Injectable()
export class TailHistoryService implements TailHistory {
  constructor(
    private readonly journal: JournalRepository,
    private readonly checkpoints: CheckpointRepository,
    private readonly codec: EventCodec,
    @Inject(gatewayAdmin) private readonly admin: KafkaAdmin,
    @Inject(gatewayPool) private readonly pool: pg.Pool,
  ) {}

  /** Asked once for each client that catches up; days leave once a day. */
  async oldestMs(): Promise<number> {
    const days = await partitionDays(this.pool, 'journal_v%');
    // A journal that nobody has begun to write has lost nothing: it lags.
    return days.length === 0 ? 0 : Math.min(...days);
  }

  async reaches(places: readonly NextPlace[], timeoutMs: number): Promise<boolean> {
    const last = places.map(({ nextOffset, ...place }) => ({ ...place, offset: nextOffset - 1n }));
    const position = encodePosition(last.filter(({ offset }) => offset >= 0n));
    return (await this.checkpoints.waitUntil(position, [journalProjection], timeoutMs)).complete;
  }

  async after(
    tenantId: string,
    places: readonly NextPlace[],
    filter: TailFilter,
    limit: number,
  ): Promise<readonly TailEvent[]> {
    const topics = topicsFor(filter);
    const had = places
      .filter(({ topic }) => topics?.has(topic) ?? true)
      .map(({ nextOffset, ...place }) => ({ ...place, offset: nextOffset - 1n }));
    if (had.length === 0) return [];
    const conditions = {
      ...(filter.types === undefined ? {} : { types: [...filter.types] }),
      ...(filter.subject === undefined ? {} : { subject: filter.subject }),
      ...(filter.source === undefined ? {} : { source: filter.source }),
      ...(filter.correlationId === undefined ? {} : { correlationId: filter.correlationId }),
    };
    const entries = await this.journal.after(checkedTenant(tenantId), had, conditions, limit);
    return entries.map((entry) => this.toTailEvent(entry));
  }

  async isBeyondEnd({ topic, partition, nextOffset }: NextPlace): Promise<boolean> {
    const ends = await this.admin.offsets(topic);
    const end = ends.find((each) => each.partition === partition)?.end;
    return end === undefined || nextOffset > end;
  }

  private toTailEvent(entry: JournalEntry): TailEvent {
    return new TailEvent(envelopeOf(entry, this.codec), entry, entry.payload.length);
  }
}

/** Undefined: events of every topic may pass the filter. */
function topicsFor({ types, topics }: TailFilter): ReadonlySet<string> | undefined {
  if (types === undefined) return topics;
  const ofTypes = new Set([...types].filter(isEventType).flatMap(topicsOf));
  return topics === undefined ? ofTypes : new Set([...ofTypes].filter((topic) => topics.has(topic)));
}

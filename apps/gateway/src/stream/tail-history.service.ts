import { Inject, Injectable } from '@nestjs/common';
import { encodePosition, EventCodec, isEventType, topicsOf } from '@chorda/contracts';
import { tenantId as checkedTenant } from '@chorda/kernel';
import type { KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import {
  CheckpointRepository,
  firstSince,
  JournalRepository,
  partitionDays,
  type JournalEntry,
} from '@chorda/read-models';
import type pg from 'pg';
import { envelopeOf } from '../events/journal-event.js';
import { journalProjection } from '../events/read-your-writes.js';
import { gatewayAdmin, gatewayDriver, gatewayPool } from '../gateway.tokens.js';
import { RecordOpener } from './record-opener.js';
import { isFor, TailEvent, type TailFilter } from './tail-event.js';
import { TailPosition } from './tail-position.js';
import { TailMetrics } from './tail.metrics.js';
import { HistoryGoneError, type NextPlace, type TailHistory } from './tail-session.js';

/** Clients that read the log itself at once: each costs a fetch and its buffers. */
const logReadersMax = 4;

/** The journal, and the log behind it, as the tail reads them. */
@Injectable()
export class TailHistoryService implements TailHistory {
  private logReaders = 0;

  constructor(
    private readonly journal: JournalRepository,
    private readonly checkpoints: CheckpointRepository,
    private readonly codec: EventCodec,
    private readonly opener: RecordOpener,
    private readonly metrics: TailMetrics,
    @Inject(gatewayAdmin) private readonly admin: KafkaAdmin,
    @Inject(gatewayDriver) private readonly driver: KafkaDriver,
    @Inject(gatewayPool) private readonly pool: pg.Pool,
  ) {}

  /** Asked once for each client that catches up; days leave once a day. */
  async oldestMs(): Promise<number> {
    const days = await partitionDays(this.pool, 'journal_v%');
    // A journal that nobody has begun to write has lost nothing: it lags.
    return days.length === 0 ? 0 : Math.min(...days);
  }

  async reach(places: readonly NextPlace[], timeoutMs: number): Promise<readonly NextPlace[]> {
    const last = places.map(({ nextOffset, ...place }) => ({ ...place, offset: nextOffset - 1n }));
    const wanted = last.filter(({ offset }) => offset >= 0n);
    if (wanted.length === 0) return places;
    const waited = await this.checkpoints.waitUntil(encodePosition(wanted), [journalProjection], timeoutMs);
    if (waited.complete) return places;
    return this.checkpoints.ofProjection(journalProjection);
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

  /**
   * Where to begin to see everything of the tenant that the log recorded at or after `sinceMs`. Where the journal has
   * none of it, that is where the journal ends: what is older than its end is older than what was asked for.
   */
  async since(tenantId: string, sinceMs: number): Promise<TailPosition> {
    // The journal's ends first: what comes between the two questions is then found by the second.
    const ends = await this.checkpoints.ofProjection(journalProjection);
    const firsts = await firstSince(this.pool, checkedTenant(tenantId), sinceMs);
    const places = new Map(
      ends.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, { topic, partition, nextOffset }]),
    );
    for (const { topic, partition, offset } of firsts) {
      places.set(`${topic}/${partition}`, { topic, partition, nextOffset: offset });
    }
    return TailPosition.at([...places.values()]);
  }

  fromLog(tenantId: string, place: NextPlace, before: bigint, filter: TailFilter, signal: AbortSignal) {
    const topics = topicsFor(filter);
    if (topics !== undefined && !topics.has(place.topic)) return nothing(before);
    if (this.logReaders >= logReadersMax) return undefined;
    return this.readLog(tenantId, place, before, filter, signal);
  }

  async isBeyondEnd({ topic, partition, nextOffset }: NextPlace): Promise<boolean> {
    const ends = await this.admin.offsets(topic);
    const end = ends.find((each) => each.partition === partition)?.end;
    return end === undefined || nextOffset > end;
  }

  /** The tenant is that of the key, which `open` has compared with the header. */
  private async *readLog(
    tenantId: string,
    { topic, partition, nextOffset: from }: NextPlace,
    to: bigint,
    filter: TailFilter,
    signal: AbortSignal,
  ) {
    this.logReaders += 1;
    this.metrics.tailLogReads.inc();
    try {
      const ends = await this.admin.offsets(topic);
      const start = ends.find((each) => each.partition === partition)?.start;
      if (start === undefined || from < start) throw new HistoryGoneError();
      for await (const chunk of this.driver.scan({ topic, partition, from, to, signal })) {
        const events = await this.opener.open(chunk.records, signal);
        // A chunk may reach further than what was asked for; its records do not.
        const nextOffset = chunk.nextOffset < to ? chunk.nextOffset : to;
        yield { events: events.filter((event) => isFor(event, tenantId, filter)), nextOffset };
      }
    } finally {
      this.logReaders -= 1;
    }
  }

  private toTailEvent(entry: JournalEntry): TailEvent {
    const envelope = envelopeOf(entry, this.codec);
    return TailEvent.of(envelope, entry, entry.payload.length);
  }
}

async function* nothing(nextOffset: bigint) {
  yield { events: [], nextOffset };
}

/** Undefined: events of every topic may pass the filter. */
function topicsFor({ types, topics }: TailFilter): ReadonlySet<string> | undefined {
  if (types === undefined) return topics;
  const ofTypes = new Set([...types].filter(isEventType).flatMap(topicsOf));
  return topics === undefined ? ofTypes : new Set([...ofTypes].filter((topic) => topics.has(topic)));
}

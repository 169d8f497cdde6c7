import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { withTenant } from '../database/with-tenant.js';
import type { JournalEntry } from './journal-entry.js';
import { entryColumns, toEntry, type JournalRow } from './journal-row.js';

/** How an event came to stand where it stands: behind its cause, behind the one before it of its aggregate, or by time. */
export type StoryOrder = 'causation' | 'stream' | 'time';

export interface StoryEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly recordTimeMs: number;
  readonly eventId: string;
  readonly causationId: string | undefined;
  readonly subject: string;
}

export interface Told<Event extends StoryEvent = StoryEvent> {
  readonly event: Event;
  readonly orderedBy: StoryOrder;
}

/** Events of one chain that are put in the order of cause and effect. A longer chain is told by time. */
export const storyEventsMax = 5_000;

/**
 * Causes before effects, and the events of an aggregate in their order, whatever their times say; else by the time that
 * the log recorded them. Clocks of senders differ and batches arrive late, so time alone would show answers before
 * questions. Events that name each other as causes in a circle are told by time.
 *
 * @param events By time, then place.
 */
export function tellStory<Event extends StoryEvent>(events: readonly Event[]): readonly Told<Event>[] {
  const byId = new Map(events.map((event) => [event.eventId, event]));
  const before = new Map<Event, { readonly cause: Event | undefined; readonly previous: Event | undefined }>();
  const lastOfStream = new Map<string, Event>();
  for (const event of events.toSorted(byPlace)) {
    const stream = `${event.topic}/${event.partition}/${event.subject}`;
    const cause = event.causationId === undefined ? undefined : byId.get(event.causationId);
    before.set(event, { cause: cause === event ? undefined : cause, previous: lastOfStream.get(stream) });
    lastOfStream.set(stream, event);
  }
  const told = new Map<Event, Told<Event>>();
  const open = new Set<Event>();
  for (const first of events) {
    // By hand and not by recursion: a chain may be as long as the story.
    const waiting = [first];
    for (let event = waiting.at(-1); event !== undefined; event = waiting.at(-1)) {
      const { cause, previous } = before.get(event) ?? {};
      const missing = [cause, previous].find((each) => each !== undefined && !told.has(each) && !open.has(each));
      if (missing !== undefined && !told.has(event)) {
        open.add(event);
        waiting.push(missing);
        continue;
      }
      waiting.pop();
      open.delete(event);
      const isBehind = (each: Event | undefined) => each !== undefined && told.has(each);
      const orderedBy = isBehind(cause) ? 'causation' : isBehind(previous) ? 'stream' : 'time';
      if (!told.has(event)) told.set(event, { event, orderedBy });
    }
  }
  return [...told.values()];
}

function byPlace(one: StoryEvent, other: StoryEvent): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || Number(one.offset - other.offset);
}

/** Reads everything with one correlation id, across topics and kinds. */
export class CorrelationStories {
  constructor(
    private readonly pool: pg.Pool,
    private readonly statementTimeoutMs = 5_000,
  ) {}

  /** The whole chain without payloads, or undefined where it has more than {@link storyEventsMax} events. */
  async chain(tenant: TenantId, correlationId: string): Promise<readonly StoryEvent[] | undefined> {
    const rows = await this.read(tenant, async (tx) => {
      const found = await tx.query<
        Pick<JournalRow, 'topic' | 'partition' | 'offset' | 'record_time' | 'event_id' | 'causation_id' | 'subject'>
      >(
        `SELECT topic, partition, "offset", record_time, event_id, causation_id, subject FROM journal
         WHERE tenant_id = $1 AND correlation_id = $2
         ORDER BY record_time, topic, partition, "offset" LIMIT ${storyEventsMax + 1}`,
        [tenant, correlationId],
      );
      return found.rows;
    });
    if (rows.length > storyEventsMax) return undefined;
    return rows.map((row) => ({
      topic: row.topic,
      partition: row.partition,
      offset: BigInt(row.offset),
      recordTimeMs: row.record_time.getTime(),
      eventId: row.event_id,
      causationId: row.causation_id ?? undefined,
      subject: row.subject,
    }));
  }

  /** These events whole, in the order in which they were named. */
  async whole(tenant: TenantId, events: readonly StoryEvent[]): Promise<readonly JournalEntry[]> {
    if (events.length === 0) return [];
    const times = events.map((event) => event.recordTimeMs);
    const rows = await this.read(tenant, async (tx) => {
      const found = await tx.query<JournalRow>(
        // The times choose the partitions; record times of other sources may have parts of a millisecond.
        `SELECT ${entryColumns} FROM journal
         WHERE tenant_id = $1 AND record_time >= $5 AND record_time <= $6
           AND (topic, partition, "offset") IN (SELECT * FROM unnest($2::text[], $3::int[], $4::bigint[]))`,
        [
          tenant,
          events.map((event) => event.topic),
          events.map((event) => event.partition),
          events.map((event) => event.offset),
          new Date(Math.min(...times)),
          new Date(Math.max(...times) + 1),
        ],
      );
      return found.rows;
    });
    const entries = new Map(rows.map(toEntry).map((entry) => [placeOf(entry), entry]));
    return events.flatMap((event) => entries.get(placeOf(event)) ?? []);
  }

  private async read<Result>(tenant: TenantId, read: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return withTenant(this.pool, tenant, read, { statementTimeoutMs: this.statementTimeoutMs });
  }
}

function placeOf({ topic, partition, offset }: Pick<StoryEvent, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}/${offset}`;
}

import type { PositionPlace } from '@chorda/contracts';
import { InvalidInputError, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { withTenant } from '../database/with-tenant.js';
import { partitionDays, dayMs } from '../partitions/day-partitions.js';
import { addFilter, Conditions } from './journal-conditions.js';
import { decodeCursor, encodeCursor } from './journal-cursor.js';
import type { JournalEntry } from './journal-entry.js';
import { entryColumns, toEntry, type JournalRow } from './journal-row.js';
import { searchBackwards, type JournalSpan } from './journal-search.js';

/** All conditions hold together; an empty filter takes everything of the tenant. */
export interface JournalFilter {
  /** Any of these types. */
  readonly types?: readonly string[];
  readonly subject?: string;
  readonly correlationId?: string;
  readonly source?: string;
  /** Recorded by the log at or after this moment. */
  readonly fromMs?: number;
  /** Recorded by the log before this moment. */
  readonly toMs?: number;
}

export interface JournalPage {
  /** Newest first, by the time that the log recorded them. */
  readonly entries: readonly JournalEntry[];
  /** Left out: there is no older one. */
  readonly nextCursor?: string;
}

export type JournalLookup =
  | { readonly kind: 'found'; readonly entry: JournalEntry }
  | { readonly kind: 'absent' }
  /** Several senders used this id; ask again with one of their sources. */
  | { readonly kind: 'ambiguous'; readonly sources: readonly string[] };

/** Entries that one page, or one step of a tail, may hold. */
export const pageSizeMax = 1_000;

const spanFreshMs = 60_000;
const sourcesMax = 20;

/** Reads the journal as one tenant. */
export class JournalRepository {
  private span: (JournalSpan & { readonly readAtMs: number }) | undefined;

  constructor(private readonly pool: pg.Pool) {}

  /**
   * @param page `limit` is 1 to `pageSizeMax`; `cursor` is a former page's `nextCursor`.
   * @throws {@link InvalidInputError} for a cursor that no page came with, or a limit out of bounds.
   */
  async search(
    tenant: TenantId,
    filter: JournalFilter,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<JournalPage> {
    const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor);
    const limit = checkedLimit(page.limit);
    return withTenant(this.pool, tenant, async (tx) => {
      const span = await this.currentSpan(tx);
      // One more than asked for tells whether there is a next page.
      const entries = await searchBackwards(tx, { tenant, filter, span, after, limit: limit + 1 });
      const last = entries.length > limit ? entries[limit - 1] : undefined;
      return { entries: entries.slice(0, limit), ...(last && { nextCursor: encodeCursor(last) }) };
    });
  }

  /** An event by its sender's id; `source` chooses where several senders used the same one. */
  async byId(tenant: TenantId, eventId: string, source?: string): Promise<JournalLookup> {
    return withTenant(this.pool, tenant, async (tx) => {
      const { rows } = await tx.query<JournalRow>(
        `SELECT DISTINCT ON (source) ${entryColumns} FROM journal
         WHERE tenant_id = $1 AND event_id = $2 AND ($3::text IS NULL OR source = $3)
         ORDER BY source, record_time, topic, partition, "offset" LIMIT $4`,
        [tenant, eventId, source ?? null, sourcesMax],
      );
      const first = rows[0];
      if (first === undefined) return { kind: 'absent' };
      if (rows.length > 1) return { kind: 'ambiguous', sources: rows.map((row) => row.source) };
      return { kind: 'found', entry: toEntry(first) };
    });
  }

  /**
   * What comes after these places, in the order of topic, partition and offset, so that the last entry of each
   * partition is where its next step begins. Fewer than `limit`: there is no more at the moment.
   *
   * @param places The offsets of records that the caller has already, not the next ones.
   */
  async after(
    tenant: TenantId,
    places: readonly PositionPlace[],
    filter: JournalFilter,
    limit: number,
  ): Promise<readonly JournalEntry[]> {
    const conditions = new Conditions();
    const value = (parameter: unknown) => conditions.parameter(parameter);
    const topics = value(places.map((place) => place.topic));
    const partitions = value(places.map((place) => place.partition));
    const offsets = value(places.map((place) => place.offset));
    const limited = value(checkedLimit(limit));
    conditions.add(`tenant_id = ${value(tenant)}`);
    addFilter(conditions, filter);
    const statement = `
      SELECT found.* FROM unnest(${topics}::text[], ${partitions}::int[], ${offsets}::bigint[])
        AS place (place_topic, place_partition, place_offset)
      CROSS JOIN LATERAL (
        SELECT ${entryColumns} FROM journal
        WHERE ${conditions.toString()} AND topic = place_topic AND partition = place_partition
          AND "offset" > place_offset
        ORDER BY "offset" LIMIT ${limited}
      ) AS found
      ORDER BY found.topic, found.partition, found."offset" LIMIT ${limited}`;
    return withTenant(this.pool, tenant, async (tx) => {
      const { rows } = await tx.query<JournalRow>(statement, conditions.parameters);
      return rows.map(toEntry);
    });
  }

  /** Partitions come and go once a day, so what was read a minute ago is read no more often. */
  private async currentSpan(tx: pg.PoolClient): Promise<JournalSpan> {
    const nowMs = Date.now();
    if (this.span === undefined || nowMs - this.span.readAtMs > spanFreshMs) {
      const days = await partitionDays(tx, 'journal_v%');
      const oldestMs = Math.min(nowMs - dayMs, ...days);
      this.span = { oldestMs, endMs: Math.max(nowMs, ...days) + 2 * dayMs, readAtMs: nowMs };
    }
    return this.span;
  }
}

function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= pageSizeMax) return limit;
  throw new InvalidInputError('Limit', [{ pointer: '', detail: `must be a whole number from 1 to ${pageSizeMax}` }]);
}

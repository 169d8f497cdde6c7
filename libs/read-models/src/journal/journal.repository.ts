import type { PositionPlace } from '@chorda/contracts';
import { InvalidInputError, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { readAsTenant } from '../database/tenant-read.js';
import { addFilter, Conditions } from './journal-conditions.js';
import type { JournalEntry } from './journal-entry.js';
import { entryColumns, toEntry, type JournalRow } from './journal-row.js';

/** All conditions hold together; an empty filter takes everything of the tenant. */
export interface JournalFilter {
  /** Any of these types. */
  readonly types?: readonly string[];
  readonly subject?: string;
  readonly correlationId?: string;
  readonly source?: string;
}

export type JournalLookup =
  | { readonly kind: 'found'; readonly entry: JournalEntry }
  | { readonly kind: 'absent' }
  /** Several senders used this id; ask again with one of their sources. */
  | { readonly kind: 'ambiguous'; readonly sources: readonly string[] };

/** Entries that one step of a tail may hold. */
export const pageSizeMax = 1_000;

const sourcesMax = 20;

/** Reads the journal as one tenant. */
export class JournalRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** An event by its sender's id; `source` chooses where several senders used the same one. */
  async byId(tenant: TenantId, eventId: string, source?: string): Promise<JournalLookup> {
    const rows = await readAsTenant<JournalRow>(this.pool, tenant, {
      text: `SELECT DISTINCT ON (source) ${entryColumns} FROM journal
         WHERE tenant_id = $1 AND event_id = $2 AND ($3::text IS NULL OR source = $3)
         ORDER BY source, record_time, topic, partition, "offset" LIMIT $4`,
      parameters: [tenant, eventId, source ?? null, sourcesMax],
    });
    const first = rows[0];
    if (first === undefined) return { kind: 'absent' };
    if (rows.length > 1) return { kind: 'ambiguous', sources: rows.map((row) => row.source) };
    return { kind: 'found', entry: toEntry(first) };
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
    const { parameters } = conditions;
    return (await readAsTenant<JournalRow>(this.pool, tenant, { text: statement, parameters })).map(toEntry);
  }
}

function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= pageSizeMax) return limit;
  throw new InvalidInputError('Limit', [{ pointer: '', detail: `must be a whole number from 1 to ${pageSizeMax}` }]);
}

import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { dayMs } from '../partitions/day-partitions.js';
import { addFilter, Conditions, timestamp } from './journal-conditions.js';
import type { JournalCursor } from './journal-cursor.js';
import type { JournalEntry } from './journal-entry.js';
import { entryColumns, toEntry, type JournalRow } from './journal-row.js';
import type { JournalFilter } from './journal.repository.js';

/** The days that the journal has partitions for. */
export interface JournalSpan {
  readonly oldestMs: number;
  /** One past the newest day. */
  readonly endMs: number;
}

const firstWindowMs = 2 * dayMs;

/**
 * The newest entries before `after`, walked backwards in windows that double: the planner then looks at the partitions
 * of one window. A list that finds its page in the newest days, as most do, never plans for a year of partitions, and a
 * search for something rare needs as many statements as the span has doublings.
 */
export async function searchBackwards(
  tx: pg.PoolClient,
  search: {
    readonly tenant: TenantId;
    readonly filter: JournalFilter;
    readonly span: JournalSpan;
    readonly after: JournalCursor | undefined;
    readonly limit: number;
  },
): Promise<readonly JournalEntry[]> {
  const { filter, span, after, limit } = search;
  const oldestMs = Math.max(span.oldestMs, filter.fromMs ?? span.oldestMs);
  let endMs = Math.min(span.endMs, filter.toMs ?? span.endMs, after ? after.recordTimeMs + 1 : span.endMs);
  const entries: JournalEntry[] = [];
  for (let windowMs = firstWindowMs; endMs > oldestMs && entries.length < limit; windowMs *= 2) {
    const startMs = Math.max(oldestMs, endMs - windowMs);
    entries.push(...(await searchWindow(tx, search, { startMs, endMs }, limit - entries.length)));
    endMs = startMs;
  }
  return entries;
}

async function searchWindow(
  tx: pg.PoolClient,
  search: { readonly tenant: TenantId; readonly filter: JournalFilter; readonly after: JournalCursor | undefined },
  window: { readonly startMs: number; readonly endMs: number },
  limit: number,
): Promise<readonly JournalEntry[]> {
  const conditions = new Conditions();
  const value = (parameter: unknown) => conditions.parameter(parameter);
  conditions.add(`tenant_id = ${value(search.tenant)}`);
  conditions.add(`record_time >= ${value(timestamp(window.startMs))}::timestamptz`);
  conditions.add(`record_time < ${value(timestamp(window.endMs))}::timestamptz`);
  addFilter(conditions, search.filter);
  if (search.after) {
    const { recordTimeMs, topic, partition, offset } = search.after;
    const place = [`${value(timestamp(recordTimeMs))}::timestamptz`, value(topic), value(partition), value(offset)];
    conditions.add(`(record_time, topic, partition, "offset") < (${place.join(', ')})`);
  }
  const { rows } = await tx.query<JournalRow>(
    `SELECT ${entryColumns} FROM journal WHERE ${conditions.toString()}
     ORDER BY record_time DESC, topic DESC, partition DESC, "offset" DESC LIMIT ${value(limit)}`,
    conditions.parameters,
  );
  return rows.map(toEntry);
}

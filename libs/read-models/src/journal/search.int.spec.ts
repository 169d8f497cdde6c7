import { defaultTenant, InvalidInputError, tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import { dayMs, dayOf, ensureDayPartitions } from '../partitions/day-partitions.js';
import { journalList } from '../lists/journal.list.js';
import type { ListCondition } from '../lists/list-definition.js';
import { ListReader } from '../lists/list-reader.js';
import { JournalRepository } from './journal.repository.js';

const nowMs = Date.now();
const events = 200;

/** Offset n was recorded n/8 days ago: 25 days, several of them with the same moment for neighbours. */
const recordTimeMs = (offset: number) => nowMs - Math.floor(offset / 2) * (dayMs / 4);

const equal = (field: string, value: string): ListCondition => ({ field, operator: 'eq', values: [value] });
const bound = (operator: 'gte' | 'lt', ms: number): ListCondition => ({
  field: 'recorded_time',
  operator,
  values: [new Date(ms).toISOString()],
});

describe('the journal', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let journal: JournalRepository;
  let lists: ListReader;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    journal = new JournalRepository(pool);
    lists = new ListReader(pool);
    // One more than there are events: a test adds one of its own, which late in the day falls on a day before.
    const days = Array.from({ length: events + 1 }, (_, offset) => dayOf(recordTimeMs(offset)));
    await ensureDayPartitions(pool, 'journal_v1', days);
    for (let offset = 0; offset < events; offset++) await insert(pool, offset);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  async function allPages(
    conditions: readonly ListCondition[],
    limit: number,
    isDescending = true,
  ): Promise<readonly number[]> {
    const offsets: number[] = [];
    let cursor: string | undefined;
    do {
      const sort = { field: 'recorded_time', isDescending };
      const page = await lists.page(defaultTenant, journalList, { conditions, sort, cursor, limit });
      offsets.push(...page.rows.map((row) => Number(row['offset'])));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return offsets;
  }

  it.each([1, 7, 100, 500])('is listed newest first, or oldest, each entry once, in pages of %i', async (limit) => {
    const offsets = await allPages([], limit);
    expect(offsets.toSorted((a, b) => a - b)).toEqual(Array.from({ length: events }, (_, offset) => offset));
    const times = offsets.map(recordTimeMs);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(await allPages([], limit, false)).toEqual(offsets.toReversed());
  });

  it.each<[string, readonly ListCondition[], (offset: number) => boolean]>([
    ['type', [equal('type', 'type-1')], (offset) => offset % 3 === 1],
    ['types', [{ field: 'type', operator: 'in', values: ['type-1', 'type-2'] }], (offset) => offset % 3 !== 0],
    ['subject', [equal('subject', 'subject-4')], (offset) => offset % 5 === 4],
    ['correlation id', [equal('correlation_id', 'correlation-6')], (offset) => offset % 7 === 6],
    ['all of them', [equal('type', 'type-1'), equal('subject', 'subject-4')], (offset) => offset % 15 === 4],
    [
      'time',
      [bound('gte', recordTimeMs(100)), bound('lt', recordTimeMs(50))],
      (offset) => recordTimeMs(offset) >= recordTimeMs(100) && recordTimeMs(offset) < recordTimeMs(50),
    ],
    ['what is not there', [equal('subject', 'nobody')], () => false],
  ])('is searched by %s', async (_, filter, isWanted) => {
    const offsets = Array.from({ length: events }, (__, offset) => offset);
    expect((await allPages(filter, 4)).toSorted((a, b) => a - b)).toEqual(offsets.filter(isWanted));
  });

  it('looks into the partitions of its window alone', async () => {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT * FROM journal WHERE tenant_id = 'default' AND record_time >= '${new Date(nowMs - dayMs).toISOString()}'
       AND record_time < '${new Date(nowMs + dayMs).toISOString()}' ORDER BY record_time DESC LIMIT 10`,
    );
    const scanned = rows.filter((row) => /journal_v1_p\d+/.test(row['QUERY PLAN'])).length;
    expect(scanned).toBeLessThanOrEqual(3);
  });

  it('finds an event by its id, and asks for the source where two senders used it', async () => {
    expect(await journal.byId(defaultTenant, 'event-8')).toMatchObject({ kind: 'found', entry: { offset: 8n } });
    expect(await journal.byId(defaultTenant, 'event-none')).toEqual({ kind: 'absent' });
    await insert(pool, 500, { eventId: 'event-9', source: '/other' });
    expect(await journal.byId(defaultTenant, 'event-9')).toEqual({ kind: 'ambiguous', sources: ['/other', '/source'] });
    expect(await journal.byId(defaultTenant, 'event-9', '/other')).toMatchObject({ entry: { offset: 500n } });
    await pool.query(`DELETE FROM journal_v1 WHERE "offset" = 500`);
  });

  it('is followed from a place on, in order, by filter, to its end', async () => {
    const place = { topic: 'agent.events', partition: 0 };
    const first = await journal.after(defaultTenant, [{ ...place, offset: 189n }], {}, 6);
    expect(first.map(({ offset }) => Number(offset))).toEqual([190, 191, 192, 193, 194, 195]);
    const rest = await journal.after(defaultTenant, [{ ...place, offset: 195n }], {}, 6);
    expect(rest.map(({ offset }) => Number(offset))).toEqual([196, 197, 198, 199]);
    const some = await journal.after(defaultTenant, [{ ...place, offset: 189n }], { types: ['type-1'] }, 6);
    expect(some.map(({ offset }) => Number(offset))).toEqual([190, 193, 196, 199]);
    expect(await journal.after(defaultTenant, [{ ...place, partition: 1, offset: -1n }], {}, 6)).toEqual([]);
    expect(await journal.after(tenantId('other'), [{ ...place, offset: -1n }], {}, 6)).toEqual([]);
  });

  it.each(['', 'nonsense', 'MTs5OTt0OzA7'])('refuses %j as a cursor', async (cursor) => {
    const request = { conditions: [], cursor, limit: 1 };
    await expect(lists.page(defaultTenant, journalList, request)).rejects.toThrow(InvalidInputError);
  });

  it.each([0, 501, 1.5])('refuses a limit of %d', async (limit) => {
    await expect(lists.page(defaultTenant, journalList, { conditions: [], limit })).rejects.toThrow(InvalidInputError);
  });
});

async function insert(
  pool: pg.Pool,
  offset: number,
  { eventId = `event-${offset}`, source = '/source' } = {},
): Promise<void> {
  await pool.query(
    `INSERT INTO journal_v1 (tenant_id, topic, partition, "offset", record_time, event_id, type, source, subject,
       event_time, correlation_id, schema_fingerprint, payload)
     VALUES ('default', 'agent.events', 0, $1, $2, $3, $4, $5, $6, $2, $7, '', '')`,
    [
      offset,
      new Date(recordTimeMs(Math.min(offset, events))),
      eventId,
      `type-${offset % 3}`,
      source,
      `subject-${offset % 5}`,
      `correlation-${offset % 7}`,
    ],
  );
}

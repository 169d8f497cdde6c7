import { defaultTenant } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { readAsTenant } from '../database/tenant-read.js';
import { migrate } from '../migrations/migrate.js';
import { dayMs, dayOf } from '../partitions/day-partitions.js';
import { journalList } from './journal.list.js';
import { parseSort, type ListCondition } from './list-definition.js';
import { pageStatement } from './list-statement.js';
import { fillTable, nowMs } from './lists.fixture.spec.js';

interface PlanNode {
  readonly 'Actual Rows': number;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

const events = 2_000;
const limit = 11;
const today = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '');

/** Guarantee 12: what a page costs does not follow the rows that the server has not counted yet. */
describe('a page of a table whose rows nobody has counted', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    await fillTable(pool, journalList, defaultTenant, { from: 0, count: 1, hoursAgo: 0 });
    await pool.query(`ALTER TABLE journal_v1_p${today} SET (autovacuum_enabled = false)`);
    await pool.query(
      `INSERT INTO journal_v1 SELECT (jsonb_populate_record(event, jsonb_build_object('offset', n, 'record_time', moment))).*
       FROM journal_v1 AS event,
         LATERAL (SELECT n, $1::timestamptz + n * interval '1 ms' AS moment FROM generate_series(1, $2) AS n) AS next`,
      [new Date(dayOf(nowMs)).toISOString(), events],
    );
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it.each<[string, readonly ListCondition[]]>([
    ['without a condition', []],
    ['of one type', [{ field: 'type', operator: 'eq', values: ['type-0'] }]],
    ['of two types', [{ field: 'type', operator: 'in', values: ['type-0', 'type-1'] }]],
  ])('reads a page of rows, %s', async (_, conditions) => {
    const window = { fromMs: nowMs - 2 * dayMs, toMs: nowMs + 2 * dayMs };
    const sort = parseSort(journalList, journalList.defaultSort);
    const statement = pageStatement(journalList, defaultTenant, { conditions, limit, sort, after: undefined, window });
    const explained = { ...statement, text: `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`, exactFields: [] };

    const [row] = await readAsTenant<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(pool, defaultTenant, explained);

    const plan = row?.['QUERY PLAN'][0]?.Plan;
    expect(plan?.['Actual Rows']).toBe(limit);
    // The order of rows of one millisecond is put right among a few dozen that were read ahead.
    expect(rowsReadBy(plan)).toBeLessThan(100);
  });

  it('leaves the order to the server where no index has it', async () => {
    const text = `EXPLAIN (ANALYZE, FORMAT JSON) SELECT DISTINCT ON (source) source, "offset" FROM journal
      WHERE tenant_id = $1 AND event_id = $2 ORDER BY source, record_time`;
    const statement = { text, parameters: [defaultTenant, 'nobody'] };

    const [row] = await readAsTenant<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(pool, defaultTenant, statement);

    // Days without rows are read by whichever index.
    const indexes = indexesOf(row?.['QUERY PLAN'][0]?.Plan).filter((name) => name.includes(today));
    expect(indexes).toEqual([expect.stringContaining('event_id')]);
  });
});

function indexesOf(node: PlanNode | undefined): readonly string[] {
  if (node === undefined) return [];
  const own = node['Index Name'] === undefined ? [] : [node['Index Name']];
  return [...own, ...(node.Plans ?? []).flatMap(indexesOf)];
}

function rowsReadBy(node: PlanNode | undefined): number {
  if (node === undefined) return 0;
  return Math.max(node['Actual Rows'], ...(node.Plans ?? []).map(rowsReadBy));
}

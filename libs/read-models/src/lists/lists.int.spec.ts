import { defaultTenant, InvalidInputError, tenantId, type TenantId } from '@chorda/kernel';
import { freshDatabase, shownTable, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { withTenant } from '../database/with-tenant.js';
import { migrate } from '../migrations/migrate.js';
import {
  columnOf,
  orderFields,
  parseSort,
  sortTexts,
  type FilterOperator,
  type ListCondition,
  type ListDefinition,
  type ListRequest,
} from './list-definition.js';
import { ListReader } from './list-reader.js';
import { pageStatement } from './list-statement.js';
import { allLists, fillTable, nowMs } from './lists.fixture.spec.js';

const rows = 60;
const other = tenantId('other');

let database: FreshDatabase;
let pool: pg.Pool;
let reader: ListReader;

beforeAll(async () => {
  database = await freshDatabase(inject('stack'));
  await migrate(database.url);
  pool = createPool(database.url);
  reader = new ListReader(pool);
  for (const definition of allLists) {
    await fillTable(pool, definition, defaultTenant, { from: 0, count: rows });
    await fillTable(pool, definition, other, { from: 0, count: 5 });
  }
  await pool.query('ANALYZE');
});

afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

/** Keys of all pages, and what happens between them. */
async function allPages(
  definition: ListDefinition,
  request: Omit<ListRequest, 'limit'>,
  { limit = 7, tenant = defaultTenant, between = async () => undefined as unknown } = {},
): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 100; page += 1) {
    const found = await reader.page(tenant, definition, { ...request, cursor, limit });
    keys.push(...found.rows.map((row) => definition.key.map((field) => String(row[field])).join(' ')));
    cursor = found.nextCursor;
    if (cursor === undefined) return keys;
    await between();
  }
  throw new Error('The pages have no end');
}

/** The same asked plainly, by the owner and in one statement. */
async function expected(
  definition: ListDefinition,
  sortText: string,
  where = 'true',
  parameters: readonly unknown[] = [],
  tenant: TenantId = defaultTenant,
): Promise<readonly string[]> {
  const sort = parseSort(definition, sortText);
  const order = orderFields(definition, sort).map(
    (field) => `"${columnOf(definition, field)}" ${sort.isDescending ? 'DESC' : 'ASC'}`,
  );
  const keys = definition.key.map((field) => `"${columnOf(definition, field)}"::text`).join(` || ' ' || `);
  const { rows: found } = await pool.query<{ key: string }>(
    `SELECT ${keys} AS key FROM ${definition.from}
     WHERE tenant_id = '${tenant}' AND "${columnOf(definition, sort.field)}" IS NOT NULL AND ${where}
     ORDER BY ${order.join(', ')}`,
    [...parameters],
  );
  return found.map(({ key }) => key);
}

const sqlOf: Readonly<Record<FilterOperator, string>> = { eq: '=', in: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' };

/** Every filter with every operator that it has, with a value that some rows have. */
async function filtersOf(definition: ListDefinition): Promise<readonly ListCondition[]> {
  const conditions: ListCondition[] = [];
  for (const [field, { filter }] of Object.entries(definition.fields)) {
    if (filter === undefined) continue;
    const column = `"${columnOf(definition, field)}"`;
    const value = filter === 'member' ? `unnest(${column})` : column;
    const { rows: found } = await pool.query<{ value: string }>(
      `SELECT DISTINCT value::text AS value FROM (SELECT ${value} AS value FROM ${definition.from}
       WHERE tenant_id = 'default') AS found ORDER BY 1 LIMIT 3`,
    );
    const values = found.map((row) => row.value);
    const [first = '', second = ''] = values;
    conditions.push({ field, operator: 'eq', values: [first] });
    if (filter !== 'member') conditions.push({ field, operator: 'in', values });
    const ranges: readonly FilterOperator[] = filter === 'range' ? ['gt', 'gte', 'lt', 'lte'] : [];
    for (const operator of ranges) conditions.push({ field, operator, values: [second] });
  }
  return conditions;
}

function whereOf(definition: ListDefinition, { field, operator, values }: ListCondition): readonly [string, unknown[]] {
  const column = `"${columnOf(definition, field)}"`;
  if (definition.fields[field]?.filter === 'member') return [`$1 = ANY (${column})`, [values[0]]];
  if (operator === 'in') return [`${column}::text = ANY ($1)`, [values]];
  const cast = { timestamp: 'timestamptz', boolean: 'boolean' }[String(definition.fields[field]?.type)] ?? 'text';
  return [`${column} ${sqlOf[operator]} $1::${cast}`, [values[0]]];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** The plan as the reader gets it, where an index is preferred to reading and sorting a small table. */
async function nodesOf(definition: ListDefinition, request: ListRequest, after?: readonly string[]) {
  const sort = request.sort ?? parseSort(definition, definition.defaultSort);
  const day = 86_400_000;
  const window = { fromMs: Date.now() - 2 * day, toMs: Date.now() + day };
  const statement = pageStatement(definition, defaultTenant, { ...request, sort, after, window });
  return withTenant(pool, defaultTenant, async (tx) => {
    await tx.query('SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off');
    type Explained = { readonly 'QUERY PLAN': readonly { Plan: PlanNode }[] };
    const explained = statement.hasOnePlan
      ? await tx.query<Explained>(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${statement.text}`)
      : await tx.query<Explained>(`EXPLAIN (FORMAT JSON) ${statement.text}`, [...statement.parameters]);
    const nodes: PlanNode[] = [];
    const visit = (node: PlanNode): void => {
      nodes.push(node);
      node.Plans?.forEach(visit);
    };
    explained.rows[0]?.['QUERY PLAN'].forEach(({ Plan }) => visit(Plan));
    return nodes;
  });
}

/** Whether whatever is below ends at a limit: then a sort has a few pages to sort, and no table. */
function isBounded({ 'Node Type': type, Plans = [] }: PlanNode): boolean {
  return type === 'Limit' || (Plans.length > 0 && Plans.every(isBounded));
}

function expectNoSort(definition: ListDefinition, nodes: readonly PlanNode[]): void {
  const types = nodes.map((node) => node['Node Type']);
  expect(types).not.toContain('Seq Scan');
  // The journal's rows of one millisecond are put in order by their place; its indexes end at the time.
  const sorts = definition.dayPartitions ? ['Sort'] : ['Sort', 'Incremental Sort'];
  const sorting = nodes.filter((node) => sorts.includes(node['Node Type']));
  for (const { Plans = [] } of sorting) expect(Plans.every(isBounded), types.join(', ')).toBe(true);
}

describe.each(allLists.map((definition) => [definition.name, definition] as const))('%s', (_name, definition) => {
  it.each(sortTexts(definition))('sorted by %s, has every row once, whatever the page', async (sortText) => {
    const wanted = await expected(definition, sortText);
    expect(wanted).toHaveLength(rows);
    const sort = parseSort(definition, sortText);
    for (const limit of [1, 7, rows, rows + 1]) {
      expect(await allPages(definition, { conditions: [], sort }, { limit })).toEqual(wanted);
    }
  });

  it('has each row once while rows come before and behind the page', async () => {
    const wanted = await expected(definition, definition.defaultSort);
    let added = 0;
    // In turn newer than all and older than all.
    const between = () =>
      fillTable(pool, definition, defaultTenant, {
        from: 10_000 + (added += 1),
        count: 1,
        hoursAgo: added % 2 === 0 ? 40 + added : -added / 3_600,
      });
    const seen = await allPages(definition, { conditions: [] }, { between });
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((key) => wanted.includes(key))).toEqual(wanted);
    const column = columnOf(definition, parseSort(definition, definition.defaultSort).field);
    await pool.query(
      `DELETE FROM ${await shownTable(pool, definition.from)} WHERE "${column}" > $1 OR "${column}" < $2`,
      [new Date(nowMs), new Date(nowMs - 35 * 3_600_000)],
    );
  });

  it('finds by each filter and operator what a plain query finds', async () => {
    for (const condition of await filtersOf(definition)) {
      const isRange = definition.fields[condition.field]?.filter === 'range';
      const sortText = isRange ? `-${condition.field}` : definition.defaultSort;
      const sort = parseSort(definition, sortText);
      const wanted = await expected(definition, sortText, ...whereOf(definition, condition));
      if (condition.operator !== 'lt') expect(wanted.length, JSON.stringify(condition)).toBeGreaterThan(0);
      expect(await allPages(definition, { conditions: [condition], sort }), JSON.stringify(condition)).toEqual(wanted);
      const counted = await reader.count(defaultTenant, definition, [condition], 'exact');
      expect(counted).toEqual({ value: String(wanted.length), kind: 'exact' });
    }
  });

  it('reads an index in order, for every sort and filter, on a first page and on a later one', async () => {
    for (const sortText of sortTexts(definition)) {
      const sort = parseSort(definition, sortText);
      const { rows: first } = await reader.page(defaultTenant, definition, { conditions: [], sort, limit: 5 });
      const after = orderFields(definition, sort).map((field) => String(first[4]?.[`~${field}`]));
      expectNoSort(definition, await nodesOf(definition, { conditions: [], sort, limit: 50 }));
      expectNoSort(definition, await nodesOf(definition, { conditions: [], sort, limit: 50 }, after));
    }
    for (const condition of await filtersOf(definition)) {
      const { filter } = definition.fields[condition.field] ?? {};
      const sort = parseSort(definition, filter === 'range' ? `-${condition.field}` : definition.defaultSort);
      const nodes = await nodesOf(definition, { conditions: [condition], sort, limit: 50 });
      expectNoSort(definition, nodes);
      if (filter === 'member') continue;
      const found = nodes.map((node) => node['Index Cond'] ?? '').join(' ');
      expect(found, JSON.stringify(condition)).toContain(columnOf(definition, condition.field));
    }
  });

  it('takes any text as a value and nothing but a value', async () => {
    const texts = [
      `' OR '1'='1`,
      `'; DROP TABLE ${definition.from}_v1; --`,
      `$1`,
      `\\'`,
      `%`,
      `"`,
      `eq.x`,
      'ı'.repeat(500),
    ];
    for (const [field, { filter, type }] of Object.entries(definition.fields)) {
      if (filter === undefined || type !== 'text') continue;
      for (const text of texts) {
        const conditions: readonly ListCondition[] = [{ field, operator: 'eq', values: [text] }];
        expect(await allPages(definition, { conditions })).toEqual([]);
        const several: readonly ListCondition[] = [{ field, operator: 'in', values: [text, `${text} too`] }];
        if (filter !== 'member') expect(await allPages(definition, { conditions: several })).toEqual([]);
      }
    }
    expect(await allPages(definition, { conditions: [] })).toHaveLength(rows);
  });

  it('shows a tenant its own rows alone', async () => {
    const seen = await allPages(definition, { conditions: [] }, { tenant: other });
    expect(seen).toEqual(await expected(definition, definition.defaultSort, 'true', [], other));
    expect(seen).toHaveLength(5);
    expect(await allPages(definition, { conditions: [] }, { tenant: tenantId('nobody') })).toEqual([]);
    expect(await reader.count(other, definition, [], 'exact')).toEqual({ value: '5', kind: 'exact' });
  });

  it('refuses a cursor of another tenant, list, filter or sort, and one that was altered', async () => {
    const page = (request: Partial<ListRequest>, of = definition, tenant: TenantId = defaultTenant) =>
      reader.page(tenant, of, { conditions: [], limit: 5, ...request });
    const cursor = (await page({})).nextCursor ?? '';
    await expect(page({ cursor })).resolves.toBeDefined();
    const [condition] = await filtersOf(definition);
    const another = allLists.find(({ name }) => name !== definition.name) ?? definition;
    const backwards = sortTexts(definition).find((text) => text !== definition.defaultSort) ?? '';
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const altered = (change: (values: string[]) => unknown) =>
      Buffer.from(JSON.stringify(change([...(parts as string[])]))).toString('base64url');
    const attempts = [
      page({ cursor }, definition, other),
      page({ cursor }, another),
      page({ cursor, conditions: condition ? [condition] : [] }),
      page({ cursor, sort: parseSort(definition, backwards) }),
      ...[
        altered((values) => values.slice(1)),
        altered((values) => [...values, 'more']),
        altered((values) => [values[0], `'; DROP TABLE x; --`, ...values.slice(2)]),
        altered((values) => [values[0], ...values.slice(1, -1), '\0']),
        altered((values) => [values[0], ...values.slice(1).map(() => null)]),
        'nonsense',
        '',
        'W10',
        'bnVsbA',
        'A'.repeat(9_000),
      ].map((text) => page({ cursor: text })),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toThrow(InvalidInputError);
  });

  it('shows one row whole by its key, and nothing of another tenant', async () => {
    const { rows: found } = await reader.page(defaultTenant, definition, { conditions: [], limit: 1 });
    const conditions = definition.key.map((field): ListCondition => ({
      field,
      operator: 'eq',
      values: [String(found[0]?.[field])],
    }));
    const row = await reader.one(defaultTenant, definition, conditions);
    for (const [field, { type, isDetail }] of Object.entries(definition.fields)) {
      if (isDetail && type === 'json') expect(row?.[field]).toContain('12345678901234567890.5');
      if (type === 'decimal') expect(row?.[field]).toBe('0.12345678901234567890');
    }
    expect(await reader.one(tenantId('nobody'), definition, conditions)).toBeUndefined();
  });
});

describe('the engine', () => {
  const [journal] = allLists as readonly [ListDefinition];

  it('ends a page that takes too long, and answers an estimate where counting does', async () => {
    const impatient = new ListReader(pool, { statementTimeoutMs: 300, countTimeoutMs: 100 });
    const holder = await pool.connect();
    await holder.query('BEGIN; LOCK TABLE agents_v2 IN ACCESS EXCLUSIVE MODE');
    const agents = allLists.find(({ name }) => name === 'agents') ?? journal;
    try {
      await expect(impatient.page(defaultTenant, agents, { conditions: [], limit: 1 })).rejects.toMatchObject({
        code: '57014',
      });
      const counting = new ListReader(pool, { statementTimeoutMs: 10_000, countTimeoutMs: 100 });
      const counted = counting.count(defaultTenant, agents, [], 'exact');
      setTimeout(() => void holder.query('COMMIT'), 1_500);
      expect(await counted).toMatchObject({ kind: 'estimated' });
    } finally {
      await holder.query('COMMIT');
      holder.release();
    }
  });

  it('estimates near the truth', async () => {
    const { value, kind } = await reader.count(defaultTenant, journal, [], 'estimated');
    expect(kind).toBe('estimated');
    expect(Number(value)).toBeGreaterThan(rows / 3);
    expect(Number(value)).toBeLessThan(rows * 3);
  });
});

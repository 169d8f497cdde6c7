import { tenantId, type TenantId } from '@chorda/kernel';
import {
  ListReader,
  pageStatement,
  parseSort,
  sortTexts,
  withTenant,
  type ListCondition,
  type ListDefinition,
  type Sort,
} from '@chorda/read-models';
import type pg from 'pg';
import { tenantCount, tenantName } from './fill.js';

export interface Query {
  readonly list: string;
  readonly what: string;
  readonly page: 'first' | 'page 1000';
  readonly definition: ListDefinition;
  readonly sort: Sort;
  /** For each tenant that is asked: its own values and place. */
  readonly asked: readonly {
    readonly tenant: TenantId;
    readonly conditions: readonly ListCondition[];
    readonly cursor: string | undefined;
  }[];
}

export interface Figures {
  readonly list: string;
  readonly what: string;
  readonly page: string;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly plan: unknown;
}

const limit = 50;
/** Where page 1,000 of 50 begins: read in larger steps, since a cursor is bound to no page size. */
const steps = { count: 100, limit: 500 } as const;

/** Every sort, and every filter with the default sort or its own, of some large and small tenants. */
export async function queriesOf(pool: pg.Pool, definition: ListDefinition): Promise<readonly Query[]> {
  const reader = new ListReader(pool, { statementTimeoutMs: 60_000 });
  const wishes: { what: string; sort: Sort; field?: string }[] = sortTexts(definition).map((text) => ({
    what: `sort=${text}`,
    sort: parseSort(definition, text),
  }));
  for (const [field, { filter }] of Object.entries(definition.fields)) {
    if (filter !== 'equal') continue;
    wishes.push({ what: `${field}=eq`, field, sort: parseSort(definition, definition.defaultSort) });
  }
  const queries: Query[] = [];
  for (const { what, sort, field } of wishes) {
    const first: Query['asked'][number][] = [];
    const later: Query['asked'][number][] = [];
    for (const rank of [1, 2, 5, 20, tenantCount]) {
      const tenant = tenantId(tenantName(rank));
      const { rows } = await reader.page(tenant, definition, { conditions: [], sort, limit: 1 });
      const value = field === undefined ? undefined : rows[0]?.[field];
      if (field !== undefined && (value === undefined || value === null)) continue;
      const conditions: readonly ListCondition[] =
        field === undefined ? [] : [{ field, operator: 'eq', values: [String(value)] }];
      first.push({ tenant, conditions, cursor: undefined });
      const cursor = await cursorFarIn(reader, definition, { tenant, conditions, sort });
      if (cursor !== undefined) later.push({ tenant, conditions, cursor });
    }
    const common = { list: definition.name, what, definition, sort };
    if (first.length > 0) queries.push({ ...common, page: 'first', asked: first });
    if (later.length > 0) queries.push({ ...common, page: 'page 1000', asked: later });
  }
  return queries;
}

/** The place of page 1,000, or of the last one where there are fewer. */
async function cursorFarIn(
  reader: ListReader,
  definition: ListDefinition,
  { tenant, conditions, sort }: { tenant: TenantId; conditions: readonly ListCondition[]; sort: Sort },
): Promise<string | undefined> {
  let cursor: string | undefined;
  for (let step = 0; step < steps.count; step += 1) {
    const page = await reader.page(tenant, definition, { conditions, sort, cursor, limit: steps.limit });
    if (page.nextCursor === undefined) return cursor;
    cursor = page.nextCursor;
  }
  return cursor;
}

/** `clients` that ask without pause, warm. */
export async function measure(pool: pg.Pool, query: Query, clients: number, seconds: number): Promise<Figures> {
  const reader = new ListReader(pool);
  const { definition, sort, asked } = query;
  const durations: number[] = [];
  const run = async (untilMs: number, keep: boolean) => {
    for (let at = 0; Date.now() < untilMs; at += 1) {
      const wish = asked[(at + durations.length) % asked.length];
      if (wish === undefined) return;
      const startedMs = performance.now();
      await reader.page(wish.tenant, definition, { conditions: wish.conditions, cursor: wish.cursor, sort, limit });
      if (keep) durations.push(performance.now() - startedMs);
    }
  };
  const all = (ms: number, keep: boolean) =>
    Promise.all(Array.from({ length: clients }, async () => run(Date.now() + ms, keep)));
  await all(500, false);
  await all(seconds * 1_000, true);
  durations.sort((one, other) => one - other);
  const at = (share: number) => durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? 0;
  const { list, what, page } = query;
  return {
    list,
    what,
    page,
    requests: durations.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    perSecond: durations.length / seconds,
    plan: await planOf(pool, query),
  };
}

/** What the server does for the first tenant that is asked, of its newest days. */
async function planOf(pool: pg.Pool, { definition, sort, asked }: Query): Promise<unknown> {
  const [first] = asked;
  if (first === undefined) return undefined;
  const dayMs = 86_400_000;
  const window = { fromMs: Date.now() - 2 * dayMs, toMs: Date.now() + dayMs };
  const { text, parameters } = pageStatement(definition, first.tenant, {
    conditions: first.conditions,
    sort,
    after: undefined,
    limit: limit + 1,
    window,
  });
  return withTenant(pool, first.tenant, async (tx) => {
    const { rows } = await tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, [...parameters]);
    return rows.map((row) => row['QUERY PLAN']);
  });
}

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
import type { TestStack } from '@chorda/testing';
import type pg from 'pg';
import { postgresSeconds } from '../projector/processors.js';
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
  /** Processor time of one request, in microseconds: of the clients' process and of the server. */
  readonly cpuUs: { readonly own: number; readonly postgres: number };
  readonly plan: unknown;
}

/** Who asks, and how many at once. */
export interface Asking {
  readonly stack: TestStack;
  readonly pool: pg.Pool;
  readonly clients: number;
  readonly seconds: number;
}

type Wish = Query['asked'][number];

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

/** `clients` that ask without pause, warm, as the gateway asks. */
export async function measure(asking: Asking, query: Query): Promise<Figures> {
  const reader = new ListReader(asking.pool);
  const { definition, sort } = query;
  return measureAs(asking, query, ({ tenant, conditions, cursor }) =>
    reader.page(tenant, definition, { conditions, cursor, sort, limit }),
  );
}

/** The same page with each statement waited for: BEGIN with the settings, the query, COMMIT. First pages alone. */
export async function measureApart(asking: Asking, query: Query): Promise<Figures> {
  return measureAs(asking, query, ({ tenant, conditions }) => {
    const { text, parameters } = pageStatement(query.definition, tenant, firstPage(query, conditions));
    const read = (tx: pg.PoolClient) => tx.query(text, [...parameters]);
    return withTenant(asking.pool, tenant, read, { statementTimeoutMs: 5_000 });
  });
}

async function measureAs(
  { stack, pool, clients, seconds }: Asking,
  query: Query,
  ask: (wish: Wish) => Promise<unknown>,
): Promise<Figures> {
  const { asked } = query;
  const durations: number[] = [];
  const run = async (untilMs: number, keep: boolean) => {
    for (let at = 0; Date.now() < untilMs; at += 1) {
      const wish = asked[(at + durations.length) % asked.length];
      if (wish === undefined) return;
      const startedMs = performance.now();
      await ask(wish);
      if (keep) durations.push(performance.now() - startedMs);
    }
  };
  const all = (ms: number, keep: boolean) =>
    Promise.all(Array.from({ length: clients }, async () => run(Date.now() + ms, keep)));
  await all(500, false);
  const before = { own: process.cpuUsage(), postgres: postgresSeconds(stack) };
  await all(seconds * 1_000, true);
  const own = process.cpuUsage(before.own);
  const postgres = postgresSeconds(stack) - before.postgres;
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
    cpuUs: { own: (own.user + own.system) / durations.length, postgres: (postgres * 1e6) / durations.length },
    plan: await planOf(pool, query),
  };
}

/** What the server does for the first tenant that is asked, of its newest days. */
async function planOf(pool: pg.Pool, query: Query): Promise<unknown> {
  const { definition, asked } = query;
  const [first] = asked;
  if (first === undefined) return undefined;
  const { text, parameters } = pageStatement(definition, first.tenant, firstPage(query, first.conditions));
  return withTenant(pool, first.tenant, async (tx) => {
    const { rows } = await tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, [...parameters]);
    return rows.map((row) => row['QUERY PLAN']);
  });
}

function firstPage({ sort }: Query, conditions: readonly ListCondition[]) {
  const dayMs = 86_400_000;
  const window = { fromMs: Date.now() - 2 * dayMs, toMs: Date.now() + dayMs };
  return { conditions, sort, after: undefined, limit: limit + 1, window };
}

import { InvalidInputError, type TenantId } from '@chorda/kernel';
import pg from 'pg';
import { GatheredReads } from '../database/gathered-reads.js';
import { readAsTenant } from '../database/tenant-read.js';
import { withTenant, type ReadLimits } from '../database/with-tenant.js';
import { dayMs, partitionDays } from '../partitions/day-partitions.js';
import { decodeCursor, encodeCursor } from './list-cursor.js';
import {
  orderFields,
  parseSort,
  type ListCondition,
  type ListDefinition,
  type ListRequest,
  type Sort,
} from './list-definition.js';
import { ListStatement, type Window } from './list-statement.js';

/** A row as `pg` gives it, by field; `~<field>` is the exact text of a value that rows are ordered by. */
export type ListRow = Readonly<Record<string, unknown>>;

export interface ListPage<Row extends ListRow = ListRow> {
  readonly rows: readonly Row[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/** How many rows there are; `estimated` is what the planner expects of the conditions. */
export interface ListCount {
  readonly value: string;
  readonly kind: 'exact' | 'estimated';
}

export interface ListReaderOptions {
  /** Of one page. Default 5 s. */
  readonly statementTimeoutMs?: number;
  /** Of an exact count, after which the estimate is answered. Default 1 s. */
  readonly countTimeoutMs?: number;
}

interface Span {
  readonly oldestMs: number;
  /** One past the newest day. */
  readonly endMs: number;
}

const spanFreshMs = 60_000;
const firstWindowMs = 2 * dayMs;
const windowGrowth = 8;
const hourMs = 3_600_000;
const queryCanceled = '57014';

/** Reads any list as one tenant: by the reader role, under row-level security, within a time-out. */
export class ListReader {
  private readonly spans = new Map<string, { readonly asked: Promise<Span>; readonly sinceMs: number }>();
  private readonly limits: ReadLimits;
  private readonly countTimeoutMs: number;
  private readonly gathered: GatheredReads;

  constructor(
    private readonly pool: pg.Pool,
    { statementTimeoutMs = 5_000, countTimeoutMs = 1_000 }: ListReaderOptions = {},
  ) {
    this.limits = { statementTimeoutMs };
    this.countTimeoutMs = countTimeoutMs;
    this.gathered = new GatheredReads(pool);
  }

  /**
   * @throws {@link InvalidInputError} for a cursor that no page of this request came with, or a limit out of bounds.
   * `pg`'s 57014 when the page took longer than the time-out.
   */
  async page<Row extends ListRow = ListRow>(
    tenant: TenantId,
    definition: ListDefinition,
    request: ListRequest,
  ): Promise<ListPage<Row>> {
    const sort = request.sort ?? parseSort(definition, definition.defaultSort);
    const scope = { tenant, definition, request };
    const after = request.cursor === undefined ? undefined : decodeCursor(scope, sort, request.cursor);
    const limit = checkedLimit(definition, request.limit);
    // One more than asked for tells whether there is a next page.
    const rows = await this.rows<Row>(scope, { sort, after, limit: limit + 1 });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const values = last && orderFields(definition, sort).map((field) => String(last[`~${field}`]));
    return { rows: rows.slice(0, limit), nextCursor: values && encodeCursor(scope, sort, values) };
  }

  /** The row with this key, whole. */
  async one(
    tenant: TenantId,
    definition: ListDefinition,
    conditions: readonly ListCondition[],
  ): Promise<ListRow | undefined> {
    const statement = new ListStatement(definition, tenant, conditions).one();
    const [row] = await readAsTenant<ListRow>(this.pool, tenant, statement, this.limits);
    return row;
  }

  /** Exact where it can be counted within the time-out, else estimated: `kind` says which it is. */
  async count(
    tenant: TenantId,
    definition: ListDefinition,
    conditions: readonly ListCondition[],
    wanted: 'exact' | 'estimated',
  ): Promise<ListCount> {
    if (wanted === 'exact') {
      try {
        return await this.exactCount(tenant, definition, conditions);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError) || error.code !== queryCanceled) throw error;
      }
    }
    const statement = new ListStatement(definition, tenant, conditions).estimate();
    type Explained = { readonly 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] };
    const [row] = await readAsTenant<Explained>(this.pool, tenant, statement, this.limits);
    return { value: String(Math.round(row?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0)), kind: 'estimated' };
  }

  private async exactCount(
    tenant: TenantId,
    definition: ListDefinition,
    conditions: readonly ListCondition[],
  ): Promise<ListCount> {
    const statement = new ListStatement(definition, tenant, conditions).count();
    const limits = { statementTimeoutMs: this.countTimeoutMs };
    const [row] = await readAsTenant<{ count: string }>(this.pool, tenant, statement, limits);
    return { value: row?.count ?? '0', kind: 'exact' };
  }

  private async rows<Row extends ListRow>(
    { tenant, definition, request }: { tenant: TenantId; definition: ListDefinition; request: ListRequest },
    page: { readonly sort: Sort; readonly after: readonly string[] | undefined; readonly limit: number },
  ): Promise<readonly Row[]> {
    const read = async (window?: Window) => {
      const statement = new ListStatement(definition, tenant, request.conditions).page({ ...page, window });
      if (!statement.hasOnePlan) return readAsTenant<Row>(this.pool, tenant, statement, this.limits);
      return (await this.gathered.read(tenant, statement, this.limits)) as readonly Row[];
    };
    if (definition.dayPartitions === undefined) return read();
    const rows: Row[] = [];
    for (const window of windows(await this.reach(tenant, definition, request, page), page.sort)) {
      // Not what is left of the limit: each would be a statement, and a plan, of its own.
      rows.push(...(await read(window)));
      if (rows.length >= page.limit) break;
    }
    return rows;
  }

  /** What is left of the table's days behind the filter's bounds and the cursor. */
  private async reach(
    tenant: TenantId,
    definition: ListDefinition,
    { conditions }: ListRequest,
    { sort, after }: { readonly sort: Sort; readonly after: readonly string[] | undefined },
  ): Promise<Window> {
    const { field, tables } = definition.dayPartitions ?? { field: '', tables: '' };
    const span = await this.spanOf(tenant, tables);
    let { oldestMs: fromMs, endMs: toMs } = span;
    const raise = (ms: number) => (fromMs = Math.max(fromMs, ms));
    const lower = (ms: number) => (toMs = Math.min(toMs, ms));
    for (const { operator, values } of conditions.filter((each) => each.field === field)) {
      const ms = Date.parse(values[0] ?? '');
      if (operator === 'gt' || operator === 'gte' || operator === 'eq') raise(ms);
      if (operator === 'lt' || operator === 'lte' || operator === 'eq') lower(ms + 1);
    }
    const place = after?.[orderFields(definition, sort).indexOf(field)];
    if (place !== undefined) {
      // Postgres writes `2026-11-21 12:00:00.123456+00`; whole milliseconds around it hold it.
      const ms = Math.floor(Date.parse(place.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')));
      if (sort.isDescending) lower(ms + 1);
      else raise(ms);
    }
    return { fromMs, toMs };
  }

  /** Partitions come and go once a day, so what was read a minute ago is read no more often, and once for all who ask. */
  private async spanOf(tenant: TenantId, tables: string): Promise<Span> {
    const nowMs = Date.now();
    const known = this.spans.get(tables);
    if (known !== undefined && nowMs - known.sinceMs <= spanFreshMs) return known.asked;
    const asked = this.readSpan(tenant, tables, nowMs);
    this.spans.set(tables, { asked, sinceMs: nowMs });
    asked.catch(() => this.spans.delete(tables));
    return asked;
  }

  private async readSpan(tenant: TenantId, tables: string, nowMs: number): Promise<Span> {
    const days = await withTenant(this.pool, tenant, (tx) => partitionDays(tx, tables), this.limits);
    return { oldestMs: Math.min(nowMs - dayMs, ...days), endMs: Math.max(nowMs, ...days) + 2 * dayMs };
  }
}

/**
 * Windows that grow eightfold, from the end that the sort begins with: a list that finds its page in the first days, as
 * most do, never plans for a year of partitions, and a search for something rare needs two statements for two weeks and
 * four for a year. Days ahead have partitions and no rows, so the first window from the end reaches back from now: counted
 * from the last partition it would be empty, and every page one statement more.
 */
function* windows({ fromMs, toMs }: Window, { isDescending }: Sort): Generator<Window> {
  let [from, to] = [fromMs, toMs];
  for (let windowMs = firstWindowMs; from < to; windowMs *= windowGrowth) {
    if (isDescending) {
      // Reads of one hour ask for the same, and can be one.
      const nowMs = Math.floor(Date.now() / hourMs) * hourMs;
      const start = Math.max(from, Math.min(to, nowMs) - windowMs);
      yield { fromMs: start, toMs: to };
      to = start;
    } else {
      const end = Math.min(to, from + windowMs);
      yield { fromMs: from, toMs: end };
      from = end;
    }
  }
}

function checkedLimit({ pageSizeMax }: ListDefinition, limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= pageSizeMax) return limit;
  throw new InvalidInputError('Limit', [
    { pointer: '/limit', detail: `must be a whole number from 1 to ${pageSizeMax}` },
  ]);
}

import type { TenantId } from '@chorda/kernel';
import pg from 'pg';
import type { TenantStatement } from './tenant-batch.js';
import { readAsTenant, readParts, tenantPart } from './tenant-read.js';
import type { ReadLimits } from './with-tenant.js';

type Row = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly tenant: TenantId;
  readonly statement: TenantStatement;
  readonly limits: ReadLimits;
  readonly sinceMs: number;
  readonly rows: Promise<readonly Row[]>;
  readonly settle: (rows: readonly Row[]) => void;
  readonly fail: (error: unknown) => void;
}

/** Reads that leave in one write. More of them spare little, and the last waits for all before it. */
const groupMax = 8;
/** Groups under way: the pool has a few connections more, for what is not gathered. */
const groupsMax = 6;
/** Behind that many that wait longer, Postgres does not keep up: whoever asked has given up, or should. */
const waitMsMax = 5_000;

/** A read found no connection in time. The code is the one that Postgres has for that, and is answered like it. */
class NoConnectionError extends Error {
  readonly code = '53300';

  constructor() {
    super(`No connection came free within ${waitMsMax} ms`);
  }
}

/**
 * Short reads of one turn of the event loop leave together, up to eight in one write, and come back together: a page that
 * takes Postgres 0.1 ms costs both sides twice that in waking each other. Nothing waits for company: an idle gateway sends
 * a read at the end of the turn that it came in, and while all connections are busy those that come meanwhile are the next
 * group.
 *
 * - The same statement of the same tenant that has not left yet is read once for all who wait: what they get was read after
 *   each of them asked.
 * - Each read sets its own tenant before it. Where one of a group fails, each is read again alone, so that none fails for
 *   another's sake.
 *
 * For statements with one plan, which are short whatever their values are. Whoever asks bounds how many reads there are;
 * how long one waits is bounded here.
 */
export class GatheredReads {
  private readonly waiting = new Map<string, Waiting>();
  private groups = 0;
  private isDue = false;

  constructor(private readonly pool: pg.Pool) {}

  /** @returns Rows that others may have been given too. */
  read(tenant: TenantId, statement: TenantStatement, limits: ReadLimits): Promise<readonly Row[]> {
    const key = `${tenant} ${limits.statementTimeoutMs} ${statement.text} ${JSON.stringify(statement.parameters)}`;
    const same = this.waiting.get(key);
    if (same !== undefined) return same.rows;
    const { promise: rows, resolve: settle, reject: fail } = Promise.withResolvers<readonly Row[]>();
    this.waiting.set(key, { tenant, statement, limits, sinceMs: performance.now(), rows, settle, fail });
    this.sendSoon();
    return rows;
  }

  private sendSoon(): void {
    if (this.isDue || this.groups >= groupsMax) return;
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      while (this.waiting.size > 0 && this.groups < groupsMax) {
        const group = this.takeGroup();
        if (group.length > 0) void this.send(group);
      }
    });
  }

  private takeGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    for (const [key, each] of this.waiting) {
      this.waiting.delete(key);
      if (performance.now() - each.sinceMs > waitMsMax) each.fail(new NoConnectionError());
      else if (group.push(each) === groupMax) break;
    }
    return group;
  }

  private async send(group: readonly Waiting[]): Promise<void> {
    this.groups += 1;
    try {
      const parts = group.map(({ tenant, statement, limits }) => tenantPart(tenant, [statement], limits));
      const results = await readParts(this.pool, parts);
      group.forEach(({ settle }, index) => settle((results[index] ?? []) as readonly Row[]));
    } catch (error) {
      await this.readApart(group, error);
    } finally {
      this.groups -= 1;
      if (this.waiting.size > 0) this.sendSoon();
    }
  }

  /** A connection that was lost fails all; what the server refused was one read's, and nobody knows whose. */
  private async readApart(group: readonly Waiting[], error: unknown): Promise<void> {
    if (group.length === 1 || !(error instanceof pg.DatabaseError) || error.severity === 'FATAL') {
      for (const { fail } of group) fail(error);
      return;
    }
    const apart = group.map(({ tenant, statement, limits, settle, fail }) =>
      readAsTenant<Row>(this.pool, tenant, statement, limits).then(settle, fail),
    );
    await Promise.all(apart);
  }
}

import type { TenantId } from '@chorda/kernel';
import pg from 'pg';
import { readerRole } from '../migrations/reader-role.js';
import { preparedOf } from './prepared-statements.js';
import { TenantBatch, type TenantPart, type TenantRows, type TenantStatement } from './tenant-batch.js';
import type { ReadLimits } from './with-tenant.js';

/** The result columns of a statement changed under its plan: what is prepared is of a table that was replaced. */
const planOutdated = '0A000';

/** The rows of one statement, read as `readAllAsTenant` reads several. */
export async function readAsTenant<Row extends object>(
  pool: pg.Pool,
  tenant: TenantId,
  statement: TenantStatement,
  limits: ReadLimits = {},
): Promise<readonly Row[]> {
  const [rows] = await readAllAsTenant<[Row]>(pool, tenant, [statement], limits);
  return rows;
}

/** The rows of each statement, in their order. */
export type RowsOf<Rows extends readonly object[]> = { readonly [Index in keyof Rows]: readonly Rows[Index][] };

/**
 * Statements as one tenant, in one round trip: role, tenant, limits and statements leave in one write and are one implicit
 * transaction, which ends with the answer. Read-only, and bound by row-level security as `withTenant` is.
 *
 * Nothing has to be undone after it: what was set ends with that transaction, also where it fails, and a server that
 * refused to set the tenant skips the statements. `BEGIN`, the settings and `COMMIT` apart would each be waited for, and a
 * page that takes 0.3 ms of the server would take a busy process three turns.
 */
export async function readAllAsTenant<Rows extends readonly object[]>(
  pool: pg.Pool,
  tenant: TenantId,
  statements: { readonly [Index in keyof Rows]: TenantStatement },
  limits: ReadLimits = {},
): Promise<RowsOf<Rows>> {
  const results = await readParts(pool, [tenantPart(tenant, statements, limits)]);
  return results as RowsOf<Rows>;
}

export function tenantPart(
  tenant: TenantId,
  statements: readonly TenantStatement[],
  { statementTimeoutMs }: ReadLimits,
): TenantPart {
  return { role: readerRole, tenant, statementTimeoutMs, statements };
}

/** Parts of several tenants, one behind the other in one transaction: where one fails, all do. */
export async function readParts(pool: pg.Pool, parts: readonly TenantPart[]): Promise<TenantRows> {
  const client = await pool.connect();
  let broken = true;
  try {
    const results = await read(client, parts);
    broken = false;
    return results;
  } catch (error) {
    // The server has ended the transaction, and with it role and tenant, before it said so.
    broken = !(error instanceof pg.DatabaseError) || error.severity === 'FATAL';
    throw error;
  } finally {
    client.release(broken);
  }
}

async function read(client: pg.PoolClient, parts: readonly TenantPart[]): Promise<TenantRows> {
  const prepared = preparedOf(client);
  const send = () =>
    new Promise<TenantRows>((resolve, reject) => {
      client.query(new TenantBatch(parts, prepared, resolve, reject));
    });
  try {
    return await send();
  } catch (error) {
    prepared.forgetAll();
    if (!(error instanceof pg.DatabaseError) || error.code !== planOutdated) throw error;
    return send();
  }
}

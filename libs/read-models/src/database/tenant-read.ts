import type { TenantId } from '@chorda/kernel';
import pg from 'pg';
import { readerRole } from '../migrations/reader-role.js';
import { preparedOf } from './prepared-statements.js';
import { TenantBatch, type TenantStatement } from './tenant-batch.js';
import type { ReadLimits } from './with-tenant.js';

/** The result columns of a statement changed under its plan: what is prepared is of a table that was replaced. */
const planOutdated = '0A000';

/**
 * One statement as one tenant, in one round trip: role, tenant, limits and statement leave in one write and are one
 * implicit transaction, which ends with the answer. Read-only, and bound by row-level security as `withTenant` is.
 *
 * Nothing has to be undone after it: what was set ends with that transaction, also where it fails, and a server that
 * refused to set the tenant skips the statement. `BEGIN`, the settings and `COMMIT` apart would each be waited for, and a
 * page that takes 0.3 ms of the server would take a busy process three turns.
 */
export async function readAsTenant<Row extends object>(
  pool: pg.Pool,
  tenant: TenantId,
  statement: TenantStatement,
  limits: ReadLimits = {},
): Promise<readonly Row[]> {
  const client = await pool.connect();
  let broken = true;
  try {
    const rows = await read<Row>(client, tenant, statement, limits);
    broken = false;
    return rows;
  } catch (error) {
    // The server has ended the transaction, and with it role and tenant, before it said so.
    broken = !(error instanceof pg.DatabaseError) || error.severity === 'FATAL';
    throw error;
  } finally {
    client.release(broken);
  }
}

async function read<Row extends object>(
  client: pg.PoolClient,
  tenant: TenantId,
  statement: TenantStatement,
  { statementTimeoutMs }: ReadLimits,
): Promise<readonly Row[]> {
  const prepared = preparedOf(client);
  const send = () =>
    new Promise<readonly Row[]>((resolve, reject) => {
      const scope = { role: readerRole, tenant, statementTimeoutMs };
      client.query(new TenantBatch<Row>(scope, statement, prepared, resolve, reject));
    });
  try {
    return await send();
  } catch (error) {
    prepared.forgetAll();
    if (!(error instanceof pg.DatabaseError) || error.code !== planOutdated) throw error;
    return send();
  }
}

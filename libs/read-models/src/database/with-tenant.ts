import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { readerRole } from '../migrations/reader-role.js';
import { isUnanswered } from './is-database-away.js';

export interface ReadLimits {
  /** The server cancels a statement that takes longer (57014). Default: that of the pool. */
  readonly statementTimeoutMs?: number;
}

/**
 * Runs `read` in a read-only transaction as the reader role, which row-level security binds, with `tenant` set for
 * this transaction alone: the connection goes back to the pool with neither.
 */
export async function withTenant<Result>(
  pool: pg.Pool,
  tenant: TenantId,
  read: (tx: pg.PoolClient) => Promise<Result>,
  limits: ReadLimits = {},
): Promise<Result> {
  return asReader(pool, tenant, read, limits);
}

/** The same without a tenant: tenants' tables show no rows. For tables that belong to no tenant. */
export async function withoutTenant<Result>(
  pool: pg.Pool,
  read: (tx: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return asReader(pool, '', read, {});
}

async function asReader<Result>(
  pool: pg.Pool,
  tenant: string,
  read: (tx: pg.PoolClient) => Promise<Result>,
  { statementTimeoutMs }: ReadLimits,
): Promise<Result> {
  const tx = await pool.connect();
  let broken = true;
  try {
    // One round trip. The tenant is a checked id, so it needs no quoting beyond this guard.
    const settings = [`SET LOCAL ROLE ${readerRole}`, `SET LOCAL chorda.tenant_id TO '${quoted(tenant)}'`];
    if (statementTimeoutMs !== undefined)
      settings.push(`SET LOCAL statement_timeout TO ${Math.ceil(statementTimeoutMs)}`);
    await tx.query(`BEGIN READ ONLY; ${settings.join('; ')}`);
    try {
      const result = await read(tx);
      await tx.query('COMMIT');
      broken = false;
      return result;
    } catch (error) {
      // Whoever waits would wait as long again.
      if (isUnanswered(error)) throw error;
      await tx.query('ROLLBACK');
      broken = false;
      throw error;
    }
  } finally {
    // A connection that could not end its transaction may still hold the role: it is closed, not given back.
    tx.release(broken);
  }
}

function quoted(tenant: string): string {
  if (!/^[a-z0-9-]{0,63}$/.test(tenant)) throw new TypeError('Not a tenant id');
  return tenant;
}

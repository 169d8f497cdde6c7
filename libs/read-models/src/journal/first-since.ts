import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { withTenant } from '../database/with-tenant.js';

export interface FirstPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** The first entry of the tenant in each partition that the log recorded at or after `fromMs`; none: it has none there. */
export async function firstSince(pool: pg.Pool, tenant: TenantId, fromMs: number): Promise<readonly FirstPlace[]> {
  return withTenant(pool, tenant, async (tx) => {
    const { rows } = await tx.query<{ topic: string; partition: number; offset: string }>(
      `SELECT topic, partition, min("offset") AS "offset" FROM journal
       WHERE tenant_id = $1 AND record_time >= $2::timestamptz GROUP BY topic, partition`,
      [tenant, new Date(fromMs).toISOString()],
    );
    return rows.map(({ offset, ...place }) => ({ ...place, offset: BigInt(offset) }));
  });
}

import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { readAsTenant } from '../database/tenant-read.js';

export interface FirstPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** The first entry of the tenant in each partition that the log recorded at or after `fromMs`; none: it has none there. */
export async function firstSince(pool: pg.Pool, tenant: TenantId, fromMs: number): Promise<readonly FirstPlace[]> {
  const rows = await readAsTenant<{ topic: string; partition: number; offset: string }>(pool, tenant, {
    text: `SELECT topic, partition, min("offset") AS "offset" FROM journal
       WHERE tenant_id = $1 AND record_time >= $2::timestamptz GROUP BY topic, partition`,
    parameters: [tenant, new Date(fromMs).toISOString()],
  });
  return rows.map(({ offset, ...place }) => ({ ...place, offset: BigInt(offset) }));
}

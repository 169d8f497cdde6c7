import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { withTenant } from '../database/with-tenant.js';

/** Events of one topic in one minute; counts are decimal text. */
export interface TopicMinute {
  readonly topic: string;
  readonly minute: Date;
  readonly events: string;
  readonly bytes: string;
}

export interface TypeTotal {
  readonly topic: string;
  readonly type: string;
  readonly events: string;
  readonly bytes: string;
}

/** How many events came, as one tenant. */
export class RatesRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly statementTimeoutMs = 5_000,
  ) {}

  /** Minutes of record time from `fromMs` on, oldest first; minutes without events are left out. */
  async since(
    tenant: TenantId,
    fromMs: number,
  ): Promise<{ readonly minutes: readonly TopicMinute[]; readonly types: readonly TypeTotal[] }> {
    const parameters = [tenant, new Date(fromMs)];
    const where = 'tenant_id = $1 AND minute >= $2';
    return withTenant(
      this.pool,
      tenant,
      async (tx) => {
        const minutes = await tx.query<TopicMinute>(
          `SELECT topic, minute, sum(events)::text AS events, sum(bytes)::text AS bytes FROM rates
           WHERE ${where} GROUP BY topic, minute ORDER BY minute, topic`,
          parameters,
        );
        const types = await tx.query<TypeTotal>(
          `SELECT topic, type, sum(events)::text AS events, sum(bytes)::text AS bytes FROM rates
           WHERE ${where} GROUP BY topic, type ORDER BY topic, type`,
          parameters,
        );
        return { minutes: minutes.rows, types: types.rows };
      },
      { statementTimeoutMs: this.statementTimeoutMs },
    );
  }
}

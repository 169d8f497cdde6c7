import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { readAllAsTenant } from '../database/tenant-read.js';

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
    const sums = 'sum(events)::text AS events, sum(bytes)::text AS bytes';
    const statements = [
      {
        text: `SELECT topic, minute, ${sums} FROM rates WHERE ${where} GROUP BY topic, minute ORDER BY minute, topic`,
        parameters,
      },
      {
        text: `SELECT topic, type, ${sums} FROM rates WHERE ${where} GROUP BY topic, type ORDER BY topic, type`,
        parameters,
      },
    ] as const;
    const limits = { statementTimeoutMs: this.statementTimeoutMs };
    const [minutes, types] = await readAllAsTenant<[TopicMinute, TypeTotal]>(this.pool, tenant, statements, limits);
    return { minutes, types };
  }
}

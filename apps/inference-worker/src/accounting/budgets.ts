import type { TenantId } from '@chorda/kernel';
import type { BudgetLimit } from '@chorda/read-models';
import { z } from 'zod';

export const budgetSchema = z
  .strictObject({
    tenant: z.string().regex(/^[a-z0-9-]{1,63}$/),
    /** One agent of the tenant, `*` for each of them; left out: all that the tenant does. */
    agent: z.string().min(1).max(256).optional(),
    usd_per_day: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9})?$/)
      .optional(),
    tokens_per_day: z.int().min(0).optional(),
  })
  .refine(({ usd_per_day: usd, tokens_per_day: tokens }) => usd !== undefined || tokens !== undefined, {
    error: 'must name usd_per_day, tokens_per_day or both',
  });

export type Budget = z.infer<typeof budgetSchema>;

/** Which limits a request is under. */
export class Budgets {
  private readonly limits = new Map<string, BudgetLimit>();

  constructor(budgets: readonly Budget[]) {
    for (const { tenant, agent, usd_per_day: costUsd, tokens_per_day: tokens } of budgets) {
      this.limits.set(`${tenant}/${agent ?? ''}`, { costUsd, tokens });
    }
  }

  ofTenant(tenantId: TenantId): BudgetLimit | undefined {
    return this.limits.get(`${tenantId}/`);
  }

  /** The agent's own goes before that of every agent. */
  ofAgent(tenantId: TenantId, agentId: string | null): BudgetLimit | undefined {
    if (agentId === null) return undefined;
    return this.limits.get(`${tenantId}/${agentId}`) ?? this.limits.get(`${tenantId}/*`);
  }
}

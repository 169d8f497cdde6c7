import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { readAllAsTenant } from '../database/tenant-read.js';

/** What usage can be summed by; none sums all of the tenant. */
export const usageGroups = ['agent', 'workflow', 'provider', 'model', 'hour', 'day'] as const;
export type UsageGroup = (typeof usageGroups)[number];

export interface UsageQuery {
  readonly groupBy: readonly UsageGroup[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly agentId?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** Groups that are answered at most. */
  readonly limit: number;
}

/** Sums of a group: decimal text, exact. The members that it is grouped by stand first. */
export type UsageSums = Readonly<Record<string, string | Date | null>>;

export interface UsageAnswer {
  readonly groups: readonly UsageSums[];
  readonly total: UsageSums;
  /** There are more groups than were asked for. */
  readonly isTruncated: boolean;
}

const sums = [
  'attempts',
  'attempts_completed',
  'attempts_failed',
  'attempts_cancelled',
  'attempts_superseded',
  'attempts_estimated',
  'prompt_tokens',
  'cached_prompt_tokens',
  'completion_tokens',
  'cost_usd',
  'duration_ms',
] as const;

/** An amount without zeros behind it, so that equal amounts are equal texts. */
const sumTexts = sums.map((name) => `trim_scale(coalesce(sum(${name}), 0))::text AS ${name}`).join(', ');

const columnsOf: Readonly<Record<UsageGroup, readonly [expression: string, name: string]>> = {
  agent: ['agent_id', 'agent_id'],
  workflow: ['workflow_id', 'workflow_id'],
  provider: ['provider', 'provider'],
  model: ['model', 'model'],
  hour: ['hour', 'hour'],
  day: [`date_trunc('day', hour, 'UTC')`, 'day'],
};

/** Model calls as one tenant's sums. */
export class UsageRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly statementTimeoutMs = 5_000,
  ) {}

  /** Groups of times in their order, then the dearest first. */
  async sums(tenant: TenantId, query: UsageQuery): Promise<UsageAnswer> {
    const parameters: unknown[] = [tenant, new Date(query.fromMs), new Date(query.toMs)];
    const conditions = ['tenant_id = $1', 'hour >= $2', 'hour < $3'];
    const filters = {
      agent_id: query.agentId,
      workflow_id: query.workflowId,
      provider: query.provider,
      model: query.model,
    };
    for (const [column, value] of Object.entries(filters)) {
      if (value !== undefined) conditions.push(`${column} = $${parameters.push(value)}`);
    }
    const where = conditions.join(' AND ');
    const groups = query.groupBy.map((group) => columnsOf[group]);
    const shown = groups.map(([expression, name]) => `${expression} AS ${name}`);
    const times = groups.flatMap(([expression, name]) => (name === 'hour' || name === 'day' ? [expression] : []));
    const rest = groups.map(([expression]) => expression).filter((expression) => !times.includes(expression));
    const order = [...times, 'sum(cost_usd) DESC', ...rest].join(', ');
    const grouped =
      groups.length === 0
        ? undefined
        : `SELECT ${shown.join(', ')}, ${sumTexts} FROM usage WHERE ${where}
           GROUP BY ${groups.map(([expression]) => expression).join(', ')} ORDER BY ${order} LIMIT ${query.limit + 1}`;
    const texts = [`SELECT ${sumTexts} FROM usage WHERE ${where}`, ...(grouped === undefined ? [] : [grouped])];
    const statements = texts.map((text) => ({ text, parameters }));
    const limits = { statementTimeoutMs: this.statementTimeoutMs };
    const [total = [], found = total] = await readAllAsTenant<UsageSums[]>(this.pool, tenant, statements, limits);
    return {
      groups: found.slice(0, query.limit),
      total: total[0] ?? {},
      isTruncated: found.length > query.limit,
    };
  }
}

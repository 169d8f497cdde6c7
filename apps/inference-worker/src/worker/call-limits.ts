import type { Reserve } from '@chorda/read-models';
import type { Budgets } from '../accounting/budgets.js';
import { dollars, nanodollars, type Prices } from '../accounting/prices.js';
import { failures } from './failures.js';
import type { Failure } from '../outcomes/outcome-events.js';
import type { Asked, Job } from './job.js';

export interface CallLimits {
  /** Tokens that may be generated; undefined: nobody has set a bound. */
  readonly completionTokensMax: number | undefined;
  /** Undefined: no budget counts the call. */
  readonly reserve: Reserve | undefined;
}

export interface LimitParts {
  readonly prices: Prices;
  readonly budgets: Budgets;
  /** Reserved for an answer that nobody has bounded. */
  readonly completionTokensReserved: number;
}

/** What a call may cost by the request's own limits, and what is reserved of the budgets that it is under. */
export function limitsOf(
  job: Job,
  asked: Asked,
  model: string,
  nowMs: number,
  parts: LimitParts,
): CallLimits | Failure {
  const completion = ownLimit(job, asked, model, nowMs, parts);
  if (typeof completion === 'string') return failures.overLimit(completion);
  const completionTokensMax = Number.isFinite(completion) ? Math.floor(completion) : undefined;
  return { completionTokensMax, reserve: reserveOf(job, asked, model, nowMs, completionTokensMax, parts) };
}

/** Tokens that may be generated; the name of the limit where none may. */
function ownLimit(job: Job, asked: Asked, model: string, nowMs: number, { prices }: LimitParts): number | string {
  const { tokens_max: tokensMax, cost_usd_max: costMax } = job.data;
  const wanted = asked.completionTokensMax ?? Number.POSITIVE_INFINITY;
  const least = asked.operation === 'embedding' ? 0 : 1;
  const byTokens = tokensMax === null ? wanted : (tokensMax - job.usedTokens - asked.promptTokens) / asked.sequences;
  if (byTokens < least) return 'tokens_max';
  if (costMax === null) return Math.min(wanted, byTokens);
  const costOf = (promptTokens: number, completionTokens: number) =>
    nanodollars(prices.costOf(model, { promptTokens, cachedPromptTokens: 0, completionTokens }, nowMs).usd);
  const left = nanodollars(costMax) - job.usedNanodollars - costOf(asked.promptTokens, 0);
  if (left < 0n) return 'cost_usd_max';
  const ofMillion = costOf(0, 1_000_000);
  if (ofMillion === 0n) return Math.min(wanted, byTokens);
  const byCost = Number((left * 1_000_000n) / ofMillion) / asked.sequences;
  return byCost < least ? 'cost_usd_max' : Math.min(wanted, byTokens, byCost);
}

function reserveOf(
  job: Job,
  asked: Asked,
  model: string,
  nowMs: number,
  completionTokensMax: number | undefined,
  { prices, budgets, completionTokensReserved }: LimitParts,
): Reserve | undefined {
  const { tenantId } = job;
  const { agent_id: agentId } = job.data;
  const [tenantLimit, agentLimit] = [budgets.ofTenant(tenantId), budgets.ofAgent(tenantId, agentId)];
  if (tenantLimit === undefined && agentLimit === undefined) return undefined;
  const completionTokens =
    asked.operation === 'embedding' ? 0 : (completionTokensMax ?? completionTokensReserved) * asked.sequences;
  const usage = { promptTokens: asked.promptTokens, cachedPromptTokens: 0, completionTokens };
  return {
    day: new Date(nowMs).toISOString().slice(0, 10),
    agentId: agentId ?? undefined,
    costUsd: dollars(nanodollars(prices.costOf(model, usage, nowMs).usd)),
    tokens: usage.promptTokens + completionTokens,
    tenantLimit,
    agentLimit,
  };
}

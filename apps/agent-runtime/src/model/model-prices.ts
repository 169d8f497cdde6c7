import { z } from 'zod';
import type { ModelUsage } from './model-port.js';

/** US dollars for a million tokens, exact: at most six digits behind the point. */
const price = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, { error: 'must be a decimal with at most six digits behind the point' });

export const priceSchema = z.strictObject({
  prompt: price,
  /** Of tokens from a prefix cache; left out: as `prompt`. */
  cached_prompt: price.optional(),
  completion: price,
});

export type ModelPrices = Readonly<Record<string, z.infer<typeof priceSchema>>>;

const microsPerDollar = 1_000_000n;

/** What an answer cost, to a billionth of a dollar, rounded up; null where the model has no price. */
export function costOf(prices: ModelPrices, model: string, usage: ModelUsage): string | null {
  const known = Object.hasOwn(prices, model) ? prices[model] : undefined;
  if (known === undefined) return null;
  const cached = BigInt(Math.min(usage.cachedPromptTokens, usage.promptTokens));
  const picodollars =
    (BigInt(usage.promptTokens) - cached) * micros(known.prompt) +
    cached * micros(known.cached_prompt ?? known.prompt) +
    BigInt(usage.completionTokens) * micros(known.completion);
  const nanodollars = (picodollars + 999n) / 1_000n;
  const whole = nanodollars / 1_000_000_000n;
  const rest = (nanodollars % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return rest === '' ? whole.toString() : `${whole}.${rest}`;
}

function micros(text: string): bigint {
  const [whole = '0', rest = ''] = text.split('.');
  return BigInt(whole) * microsPerDollar + BigInt(rest.padEnd(6, '0'));
}

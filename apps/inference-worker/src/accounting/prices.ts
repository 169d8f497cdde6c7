import { z } from 'zod';
import type { Usage } from '../calls/answer-assembly.js';

/** US dollars for a million tokens, exact: at most six digits behind the point. */
const price = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, { error: 'must be a decimal with at most six digits behind the point' });

const modelPrice = z.strictObject({
  prompt: price,
  /** Of tokens from a prefix cache; left out: as `prompt`. */
  cached_prompt: price.optional(),
  completion: price,
});

export const modelPrices = z.record(z.string().min(1).max(200), modelPrice);

export const priceListSchema = z
  .strictObject({
    version: z.string().min(1).max(100),
    /** From when on it counts. */
    from: z.iso.datetime({ offset: true }),
    models: modelPrices,
  })
  .transform((list) => ({ ...list, fromMs: Date.parse(list.from) }));

export type PriceList = z.infer<typeof priceListSchema>;

export interface Cost {
  /** Exact decimal, to a billionth of a dollar, rounded up. */
  readonly usd: string;
  /** Undefined: the model has no price, and costs nothing that anybody knows of. */
  readonly version: string | undefined;
}

const nanosPerDollar = 1_000_000_000n;
const microsPerDollar = 1_000_000n;

/** What attempts cost, by the list that counted when they were made. */
export class Prices {
  private readonly lists: readonly PriceList[];

  constructor(lists: readonly PriceList[]) {
    this.lists = [...lists].sort((one, other) => other.fromMs - one.fromMs);
  }

  costOf(model: string, usage: Usage, atMs: number): Cost {
    const list = this.lists.find(({ fromMs, models }) => fromMs <= atMs && Object.hasOwn(models, model));
    const known = list?.models[model];
    if (!list || !known) return { usd: '0', version: undefined };
    const cached = BigInt(Math.min(usage.cachedPromptTokens, usage.promptTokens));
    const picodollars =
      (BigInt(usage.promptTokens) - cached) * micros(known.prompt) +
      cached * micros(known.cached_prompt ?? known.prompt) +
      BigInt(usage.completionTokens) * micros(known.completion);
    return { usd: dollars((picodollars + 999n) / 1_000n), version: list.version };
  }
}

/** @param usd Exact decimal with at most nine digits behind the point. */
export function nanodollars(usd: string): bigint {
  return scaled(usd, 9, nanosPerDollar);
}

export function dollars(nanos: bigint): string {
  const whole = nanos / nanosPerDollar;
  const rest = (nanos % nanosPerDollar).toString().padStart(9, '0').replace(/0+$/, '');
  return rest === '' ? whole.toString() : `${whole}.${rest}`;
}

function micros(text: string): bigint {
  return scaled(text, 6, microsPerDollar);
}

function scaled(text: string, digits: number, scale: bigint): bigint {
  const [whole = '0', rest = ''] = text.split('.');
  return BigInt(whole) * scale + BigInt(rest.padEnd(digits, '0').slice(0, digits));
}

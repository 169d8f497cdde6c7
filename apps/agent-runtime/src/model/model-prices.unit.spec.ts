import { expect, it } from 'vitest';
import { costOf, type ModelPrices } from './model-prices.js';

const prices: ModelPrices = {
  small: { prompt: '0.15', cached_prompt: '0.075', completion: '0.6' },
  odd: { prompt: '0.000001', completion: '3' },
};
const usage = (promptTokens: number, cachedPromptTokens: number, completionTokens: number) => ({
  promptTokens,
  cachedPromptTokens,
  completionTokens,
});

it.each([
  ['small', usage(1_000_000, 0, 1_000_000), '0.75'],
  ['small', usage(1_000, 400, 10), '0.000126'],
  ['small', usage(0, 0, 0), '0'],
  ['odd', usage(1, 0, 0), '0.000000001'],
  ['odd', usage(1, 1, 0), '0.000000001'],
  ['odd', usage(0, 0, 2_000_000_000), '6000'],
  ['unknown', usage(1, 0, 1), null],
  ['constructor', usage(1, 0, 1), null],
])('an answer of %s costs, exactly and rounded up', (model, used, cost) => {
  expect(costOf(prices, model, used)).toBe(cost);
});

import { tenantId } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { readInferenceWorkerEnv } from '../inference-worker.env.js';
import { readServerLoad } from '../replicas/server-load.js';
import { Budgets } from './budgets.js';
import { dollars, nanodollars, priceListSchema, Prices } from './prices.js';

const list = (version: string, from: string, prompt: string) =>
  priceListSchema.parse({ version, from, models: { m: { prompt, cached_prompt: '0.5', completion: '3' } } });

describe('a price', () => {
  const prices = new Prices([list('new', '2026-06-01T00:00:00Z', '2'), list('old', '2026-01-01T00:00:00Z', '1')]);
  const usage = { promptTokens: 1_000, cachedPromptTokens: 400, completionTokens: 10 };

  it('is that of the list which counted when the call was made', () => {
    expect(prices.costOf('m', usage, Date.parse('2026-05-31T23:59:59Z'))).toEqual({ usd: '0.00083', version: 'old' });
    expect(prices.costOf('m', usage, Date.parse('2026-06-01T00:00:00Z'))).toEqual({ usd: '0.00143', version: 'new' });
    expect(prices.costOf('m', usage, 0)).toEqual({ usd: '0', version: undefined });
    expect(prices.costOf('other', usage, Date.now())).toEqual({ usd: '0', version: undefined });
  });

  it('is that of the settings of agents where no list has one: what a turn reserved by is what it costs', () => {
    const { prices: lists } = readInferenceWorkerEnv({
      ...{
        KAFKA_BROKERS: 'localhost:1',
        SCHEMA_REGISTRY_URL: 'http://localhost:1',
        DATABASE_URL: 'postgres://localhost',
      },
      CHORDA_MODEL_PRICES: '{"m": {"prompt": "1", "completion": "3"}}',
    });
    const version = 'CHORDA_MODEL_PRICES';
    expect(new Prices(lists).costOf('m', usage, Date.now())).toEqual({ usd: '0.00103', version });
    const both = new Prices([...lists, list('of the file', '2026-01-01T00:00:00Z', '1')]);
    expect(both.costOf('m', usage, Date.parse('2026-02-01T00:00:00Z')).version).toBe('of the file');
    expect(() => readInferenceWorkerEnv({ CHORDA_MODEL_PRICES: '{"m": 1}' })).toThrow(
      'CHORDA_MODEL_PRICES must be JSON',
    );
  });

  it('is exact', () => {
    expect(dollars(nanodollars('12345678.000000001'))).toBe('12345678.000000001');
    expect(dollars(nanodollars('0.1') + nanodollars('0.2'))).toBe('0.3');
  });
});

it('puts an agent under its own budget, else under that of every agent', () => {
  const budgets = new Budgets([
    { tenant: 'a', usd_per_day: '5' },
    { tenant: 'a', agent: '*', tokens_per_day: 10 },
    { tenant: 'a', agent: 'x', tokens_per_day: 20 },
  ]);
  const [a, b] = [tenantId('a'), tenantId('b')];
  expect(budgets.ofTenant(a)).toEqual({ costUsd: '5', tokens: undefined });
  expect([budgets.ofAgent(a, 'x')?.tokens, budgets.ofAgent(a, 'y')?.tokens, budgets.ofAgent(a, null)]).toEqual([
    20,
    10,
    undefined,
  ]);
  expect([budgets.ofTenant(b), budgets.ofAgent(b, 'x')]).toEqual([undefined, undefined]);
});

describe('the load of a server', () => {
  const page = `# HELP vllm:num_requests_running x
vllm:num_requests_running{engine="0",model_name="tiny"} 8.0
vllm:num_requests_running{engine="1",model_name="tiny"} 2.0
vllm:num_requests_running{engine="0",model_name="other"} 99.0
vllm:num_requests_waiting{engine="0",model_name="tiny"} 12.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="tiny",reason="capacity"} 12.0
vllm:gpu_cache_usage_perc{engine="0",model_name="tiny"} 0.25
vllm:num_preemptions_total{engine="0",model_name="tiny"} 3.0
`;

  it('is read for one model, all engines together, under newer and older names', () => {
    expect(readServerLoad(page, 'tiny')).toEqual({ running: 10, waiting: 12, kvUsage: 0.25, preemptions: 3 });
  });

  it('is unknown where the server does not tell it', () => {
    expect(readServerLoad(page, 'absent')).toBeUndefined();
    expect(readServerLoad('other_metric 1\n', 'tiny')).toBeUndefined();
  });
});

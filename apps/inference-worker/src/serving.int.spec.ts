import type { inference } from '@chorda/contracts';
import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InferenceGround, type Ask } from './test-support/inference-ground.js';

type Usage = inference.UsageRecorded['data'];

let ground: InferenceGround;
let simulator: ModelSimulator;
let worker: Awaited<ReturnType<InferenceGround['worker']>>;
const slots = 16;

beforeAll(async () => {
  ground = await InferenceGround.open(inject('stack'));
  simulator = await startModelSimulator({ engine: { slots, tokenMs: 20, prefillMs: 0, prefillTokenMs: 0 } });
  worker = await ground.worker([simulator.url]);
});

afterAll(async () => {
  await worker?.app.stop();
  await simulator?.stop();
  await ground?.close();
});

const asks = (count: number, asked: Ask) =>
  Promise.all(
    Array.from({ length: count }, (_, index) => ground.ask({ session: `${asked.tenant}-${index}`, ...asked })),
  );

async function usages(ids: readonly string[]): Promise<readonly Usage[]> {
  await ground.outcomes(ids, 60_000);
  await ground.until(() => ids.every((id) => ground.usageOf(id).length > 0));
  return ids
    .flatMap((id) => ground.usageOf(id))
    .sort((one, other) => Number(one.dispatched_at) - Number(other.dispatched_at));
}

const input = (words: number, tokens: number) => ({
  messages: [{ role: 'user', content: 'word '.repeat(words) }],
  ...{ min_tokens: tokens, max_tokens: tokens },
});

const windowOf = async () => {
  const metric = await worker.metrics.getSingleMetric('chorda_inference_window_sequences')?.get();
  return metric?.values[0]?.value ?? 0;
};

async function setSlots(count: number): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await fetch(`${simulator.url}/simulator/settings`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({ slots: count }),
  });
}

describe('while more wait than there is room for', () => {
  it('a request of high priority goes past those that wait', { timeout: 90_000 }, async () => {
    const low = await asks(200, { priority: 'low', input: input(10, 20) });
    await ground.until(() => low.filter((id) => ground.usageOf(id).length > 0).length > 20);
    const high = await asks(8, { priority: 'high', input: input(10, 20) });
    const served = await usages([...low, ...high]);
    for (const id of high) {
      const own = served.find(({ request_id: of }) => of === id)!;
      const before = served.filter(
        ({ request_id: of, dispatched_at: at }) =>
          !high.includes(of) && Number(at) > Number(own.fetched_at) && Number(at) < Number(own.dispatched_at),
      );
      // At most what had been chosen by then and was being begun.
      expect(before.length).toBeLessThanOrEqual(slots);
    }
  });

  it('two tenants get equal tokens, one with prompts ten times as long', { timeout: 90_000 }, async () => {
    const [long, short] = await Promise.all([
      asks(60, { tenant: 'long', input: input(500, 15) }),
      asks(400, { tenant: 'short', input: input(50, 15) }),
    ]);
    const served = await usages([...long, ...short]);
    // While both wait: from the first of both to the last of either.
    const isLong = ({ request_id: of }: Usage) => long.includes(of);
    const ends = [served.findLastIndex(isLong), served.findLastIndex((usage) => !isLong(usage))];
    const begins = [served.findIndex(isLong), served.findIndex((usage) => !isLong(usage))];
    const both = served.slice(Math.max(...begins), Math.min(...ends));
    const tokens = (of: readonly Usage[]) =>
      of.reduce((sum, { prompt_tokens: prompt, completion_tokens: answer }) => sum + prompt + answer, 0);
    const share = tokens(both.filter(isLong)) / tokens(both);
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.65);
  });

  it('the window follows the slots of the server, down and up', { timeout: 120_000 }, async () => {
    const ids = await asks(900, { input: input(5, 10) });
    await ground.until(async () => (await windowOf()) >= slots - 1, 60_000);
    await setSlots(slots / 2);
    await ground.until(async () => (await windowOf()) <= slots / 2 + 2, 60_000);
    await setSlots(slots);
    await ground.until(async () => (await windowOf()) >= slots - 1, 60_000);
    await ground.outcomes(ids, 90_000);
  });
});

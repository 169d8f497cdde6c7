import type { inference } from '@chorda/contracts';
import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InferenceGround, type Ask } from './test-support/inference-ground.js';

type Usage = inference.UsageRecorded['data'];

let ground: InferenceGround;
let simulator: ModelSimulator;
let worker: Awaited<ReturnType<InferenceGround['worker']>>;
const slots = 16;
/** A machine with much else to do is slow, and not wrong. */
const patientMs = 120_000;
/** With it nothing ends while something is prepared, and yet no call is silent for so long that it is given up. */
const heldTokenMs = 20_000;

beforeAll(async () => {
  ground = await InferenceGround.open(inject('stack'));
  simulator = await startModelSimulator({
    engine: { slots, tokenMs: heldTokenMs, prefillMs: 0, prefillTokenMs: 0 },
  });
  worker = await ground.worker([simulator.url]);
});

afterAll(async () => {
  await worker?.app.stop();
  await simulator?.stop();
  await ground?.close();
});

const asks = (count: number, asked: Ask, words = 10, tokens = 20) =>
  Promise.all(
    Array.from({ length: count }, (_, index) => {
      const session = `${asked.tenant}-${index}`;
      return ground.ask({ session, deadlineMs: 600_000, input: input(index, words, tokens), ...asked });
    }),
  );

async function serve(changed: { readonly slots?: number; readonly token_ms?: number }): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(changed);
  await fetch(`${simulator.url}/simulator/settings`, { method: 'PATCH', headers, body });
}

const valuesOf = async (name: string) => {
  const metric = await worker.metrics.getSingleMetric(name)?.get();
  return metric?.values.map(({ value }) => value) ?? [];
};

/** How quickly anybody reads must not matter: nothing is answered until the worker has read all that was asked. */
async function whileHeld(ask: () => Promise<readonly string[]>): Promise<void> {
  await serve({ token_ms: heldTokenMs });
  const ids = await ask();
  await ground.until(async () => {
    const open = ids.filter((id) => ground.outcomesOf(id).length === 0).length;
    const buffered = await valuesOf('chorda_inference_buffered_requests');
    return buffered.reduce((sum, value) => sum + value, 0) >= open;
  }, patientMs);
  await serve({ token_ms: 10 });
}

async function usages(ids: readonly string[]): Promise<readonly Usage[]> {
  await ground.outcomes(ids, patientMs);
  await ground.until(() => ids.every((id) => ground.usageOf(id).length > 0), patientMs);
  return ids
    .flatMap((id) => ground.usageOf(id))
    .sort((one, other) => Number(one.dispatched_at) - Number(other.dispatched_at));
}

/** Unlike any other from its beginning on, so that no cache makes it cheaper. */
const input = (index: number, words: number, tokens: number) => ({
  messages: [{ role: 'user', content: `${index} `.repeat(words) }],
  ...{ min_tokens: tokens, max_tokens: tokens },
});

const windowOf = async () => (await valuesOf('chorda_inference_window_sequences'))[0] ?? 0;

describe('while more wait than there is room for', { timeout: 300_000 }, () => {
  it('a request of high priority goes past those that wait', async () => {
    const low: string[] = [];
    const high: string[] = [];
    await whileHeld(async () => {
      low.push(...(await asks(200, { priority: 'low' })));
      return low;
    });
    await whileHeld(async () => {
      high.push(...(await asks(7, { priority: 'high' })));
      return high;
    });
    const served = await usages([...low, ...high]);
    const passed = high.map((id) => {
      const own = served.find(({ request_id: of }) => of === id)!;
      return served.filter(
        ({ request_id: of, dispatched_at: at }) =>
          low.includes(of) && Number(at) > Number(own.fetched_at) && Number(at) < Number(own.dispatched_at),
      ).length;
    });
    // What was chosen by then and was being begun, once; a statement of Postgres may take long for some of them.
    const [, , , usual] = passed.sort((one, other) => one - other);
    expect(usual).toBeLessThanOrEqual(2 * slots);
  });

  it('two tenants get equal tokens, one with prompts ten times as long', async () => {
    const long: string[] = [];
    const short: string[] = [];
    await whileHeld(async () => {
      long.push(...(await asks(60, { tenant: 'long' }, 500, 15)));
      short.push(...(await asks(400, { tenant: 'short' }, 50, 15)));
      return [...long, ...short];
    });
    const served = await usages([...long, ...short]);
    // While both wait, to the last of either; and past the time in which one makes up for what the other had first.
    const isLong = ({ request_id: of }: Usage) => long.includes(of);
    const end = Math.min(
      served.findLastIndex(isLong),
      served.findLastIndex((usage) => !isLong(usage)),
    );
    const both = served.slice(Math.floor(end / 2), end - slots);
    const tokens = (of: readonly Usage[]) =>
      of.reduce((sum, { prompt_tokens: prompt, completion_tokens: answer }) => sum + prompt + answer, 0);
    const share = tokens(both.filter(isLong)) / tokens(both);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
  });

  it('the window follows the slots of the server, down and up', async () => {
    const ids: string[] = [];
    const reaches = (isThere: (window: number) => boolean) =>
      ground.until(async () => {
        // More wait all the time: a window that nobody wants does not grow.
        if (ids.filter((id) => ground.outcomesOf(id).length === 0).length < 4 * slots)
          ids.push(...(await asks(2 * slots, {}, 5, 25)));
        return isThere(await windowOf());
      }, patientMs);
    await serve({ token_ms: 40 });
    await reaches((window) => window >= slots - 1);
    await serve({ slots: slots / 2 });
    await reaches((window) => window <= slots / 2 + 2);
    await serve({ slots });
    await reaches((window) => window >= slots - 1);
    await serve({ token_ms: 1 });
    await ground.outcomes(ids, patientMs);
  });
});

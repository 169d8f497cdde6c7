import { afterEach, expect, it, vi } from 'vitest';
import type { LoggedRequest, ModelSimulator } from '../index.js';
import { startAsRecorded, textOf } from './recorded.spec.js';

vi.setConfig({ testTimeout: 30_000 });

let simulator: ModelSimulator | undefined;
afterEach(() => simulator?.stop());

/** Names with HELP and TYPE, and each sample's name and labels; what belongs to our own names is left out. */
function outline(page: string): readonly string[] {
  return page
    .split('\n')
    .filter((line) => line !== '' && !line.includes('chorda_simulator_'))
    .map((line) => (line.startsWith('#') ? line : line.replace(/ \S+$/, '')));
}

async function metricsOf({ url }: ModelSimulator): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

function value(page: string, name: string, labels = ''): number {
  const line = page.split('\n').find((one) => one.startsWith(`vllm:${name}{`) && one.includes(labels));
  return Number(line?.split(' ').at(-1));
}

async function until(simulatorOf: ModelSimulator, running: number, waiting: number): Promise<string> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const page = await metricsOf(simulatorOf);
    if (value(page, 'num_requests_running') === running && value(page, 'num_requests_waiting') === waiting) return page;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Never ${running} running and ${waiting} waiting:\n${await metricsOf(simulatorOf)}`);
}

it('has every metric of a real server under its name, with its labels, buckets and words, and no other', async () => {
  simulator = await startAsRecorded('default');
  expect(outline(await metricsOf(simulator))).toEqual(outline(textOf('default/metrics-idle.txt')));
});

it.each([true, false])(
  'shows 20 requests on 8 slots as the real server did, and none once their clients have left (streaming: %s)',
  async (stream) => {
    simulator = await startAsRecorded('default', 600_000);
    const { url } = simulator;
    const leaving = new AbortController();
    const body = JSON.stringify({
      ...{ model: 'tiny', messages: [{ role: 'user', content: 'Say hello.' }] },
      ...{ max_tokens: 800, ignore_eos: true, stream },
    });
    const headers = { 'content-type': 'application/json' };
    const asked = Array.from({ length: 20 }, async () => {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers,
        body,
        signal: leaving.signal,
      });
      await answer.text();
    });
    const settled = Promise.allSettled(asked);
    const loaded = await until(simulator, 8, 12);
    expect(value(loaded, 'num_requests_waiting_by_reason', 'capacity')).toBe(12);
    // 28 tokens of prompt and one of answer: one block each, of 4095.
    expect(value(loaded, 'kv_cache_usage_perc')).toBeCloseTo(8 / 4_095, 10);
    leaving.abort();
    await settled;
    const left = await until(simulator, 0, 0);
    expect(value(left, 'kv_cache_usage_perc')).toBe(0);
    expect(value(left, 'request_success_total', 'abort')).toBe(0);
    expect(left).toContain('chorda_simulator_requests_aborted_total{model_name="tiny"} 20.0');
    expect(value(left, 'generation_tokens_total')).toBe(8);
    expect(value(left, 'prompt_tokens_total')).toBe(8 * 28);
  },
);

it('starts in the order of the recorded server: a full engine displaces nobody, then the highest goes first', async () => {
  simulator = await startAsRecorded('priority', 600_000);
  const { url } = simulator;
  const headers = { 'content-type': 'application/json' };
  const ask = async (name: string, priority: number, tokens = 60) => {
    const messages = [{ role: 'user', content: 'Say hello.' }];
    const body = JSON.stringify({ model: 'tiny', messages, priority, max_tokens: tokens, ignore_eos: true });
    const asked = { method: 'POST', headers: { ...headers, 'x-request-id': name }, body };
    return (await fetch(`${url}/v1/chat/completions`, asked)).status;
  };
  const running = Array.from({ length: 8 }, (_, index) => ask(`first ${index}`, 5, 20 + index));
  await until(simulator, 8, 0);
  const waiting = Array.from({ length: 3 }, (_, index) => ask(`then ${index}`, 5));
  await until(simulator, 8, 3);
  const high = ask('high', 0);
  await until(simulator, 8, 4);
  expect(await Promise.all(Array.from({ length: 4 }, (_, index) => ask(`over ${index}`, 5)))).toEqual([
    503, 503, 503, 503,
  ]);
  await fetch(`${url}/simulator/settings`, { method: 'PATCH', headers, body: '{"token_ms":1}' });
  expect(await Promise.all([...running, ...waiting, high])).toEqual(Array.from({ length: 12 }, () => 200));

  const log = await (await fetch(`${url}/simulator/requests`)).text();
  const started = new Map(
    log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LoggedRequest)
      .map(({ id, started_ms }) => [id.replace('chatcmpl-', ''), started_ms ?? Infinity]),
  );
  const startOf = (name: string) => started.get(name) ?? Infinity;
  for (const index of [0, 1, 2]) expect(startOf('high')).toBeLessThan(startOf(`then ${index}`));
  for (const index of [0, 1, 2, 3, 4, 5, 6, 7]) expect(startOf(`first ${index}`)).toBeLessThan(startOf('high'));
  const page = await metricsOf(simulator);
  expect(value(page, 'admission_rejections_total', 'max_num_queued_reqs')).toBe(4);
  expect(value(page, 'request_success_total', 'length')).toBe(12);
  expect(value(page, 'num_preemptions_total')).toBe(0);
});

import type { StackAddresses } from '@chorda/testing';
import { median, percentile } from '../samples.js';
import { startDoor } from './door-ground.js';
import { InferenceGround } from './inference-ground.js';

/** Milliseconds: from the call to the first bytes of its answer, and where they went. */
export interface FirstTokenRow {
  readonly direct: { readonly p50: number; readonly p99: number };
  readonly door: { readonly p50: number; readonly p99: number };
  readonly addedP50: number;
  /** The mean of each way, without the slowest twentieth. */
  readonly hops: Readonly<Record<string, number>>;
  readonly calls: number;
}

interface Timed {
  readonly requestId: string;
  readonly askedMs: number;
  readonly firstMs: number;
}

const settings = {
  CHORDA_SIMULATOR_SLOTS: '64',
  CHORDA_SIMULATOR_TOKEN_MS: '20',
  CHORDA_SIMULATOR_PREFILL_MS: '20',
  CHORDA_SIMULATOR_PREFILL_TOKEN_MS: '0',
};
const body = JSON.stringify({
  model: 'simulated',
  messages: [{ role: 'user', content: 'Hello' }],
  ...{ stream: true, min_tokens: 4, max_tokens: 4 },
});
const warmUpCalls = 150;

/** One stream at a time, straight to the server and through the door in turn. */
export async function firstToken(stack: StackAddresses, calls: number): Promise<FirstTokenRow> {
  const ground = await InferenceGround.open(stack);
  const simulator = await ground.simulator(settings);
  const door = await startDoor(ground, simulator.url);
  try {
    const throughDoor = () => timed(`http://127.0.0.1:${door.port}/openai/v1/chat/completions`, door.headers);
    const straight = () => timed(`${simulator.url}/v1/chat/completions`, {});
    for (let call = 0; call < warmUpCalls; call += 1) await throughDoor();
    const [direct, through]: [Timed[], Timed[]] = [[], []];
    for (let call = 0; call < calls; call += 1) {
      direct.push(await straight());
      through.push(await throughDoor());
    }
    await ground.untilAnswered(warmUpCalls + calls, 30_000);
    const [straightMs, doorMs] = [direct, through].map(spread);
    if (!straightMs || !doorMs) throw new TypeError('Nothing was measured');
    return {
      ...{ direct: straightMs, door: doorMs, addedP50: round(doorMs.p50 - straightMs.p50), calls },
      hops: hopsOf(ground, through),
    };
  } finally {
    for (const { child, ended } of [door.gateway, door.worker, simulator.process]) {
      child.kill('SIGTERM');
      await ended;
    }
    await ground.close();
  }
}

async function timed(url: string, headers: Readonly<Record<string, string>>): Promise<Timed> {
  const askedMs = nowMs();
  const sent = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
  const response = await fetch(url, sent);
  const reader = response.body?.getReader();
  await reader?.read();
  const firstMs = nowMs();
  while (reader && !(await reader.read()).done);
  return { requestId: response.headers.get('x-chorda-request-id') ?? '', askedMs, firstMs };
}

/** Services say when something was in whole milliseconds, cut off: half of one is added to each. */
function hopsOf(ground: InferenceGround, calls: readonly Timed[]): Readonly<Record<string, number>> {
  const hops: Record<string, number[]> = {};
  for (const { requestId, askedMs, firstMs } of calls) {
    const [usage] = ground.answered.get(requestId)?.usages ?? [];
    if (!usage) continue;
    const { enqueued_at: enqueued, fetched_at: fetched, dispatched_at: dispatched, first_token_at: first } = usage;
    const at = [enqueued, fetched, dispatched, first].map((ms) => Number(ms) + 0.5);
    const places = [askedMs, ...at, firstMs];
    names.forEach((name, index) => {
      (hops[name] ??= []).push((places[index + 1] ?? Number.NaN) - (places[index] ?? Number.NaN));
    });
  }
  return Object.fromEntries(Object.entries(hops).map(([name, values]) => [name, round(mean(values))]));
}

const names = [
  'client to door',
  'door to worker, over the log',
  'worker: queue, and the attempt in Postgres',
  'model, to its first token',
  'worker to client, over the log',
] as const;

function spread(calls: readonly Timed[]): { readonly p50: number; readonly p99: number } {
  const values = calls.map(({ askedMs, firstMs }) => firstMs - askedMs);
  return { p50: round(median(values)), p99: round(percentile(values, 0.99)) };
}

function mean(values: readonly number[]): number {
  // Without the slowest twentieth: one pause of a shared machine would be all that a mean shows.
  const sorted = [...values].sort((one, other) => one - other).slice(0, Math.ceil(values.length * 0.95));
  return sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

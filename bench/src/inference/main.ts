import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sleep } from '@chorda/kernel';
import { startStack, type StackAddresses } from '@chorda/testing';
import { doors, shown } from './doors.js';
import { firstToken } from './first-token.js';
import { InferenceGround, type Ask, type Running } from './inference-ground.js';

const usage = `npm run bench -- inference [--seconds 15] [--only slots,streams,first,doors] [--rounds 3] [--litellm 1,2]

  slots    256 slots at 1 s a request: how full the server is kept under low load, and how long a high request waits
  streams  64 slots, 50 ms a token, answers of 20 to 60 tokens streamed on
  first    from a call to the first token, straight and through the door in turn, by hop
  doors    chats at 64 connections through the OpenAI door before a server that answers after 50 ms, beside LiteLLM's
           proxy (fetched when it is asked for; --litellm 1,2: with one and with two worker processes; none: '')

Each beside calls that are made one after another. Starts servers of its own and writes bench/results/inference.json.`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    only: { type: 'string', default: 'slots,streams,first,doors' },
    rounds: { type: 'string', default: '3' },
    litellm: { type: 'string', default: '1,2' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

interface Arm {
  readonly name: string;
  readonly slots: number;
  readonly tokenMs: number;
  /** Of an answer, on average. */
  readonly tokens: number;
  /** By how many of them answers differ from that, at most. */
  readonly tokensSpread: number;
  readonly isStreamed: boolean;
}

const arms: readonly Arm[] = [
  { name: 'slots', slots: 256, tokenMs: 250, tokens: 4, tokensSpread: 0, isStreamed: false },
  { name: 'streams', slots: 64, tokenMs: 50, tokens: 40, tokensSpread: 20, isStreamed: true },
];
const warmUpMs = 12_000;
const highEveryMs = 100;
const seconds = Number(values.seconds);
const wanted = new Set(values.only.split(','));
const progress = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

const stack = await startStack();
const results: object[] = [];
try {
  for (const arm of arms.filter(({ name }) => wanted.has(name))) results.push(await measure(stack, arm));
  if (wanted.has('first')) {
    const row = await firstToken(stack, 300);
    progress(`first: ${JSON.stringify(row)}`);
    results.push(row);
  }
  if (wanted.has('doors')) results.push(...(await measureDoors()));
} finally {
  await stack.stop();
}
mkdirSync(new URL('../../results/', import.meta.url), { recursive: true });
writeFileSync(new URL('../../results/inference.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);

async function measureDoors(): Promise<readonly object[]> {
  const litellm = values.litellm.split(',').filter((text) => text !== '');
  const rows = await doors({
    ...{ stack, seconds, progress, connections: 64, warmUpSeconds: 20 },
    rounds: Number(values.rounds),
    litellm: litellm.map(Number),
  });
  for (const row of rows) progress(shown(row));
  return rows;
}

async function measure(on: StackAddresses, arm: Arm): Promise<object> {
  const ground = await InferenceGround.open(on);
  const simulator = await ground.simulator({
    CHORDA_SIMULATOR_SLOTS: String(arm.slots),
    CHORDA_SIMULATOR_TOKEN_MS: String(arm.tokenMs),
    // So that the first token takes as long as the others, and an answer of four at 250 ms one second.
    CHORDA_SIMULATOR_PREFILL_MS: String(arm.tokenMs),
    CHORDA_SIMULATOR_PREFILL_TOKEN_MS: '0',
  });
  let worker: Running | undefined;
  try {
    const naive = await oneAfterAnother(simulator.url, arm);
    // So many that the worker never runs out of them.
    const serviceMs = arm.tokenMs * arm.tokens;
    const count = Math.ceil(((warmUpMs / 1_000 + seconds + 8) * arm.slots * 1_000) / serviceMs);
    progress(`${arm.name}: filling the log with ${count} requests`);
    for (let sent = 0; sent < count; sent += 500)
      await Promise.all(Array.from({ length: 500 }, (_, index) => ground.ask(askOf(arm, 'low', sent + index))));
    worker = await ground.worker([simulator.url]);
    await sleep(warmUpMs);
    const result = await window(ground, simulator, worker, arm);
    progress(`${arm.name}: ${JSON.stringify({ ...result, naive })}`);
    return { arm, ...result, naive };
  } finally {
    worker?.process.child.kill('SIGKILL');
    simulator.process.child.kill('SIGKILL');
    await ground.close();
  }
}

/** Answers whose lengths are spread evenly, and mixed. */
function askOf({ tokens, tokensSpread, isStreamed }: Arm, priority: 'high' | 'low', index: number): Ask {
  const away = ((index * 7) % (2 * tokensSpread + 1)) - tokensSpread;
  return { priority, isStreamed, tokens: tokens + away };
}

/** What a worker does that waits for each answer before it asks again. */
async function oneAfterAnother(url: string, { tokens }: Arm): Promise<{ requestsPerSecond: number }> {
  const startedMs = performance.now();
  const messages = [{ role: 'user', content: 'Hello' }];
  const body = JSON.stringify({ model: 'simulated', messages, min_tokens: tokens, max_tokens: tokens });
  let count = 0;
  for (; performance.now() - startedMs < 4_000; count++) {
    const headers = { 'content-type': 'application/json' };
    await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).text();
  }
  return { requestsPerSecond: round((count * 1_000) / (performance.now() - startedMs)) };
}

async function window(ground: InferenceGround, simulator: Running, worker: Running, arm: Arm): Promise<object> {
  await ground.read();
  const before = new Set(ground.answered.keys());
  const high: string[] = [];
  const cpuBefore = cpuSeconds(worker);
  await fetch(`${simulator.url}/simulator/occupancy`, { method: 'DELETE' });
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1_000) {
    high.push(await ground.ask(askOf(arm, 'high', high.length)));
    await sleep(highEveryMs);
  }
  const elapsedMs = performance.now() - startedMs;
  const occupancy: { engines: Readonly<Record<string, number>>[] } = JSON.parse(
    await (await fetch(`${simulator.url}/simulator/occupancy`)).text(),
  );
  const cpu = cpuSeconds(worker) - cpuBefore;
  await sleep(arm.tokenMs * arm.tokens + 1_000);
  await ground.read();
  const done = [...ground.answered.keys()].filter((id) => !before.has(id)).length;
  const delays = high
    .flatMap((id) => ground.answered.get(id)?.usages ?? [])
    .map(({ dispatched_at: at, fetched_at: from }) => Number(at) - Number(from))
    .sort((one, other) => one - other);
  const engine = occupancy.engines[0] ?? {};
  return {
    limitPerSecond: round((arm.slots * 1_000) / (arm.tokenMs * arm.tokens)),
    meanRunningOfSlots: round((engine['mean_running'] ?? 0) / arm.slots, 4),
    meanWaitingOfSlots: round((engine['mean_waiting'] ?? 0) / arm.slots, 4),
    highDelayMs: { p50: at(delays, 0.5), p99: at(delays, 0.99), requests: delays.length },
    workerCpuSecondsPer1000: round((cpu * 1_000) / Math.max(1, done)),
    elapsedMs: Math.round(elapsedMs),
  };
}

/** User and system time, as Linux counts it; elsewhere not a number. */
function cpuSeconds({ process: { child } }: Running): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

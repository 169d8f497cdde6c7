import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '@chorda/kernel';
import { startStack, type StackAddresses } from '@chorda/testing';
import { InferenceGround, type Running } from '../../inference/inference-ground.js';

export const inferenceUsage = `npm run soak -- inference [--requests 20000] [--kills 12]

Asks that many requests of all priorities and two tenants, streamed and not, while workers and model servers are killed so
many times together, one worker sleeps past its session and goes on, slots are halved and given back, and requests are
cancelled. Ends with one distinct outcome for each request on the topic and in the table, none without what it cost.`;

export interface InferenceSoak {
  readonly requests: number;
  readonly kills: number;
}

const workersCount = 3;
const batch = 100;
const slots = 64;
const simulated = {
  CHORDA_SIMULATOR_SLOTS: String(slots),
  CHORDA_SIMULATOR_TOKEN_MS: '10',
  CHORDA_SIMULATOR_PREFILL_MS: '5',
};
const worker = { CHORDA_INFERENCE_SESSION_TIMEOUT_MS: '6000', CHORDA_INFERENCE_LOW_AGES_MS: '3600000' };
const progress = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** @returns The exit code: 0 when every promise was kept. */
export async function soakInference(soak: InferenceSoak): Promise<number> {
  const stack = await startStack();
  try {
    return await run(stack, soak);
  } finally {
    await stack.stop();
  }
}

async function run(stack: StackAddresses, { requests, kills }: InferenceSoak): Promise<number> {
  const ground = await InferenceGround.open(stack);
  progress(`Logs: ${ground.folder}`);
  const simulators = [await ground.simulator(simulated), await ground.simulator(simulated)];
  const urls = simulators.map(({ url }) => url);
  const workers = await Promise.all(Array.from({ length: workersCount }, () => ground.worker(urls, worker)));
  const asking = ask(ground, requests);
  const faults = disturb(ground, { workers, simulators, urls, kills });
  const { ids, cancelled } = await asking;
  const happened = await faults;
  progress(`Asked ${ids.length}; ${happened.join(', ')}`);
  await ground.untilAnswered(ids.length, 900_000, (count) => progress(`${count} of ${ids.length} have an outcome`));
  const anomalies = await check(ground, ids, cancelled);
  for (const anomaly of anomalies.slice(0, 20)) console.error(anomaly);
  console.log(`${anomalies.length} anomalies in ${ids.length} requests, ${happened.length} faults`);
  for (const { process } of [...workers, ...simulators]) process.child.kill('SIGKILL');
  await ground.close();
  return anomalies.length > 0 || happened.length === 0 ? 1 : 0;
}

async function ask(ground: InferenceGround, requests: number) {
  const ids: string[] = [];
  const cancelled: string[] = [];
  const priorities = ['high', 'normal', 'low'] as const;
  while (ids.length < requests) {
    const asked = Array.from({ length: Math.min(batch, requests - ids.length) }, (_, index) => {
      const priority = priorities[index % 3] ?? 'normal';
      const tenant = index % 2 === 0 ? 'default' : 'wordy';
      const text = tenant === 'wordy' ? 'word '.repeat(300) : 'a few words of a question '.repeat(6);
      return ground.ask({ priority, tenant, text, tokens: 10, isStreamed: index % 5 === 0 });
    });
    const given = await Promise.all(asked);
    ids.push(...given);
    const [first] = given;
    if (first !== undefined && ids.length % 1_000 === 0) {
      cancelled.push(first);
      await ground.cancel(first);
    }
    await sleep(100);
  }
  return { ids, cancelled };
}

interface Fleet {
  readonly workers: Running[];
  readonly simulators: Running[];
  readonly urls: readonly string[];
  readonly kills: number;
}

/** One fault after the other, each while the others of its kind are well. @returns What was done. */
async function disturb(
  ground: InferenceGround,
  { workers, simulators, urls, kills }: Fleet,
): Promise<readonly string[]> {
  const happened: string[] = [];
  const note = (what: string) => {
    happened.push(what);
    appendFileSync(join(ground.folder, 'faults.log'), `${new Date().toISOString()} ${what}\n`);
  };
  await sleep(3_000);
  const sleeping = workers[0];
  sleeping?.process.child.kill('SIGSTOP');
  note('a worker stopped');
  for (let kill = 0; kill < kills; kill++) {
    const place = 1 + (kill % (workersCount - 1));
    if (kill % 3 === 2) {
      const at = kill % simulators.length;
      simulators[at]?.process.child.kill('SIGKILL');
      note('a model server killed');
      await simulators[at]?.process.ended;
      const port = Number(new URL(simulators[at]?.url ?? 'http://127.0.0.1:0').port);
      simulators[at] = await ground.simulator(simulated, port);
    } else {
      workers[place]?.process.child.kill('SIGKILL');
      note('a worker killed');
      workers[place] = await ground.worker(urls, worker, false);
    }
    await sleep(3_000);
    if (kill === Math.floor(kills / 2)) {
      sleeping?.process.child.kill('SIGCONT');
      note('the worker went on');
    }
  }
  sleeping?.process.child.kill('SIGCONT');
  await slotsOf(urls[0], slots / 2);
  note('slots halved');
  await sleep(5_000);
  await slotsOf(urls[0], slots);
  return happened;
}

async function slotsOf(url: string | undefined, count: number): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await fetch(`${url}/simulator/settings`, { method: 'PATCH', headers, body: JSON.stringify({ slots: count }) });
}

async function check(
  ground: InferenceGround,
  ids: readonly string[],
  cancelled: readonly string[],
): Promise<readonly string[]> {
  // What is late: usage of lost attempts, and repeats of the outbox.
  await sleep(20_000);
  await ground.read();
  const anomalies: string[] = [];
  for (const id of ids) {
    const answered = ground.answered.get(id);
    if (answered?.bodies.size !== 1) anomalies.push(`${id}: ${answered?.bodies.size ?? 0} distinct outcomes`);
    const isCompleted = answered?.types.has('inference.completed') ?? false;
    if (isCompleted && !answered?.usages.some(({ status }) => status !== 'cancelled'))
      anomalies.push(`${id}: an outcome without its usage`);
    if (!isCompleted && !cancelled.includes(id))
      anomalies.push(`${id}: ended as ${[...(answered?.types ?? [])].join()}`);
    const attempts = answered?.usages.map(({ attempt }) => attempt) ?? [];
    if (new Set(attempts).size < attempts.length) anomalies.push(`${id}: an attempt is accounted twice`);
  }
  const { rows } = await ground.pool.query<{ count: string }>('SELECT count(*) FROM inference_outcomes');
  if (Number(rows[0]?.count) !== ids.length) anomalies.push(`${rows[0]?.count} rows for ${ids.length} requests`);
  const left = await ground.pool.query('SELECT FROM inference_outbox');
  if (left.rowCount !== 0) anomalies.push(`${left.rowCount} records were never published`);
  return anomalies;
}

import { setTimeout as pause } from 'node:timers/promises';
import type { TestStack } from '@chorda/testing';
import { waitFor } from '../backbone.js';
import { cpuSeconds } from '../projector/processors.js';
import { figure, percentile } from '../samples.js';
import { rowsOf } from '../soak/decisions/found-decisions.js';
import type { ChordaGround } from './chorda.js';
import { parkedName } from './shapes.js';

export interface ParkedOptions {
  readonly stack: TestStack;
  readonly ground: ChordaGround;
  readonly parked: number;
  readonly decisions: number;
  readonly progress: (line: string) => void;
}

const idleMs = 15_000;
const settleMs = 5_000;
const startsAtOnce = 128;
const decisionsAtOnce = 16;
const shownMsMax = 120_000;
/** The one that the ground begins with. */
const runsWithoutTask = 1;

/** What runs that wait for people cost while nobody answers, and what an answer costs beside them. */
export async function parkedWaits(options: ParkedOptions): Promise<object> {
  const { progress, parked, decisions } = options;
  const emptyIdle = await idle(options);
  await park(options, decisions);
  const emptyMs = await decide(options);
  progress(`none parked: idle ${figure(emptyIdle)} CPU s a minute; decisions p50 ${told(emptyMs)}`);
  const startMs = performance.now();
  await park(options, parked);
  progress(`${parked} parked in ${figure((performance.now() - startMs) / 1_000)} s`);
  const parkedIdle = await idle(options);
  const parkedMs = await decide(options);
  progress(`${parked} parked: idle ${figure(parkedIdle)} CPU s a minute; decisions p50 ${told(parkedMs)}`);
  const of = (samples: readonly number[], idleSeconds: number) => ({
    idleCpuSecondsPerMinute: idleSeconds,
    decisionP50Ms: percentile(samples, 0.5),
    decisionP99Ms: percentile(samples, 0.99),
  });
  return { parked, decisions, none: of(emptyMs, emptyIdle), many: of(parkedMs, parkedIdle) };
}

const told = (samples: readonly number[]) =>
  `${figure(percentile(samples, 0.5))} ms, p99 ${figure(percentile(samples, 0.99))} ms`;

/** Processor seconds a minute of gateway, orchestrator, projector, worker, Postgres and Kafka. */
async function idle({ stack, ground }: ParkedOptions): Promise<number> {
  await pause(settleMs);
  const total = () =>
    Object.values(cpuSeconds(stack, Object.values(ground.pids))).reduce((sum: number, each: number) => sum + each, 0);
  const before = total();
  await pause(idleMs);
  return ((total() - before) * 60_000) / idleMs;
}

async function park({ ground }: ParkedOptions, count: number): Promise<void> {
  let left = count;
  const start = async () => {
    while (left-- > 0) await ground.client.runs.start(parkedName, {}, { idempotencyKey: crypto.randomUUID() });
  };
  await Promise.all(Array.from({ length: startsAtOnce }, start));
}

/** @returns How long each answer took, in milliseconds. */
async function decide({ ground, decisions }: ParkedOptions): Promise<readonly number[]> {
  const open = await openTasks(ground, decisions);
  const samples: number[] = [];
  const answer = async () => {
    for (let task = open.pop(); task !== undefined; task = open.pop()) {
      const givenMs = performance.now();
      await ground.client.tasks.decide(task, { user_id: 'ada', decision: 'approved' });
      samples.push(performance.now() - givenMs);
    }
  };
  await Promise.all(Array.from({ length: decisionsAtOnce }, answer));
  return samples;
}

/** Once the read model shows all of them. */
async function openTasks({ databaseUrl }: ChordaGround, count: number): Promise<string[]> {
  const left = await rowsOf<{ open: number }>(
    databaseUrl,
    `SELECT count(*)::int AS open FROM decision_streams WHERE kind = 'workflow' AND stream_kind = 'workflow'`,
  );
  const started = left[0]?.open ?? 0;
  await waitFor('The read model shows the tasks', shownMsMax, async () => {
    const [row] = await rowsOf<{ shown: number }>(databaseUrl, 'SELECT count(*)::int AS shown FROM tasks');
    return (row?.shown ?? 0) >= started - runsWithoutTask;
  });
  const rows = await rowsOf<{ task_id: string }>(
    databaseUrl,
    `SELECT task_id FROM tasks WHERE status = 'open' ORDER BY md5(task_id) LIMIT ${count}`,
  );
  if (rows.length < count) throw new Error(`${rows.length} tasks stand open, and ${count} are to be answered`);
  return rows.map(({ task_id: id }) => id);
}

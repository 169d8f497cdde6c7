import { setTimeout as pause } from 'node:timers/promises';
import type { TestStack } from '@chorda/testing';
import { waitFor } from '../backbone.js';
import { postgresSeconds, residentMib, treeSeconds } from '../projector/processors.js';
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

const idleMs = 20_000;
/** The spread between them is what a system that idles differs by from one moment to the next. */
const idleWindows = 3;
const settleMs = 10_000;
const startsAtOnce = 128;
const decisionsAtOnce = 16;
const shownMsMax = 600_000;
/** The one that the ground begins with. */
const runsWithoutTask = 1;

/** What runs that wait for people cost while nobody answers, and what an answer costs beside them. */
export async function parkedWaits(options: ParkedOptions): Promise<object> {
  const { progress, parked, decisions } = options;
  await park(options, decisions);
  await decide(options);
  const emptyIdle = await idle(options);
  await park(options, decisions);
  const emptyMs = await decide(options);
  progress(`none parked: ${idleTold(emptyIdle)}; decisions p50 ${told(emptyMs)}`);
  const startMs = performance.now();
  await park(options, parked);
  progress(`${parked} parked in ${figure((performance.now() - startMs) / 1_000)} s`);
  await shown(options.ground);
  progress(`All of them are shown after ${figure((performance.now() - startMs) / 1_000)} s`);
  const parkedIdle = await idle(options);
  const parkedMs = await decide(options);
  progress(`${parked} parked: ${idleTold(parkedIdle)}; decisions p50 ${told(parkedMs)}`);
  const of = (samples: readonly number[], found: Idle) => ({
    ...found,
    decisionP50Ms: percentile(samples, 0.5),
    decisionP99Ms: percentile(samples, 0.99),
  });
  return { parked, decisions, none: of(emptyMs, emptyIdle), many: of(parkedMs, parkedIdle) };
}

const told = (samples: readonly number[]) =>
  `${figure(percentile(samples, 0.5))} ms, p99 ${figure(percentile(samples, 0.99))} ms`;

interface Idle {
  /** Processor seconds a minute of all processes, for each window. */
  readonly idleCpuSecondsPerMinute: readonly number[];
  /** The middle window, by process. */
  readonly byProcess: Readonly<Record<string, number>>;
  readonly residentMib: Readonly<Record<string, number>>;
}

function idleTold({ idleCpuSecondsPerMinute: windows, byProcess, residentMib: memory }: Idle): string {
  const each = Object.entries(byProcess).map(([name, seconds]) => `${name} ${figure(seconds)}`);
  const held = Object.entries(memory).map(([name, mib]) => `${name} ${Math.round(mib)}`);
  return `idle ${windows.map(figure).join(', ')} CPU s a minute (${each.join(', ')}); MiB ${held.join(', ')}`;
}

/** Gateway, orchestrator, projector, worker, Postgres and Kafka while nobody asks for anything. */
async function idle(options: ParkedOptions): Promise<Idle> {
  await pause(settleMs);
  const windows: Record<string, number>[] = [];
  for (let window = 0; window < idleWindows; window++) {
    const before = secondsByProcess(options);
    await pause(idleMs);
    const after = secondsByProcess(options);
    windows.push(
      Object.fromEntries(
        Object.entries(after).map(([name, seconds]) => [name, ((seconds - (before[name] ?? 0)) * 60_000) / idleMs]),
      ),
    );
  }
  const { pids } = options.ground;
  return {
    idleCpuSecondsPerMinute: windows.map(totalOf),
    byProcess: windows.toSorted((a, b) => totalOf(a) - totalOf(b))[Math.floor(idleWindows / 2)] ?? {},
    residentMib: Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, residentMib(pid)])),
  };
}

function secondsByProcess({ stack, ground }: ParkedOptions): Record<string, number> {
  const own = Object.entries(ground.pids).map(([name, pid]) => [name, treeSeconds(pid)] as const);
  const kafka = treeSeconds(stack.server('kafka').pid ?? 0);
  return { ...Object.fromEntries(own), postgres: postgresSeconds(stack), kafka };
}

function totalOf(seconds: Readonly<Record<string, number>>): number {
  return Object.values(seconds).reduce((sum, each) => sum + each, 0);
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

async function openTasks(ground: ChordaGround, count: number): Promise<string[]> {
  await shown(ground);
  const rows = await rowsOf<{ task_id: string }>(
    ground.databaseUrl,
    `SELECT task_id FROM tasks WHERE status = 'open' ORDER BY md5(task_id) LIMIT ${count}`,
  );
  if (rows.length < count) throw new Error(`${rows.length} tasks stand open, and ${count} are to be answered`);
  return rows.map(({ task_id: id }) => id);
}

/** Once the read model shows a task for each run. */
async function shown({ databaseUrl }: ChordaGround): Promise<void> {
  const [streams] = await rowsOf<{ started: number }>(
    databaseUrl,
    `SELECT count(*)::int AS started FROM decision_streams WHERE kind = 'workflow' AND stream_kind = 'workflow'`,
  );
  const started = streams?.started ?? 0;
  await waitFor('The read model shows the tasks', shownMsMax, async () => {
    const [row] = await rowsOf<{ shown: number }>(databaseUrl, 'SELECT count(*)::int AS shown FROM tasks');
    return (row?.shown ?? 0) >= started - runsWithoutTask;
  });
}

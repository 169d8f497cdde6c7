import { sleep } from '@chorda/kernel';
import type { TestStack } from '@chorda/testing';
import { cpuSeconds, residentMib, type CpuSeconds } from './processors.js';

/** What a contestant did between its warm-up and its last event. */
export interface Run {
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Processor seconds per million events: its own, the database's and the broker's. */
  readonly cpu: CpuSeconds;
  /** Resident memory by events done, for its slope. */
  readonly memory: readonly { readonly events: number; readonly mib: number }[];
}

export interface Followed {
  readonly stack: TestStack;
  readonly pid: number;
  /** Events done so far. */
  readonly done: () => number | Promise<number>;
  /** Why it has ended before it was done. */
  readonly failure: () => string | undefined;
  /** Events before the measurement begins: JVM and V8 have then compiled what they will. */
  readonly warmUp: number;
  readonly total: number;
  readonly timeoutMs: number;
}

const lookEveryMs = 20;

/** Watches a contestant from outside; it is measured from the first look that finds its warm-up done. */
export async function follow({ stack, pid, ...given }: Followed): Promise<Run> {
  const deadlineMs = Date.now() + given.timeoutMs;
  const memory: { events: number; mib: number }[] = [];
  let start: { readonly events: number; readonly atMs: number; readonly cpu: CpuSeconds } | undefined;
  for (;;) {
    const events = await given.done();
    const nowMs = performance.now();
    if (start === undefined && events >= Math.max(1, given.warmUp)) {
      start = { events, atMs: nowMs, cpu: cpuSeconds(stack, [pid]) };
    }
    if (events > (memory.at(-1)?.events ?? -1)) memory.push({ events, mib: residentMib(pid) });
    if (start && events >= given.total)
      return runOf(start, { events, atMs: nowMs, cpu: cpuSeconds(stack, [pid]) }, memory);
    const failure = given.failure();
    if (failure !== undefined) throw new Error(failure);
    if (Date.now() > deadlineMs) throw new Error(`${events} of ${given.total} events within ${given.timeoutMs} ms`);
    await sleep(lookEveryMs);
  }
}

interface Look {
  readonly events: number;
  readonly atMs: number;
  readonly cpu: CpuSeconds;
}

function runOf(start: Look, end: Look, memory: Run['memory']): Run {
  const events = end.events - start.events;
  const perMillion = (seconds: number) => (seconds / events) * 1e6;
  return {
    events,
    eventsPerSecond: (events / (end.atMs - start.atMs)) * 1_000,
    cpu: {
      own: perMillion(end.cpu.own - start.cpu.own),
      postgres: perMillion(end.cpu.postgres - start.cpu.postgres),
      kafka: perMillion(end.cpu.kafka - start.cpu.kafka),
    },
    memory,
  };
}

/** MiB per million events after the first million; undefined where a run is too short to say. */
export function memorySlope(memory: Run['memory']): number | undefined {
  const later = memory.filter(({ events }) => events >= 1_000_000);
  const last = later.at(-1);
  if (last === undefined || last.events < 2_000_000) return undefined;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(later.map(({ events }) => events / 1e6));
  const y = mean(later.map(({ mib }) => mib));
  const above = later.reduce((sum, { events, mib }) => sum + (events / 1e6 - x) * (mib - y), 0);
  return above / later.reduce((sum, { events }) => sum + (events / 1e6 - x) ** 2, 0);
}

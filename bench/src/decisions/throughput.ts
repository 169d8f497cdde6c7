import { freshDatabase, type TestStack } from '@chorda/testing';
import { cpuSeconds, type CpuSeconds } from '../projector/processors.js';
import { figure, median, percentile } from '../samples.js';
import { appendArm, emmettArm, engineArm, type Arm } from './arms.js';

export interface ThroughputOptions {
  readonly stack: TestStack;
  readonly folder: string;
  readonly atOnce: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly streams: number;
  readonly arms: readonly string[];
  readonly progress: (line: string) => void;
}

interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of processor time, for each command. */
  readonly callersUs: number;
  readonly engineUs: number;
  readonly postgresUs: number;
  readonly kafkaUs: number;
}

const columns = ['perSecond', 'p50Ms', 'p99Ms', 'callersUs', 'engineUs', 'postgresUs', 'kafkaUs'] as const;

/** Commands decided a second by so many callers at once, arm after arm in turn. */
export async function throughput(options: ThroughputOptions): Promise<void> {
  const { stack, folder, progress } = options;
  const make: Readonly<Record<string, () => Promise<Arm>>> = {
    engine: async () => engineArm(stack, await freshDatabase(stack), folder),
    append: async () => appendArm(await freshDatabase(stack)),
    emmett: async () => emmettArm(await freshDatabase(stack), progress),
  };
  const arms: Arm[] = [];
  try {
    for (const name of options.arms) {
      const arm = await make[name]?.();
      if (!arm) throw new Error(`--arms knows engine, append and emmett, not ${name}`);
      arms.push(arm);
    }
    for (const arm of arms) await measure(arm, 16, options);
    progress(`at once  arm      /s       p50 ms   p99 ms   CPU µs a command: callers, engine, Postgres, Kafka`);
    for (const callers of options.atOnce) await inTurns(arms, callers, options);
  } finally {
    for (const arm of arms) await arm.stop();
  }
}

/** Turn by turn, so that whatever else the machine does falls on all. */
async function inTurns(arms: readonly Arm[], callers: number, options: ThroughputOptions): Promise<void> {
  const runs = new Map<Arm, Run[]>(arms.map((arm) => [arm, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const [arm, done] of runs) done.push(await measure(arm, callers, options));
  }
  for (const [{ name }, done] of runs) {
    const figures = columns.map((key) => figure(median(done.map((run) => run[key]))));
    options.progress([String(callers), name, ...figures].map((text) => text.padEnd(8)).join(' '));
  }
}

async function measure(arm: Arm, callers: number, { stack, seconds, streams }: ThroughputOptions): Promise<Run> {
  const samples: number[] = [];
  const before = spent(stack, arm);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const call = async () => {
    while (performance.now() < endMs) {
      const givenMs = performance.now();
      await arm.decide(`stream-${Math.floor(Math.random() * streams)}`);
      samples.push(performance.now() - givenMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const elapsed = (performance.now() - startMs) / 1_000;
  const after = spent(stack, arm);
  const each = (of: (cpu: Spent) => number) => ((of(after) - of(before)) / samples.length) * 1e6;
  return {
    ...{ perSecond: samples.length / elapsed, p50Ms: percentile(samples, 0.5), p99Ms: percentile(samples, 0.99) },
    ...{ callersUs: each(({ callers: own }) => own), engineUs: each(({ own }) => own) },
    ...{ postgresUs: each(({ postgres }) => postgres), kafkaUs: each(({ kafka }) => kafka) },
  };
}

interface Spent extends CpuSeconds {
  readonly callers: number;
}

function spent(stack: TestStack, { pids }: Arm): Spent {
  const { user, system } = process.cpuUsage();
  return { ...cpuSeconds(stack, pids), callers: (user + system) / 1e6 };
}

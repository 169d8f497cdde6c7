import type { TestStack } from '@chorda/testing';
import { cpuSeconds, treeSeconds } from '../projector/processors.js';
import { figure, median, percentile } from '../samples.js';
import type { Contestant } from './contestant.js';
import { stepsInLine, type Shape } from './shapes.js';

export interface MeasureOptions {
  readonly stack: TestStack;
  readonly contestants: readonly Contestant[];
  readonly shapes: readonly Shape[];
  readonly atOnce: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the contestant's own processes, Postgres and, where it has it, Kafka; callers are left out. */
  readonly cpuPer1000: number;
  /** The same by process. */
  readonly cpuOf: Readonly<Record<string, number>>;
  readonly bytesPerRun: number;
}

export interface MeasuredRow extends Figures {
  readonly shape: Shape;
  readonly atOnce: number;
  readonly name: string;
}

const columns = ['perSecond', 'p50Ms', 'p99Ms', 'cpuPer1000', 'bytesPerRun'] as const;

/** Turn by turn, so that whatever else the machine does falls on all; the median of the rounds. */
export async function measureAll(options: MeasureOptions): Promise<readonly MeasuredRow[]> {
  const { contestants, progress } = options;
  const rows: MeasuredRow[] = [];
  for (const contestant of contestants) await measure(contestant, 'three', 16, { ...options, seconds: 2 });
  progress('shape   at once  who            runs/s   p50 ms   p99 ms   CPU s/1000  bytes/run  ms a step');
  for (const shape of options.shapes) {
    for (const atOnce of options.atOnce) {
      const runs = new Map<Contestant, Figures[]>(contestants.map((contestant) => [contestant, []]));
      for (let round = 0; round < options.rounds; round++) {
        for (const [contestant, done] of runs) done.push(await measure(contestant, shape, atOnce, options));
      }
      for (const [{ name }, done] of runs) {
        const middle = (key: (typeof columns)[number]) => median(done.map((each) => each[key]));
        const [perSecond, p50Ms, p99Ms] = [middle('perSecond'), middle('p50Ms'), middle('p99Ms')];
        const [cpuPer1000, bytesPerRun] = [middle('cpuPer1000'), middle('bytesPerRun')];
        const cpuOf = middleOf(done.map((each) => each.cpuOf));
        rows.push({ shape, atOnce, name, perSecond, p50Ms, p99Ms, cpuPer1000, cpuOf, bytesPerRun });
        const shown = [perSecond, p50Ms, p99Ms, cpuPer1000, bytesPerRun, p50Ms / stepsInLine[shape]].map(figure);
        const widths = [8, 9, 15, 9, 9, 9, 12, 11, 8];
        const line = [shape, String(atOnce), name, ...shown].map((text, at) => text.padEnd(widths[at] ?? 8));
        const parts = Object.entries(cpuOf).map(([process, seconds]) => `${process} ${figure(seconds)}`);
        progress(`${line.join('')} ${parts.join(', ')}`);
      }
    }
  }
  return rows;
}

async function measure(
  contestant: Contestant,
  shape: Shape,
  atOnce: number,
  { stack, seconds }: Pick<MeasureOptions, 'stack' | 'seconds'>,
): Promise<Figures> {
  const samples: number[] = [];
  const bytesBefore = await contestant.storedBytes();
  const before = spent(stack, contestant);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const call = async () => {
    while (performance.now() < endMs) {
      const givenMs = performance.now();
      await contestant.run(shape);
      samples.push(performance.now() - givenMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, call));
  const elapsed = (performance.now() - startMs) / 1_000;
  const after = Object.entries(spent(stack, contestant));
  const cpuOf = Object.fromEntries(
    after.map(([name, seconds]) => [name, ((seconds - (before[name] ?? 0)) / samples.length) * 1_000]),
  );
  const bytes = (await contestant.storedBytes()) - bytesBefore;
  return {
    ...{ perSecond: samples.length / elapsed, p50Ms: percentile(samples, 0.5), p99Ms: percentile(samples, 0.99) },
    ...{ cpuPer1000: Object.values(cpuOf).reduce((sum, each) => sum + each, 0), cpuOf },
    bytesPerRun: bytes / samples.length,
  };
}

/** Processor seconds until now, by process. */
function spent(stack: TestStack, { pids, usesKafka }: Contestant): Readonly<Record<string, number>> {
  const own = Object.entries(pids).map(([name, pid]) => [name, treeSeconds(pid)] as const);
  const { postgres, kafka } = cpuSeconds(stack, []);
  return { ...Object.fromEntries(own), postgres, ...(usesKafka && { kafka }) };
}

function middleOf(rounds: readonly Figures['cpuOf'][]): Figures['cpuOf'] {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((each) => each[name] ?? 0))]));
}

import { memorySlope, type Run } from '../projector/follow.js';
import { beginRebuild, cancelRebuild, rebuilt, startLive, type Projections, type Setting } from './ground.js';

export interface MemorySample {
  readonly what: string;
  readonly events: number;
  readonly eventsPerSecond: number;
  /** MiB per million events after the first million; undefined below two million. */
  readonly slope: number | undefined;
  readonly memory: Run['memory'];
}

/** At most so many points are kept of a run. */
const pointsMax = 500;

/**
 * Resident memory of the projector by events done: live from an empty database, then a rebuild of the folded table in the
 * same process, where no two events have one key.
 */
export async function memoryOf(
  setting: Setting,
  topicPrefix: string,
  projections: Projections,
  events: number,
): Promise<readonly MemorySample[]> {
  const samples: MemorySample[] = [];
  const add = (what: string, run: Run) => {
    const slope = memorySlope(run.memory);
    const every = Math.ceil(run.memory.length / pointsMax);
    const memory = run.memory.filter((_, index) => index % every === 0);
    samples.push({ what, events, eventsPerSecond: run.eventsPerSecond, slope, memory });
    const [first, last] = [run.memory[0], run.memory.at(-1)];
    setting.progress(
      `memory: ${what}: ${slope?.toFixed(2) ?? 'too short for a slope,'} MiB per million events, from ${first?.mib.toFixed(0)} to ${last?.mib.toFixed(0)} MiB`,
    );
  };
  const projection = projections === 'fold' ? rebuilt.fold.projection : rebuilt.journal.projection;
  const live = await startLive(setting, topicPrefix, projections);
  try {
    add(`live, ${projections}`, await live.follow(() => live.appliedBy(projection, 1), { warmUp: 0, total: events }));
    const version = await beginRebuild(live, projection);
    const filled = () => live.appliedBy(projection, version);
    add(`rebuild of ${projection}, ${projections} live`, await live.follow(filled, { warmUp: 0, total: events }));
    await cancelRebuild(live, projection);
  } finally {
    await live.stop();
  }
  return samples;
}

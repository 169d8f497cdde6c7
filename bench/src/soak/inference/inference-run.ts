import { sleep } from '@chorda/kernel';
import { prepareData } from '@chorda/native-stack/start';
import type { StackAddresses } from '@chorda/testing';
import { InferenceGround } from '../../inference/inference-ground.js';
import { checkCalls } from './check-calls.js';
import { checkOutcomes } from './check-outcomes.js';
import { DoorLoad } from './door-load.js';
import { Fleet } from './fleet.js';
import { promisesOfScheduling } from './scheduling-promises.js';

export interface InferenceRunOptions {
  readonly stack: StackAddresses;
  readonly requests: number;
  /** Of each of two workers. */
  readonly workerKills: number;
  readonly serverKills: number;
  readonly gatewayKills: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
}

export interface InferenceReport {
  readonly asked: number;
  /** Of these, through the gateway. */
  readonly throughDoor: number;
  readonly repeatsAtDoor: number;
  /** Those that were acknowledged after the last kill: the load ran on through it. */
  readonly askedAfterLastKill: number;
  /** What was hit by kills: points that killed processes wrote, and model servers by what ran there. */
  readonly hits: readonly string[];
  readonly killsAtRandom: number;
  /** Beside the kills. */
  readonly faults: readonly string[];
  /** Shares, times and windows that were seen, for people. */
  readonly figures: readonly string[];
  /** Promises that were not kept; none, if all is well. */
  readonly anomalies: readonly string[];
}

interface Acknowledged {
  readonly ids: string[];
  readonly timesMs: number[];
  readonly cancelled: string[];
}

const batch = 20;
const batchEveryMs = 50;
const batchesPerCancel = 20;
/** Without an outcome: workers always have enough, and what a fault held up is not lost among the rest. */
const openMax = 300;
/** The load runs on through the last fault. */
const askedAfterMin = 100;
/**
 * So that a kill whose place is never passed ends the run, and not the patience of who waits for it. A busy machine stores
 * more outcomes in one statement, and passes a place between statements less often.
 */
const requestsMaxTimes = 10;
const answeredWithinMs = 900_000;

/** Asks under faults until all of them have happened, then undisturbed, and holds what came of it against what is promised. */
export async function runInference(options: InferenceRunOptions): Promise<InferenceReport> {
  const { stack, requests, progress } = options;
  const ground = await InferenceGround.open(ownRedis(stack));
  progress(`Logs: ${ground.folder}`);
  const fleet = new Fleet(ground, options);
  const failed = new AbortController();
  try {
    const { text: key } = await prepareData(ground.env, ground.folder);
    await fleet.start();
    const told: Acknowledged = { ids: [], timesMs: [], cancelled: [] };
    const calm = new AbortController();
    const door = new DoorLoad(fleet.gatewayUrl, key);
    const disturbing = { isOver: false };
    const ofDoor = door.ask(AbortSignal.any([calm.signal, failed.signal]));
    const over = () =>
      told.ids.length >= requests &&
      disturbing.isOver &&
      !fleet.hasKillsLeft &&
      (told.timesMs.at(-askedAfterMin) ?? 0) > fleet.lastKillMs;
    const asking = ask(ground, told, requestsMaxTimes * requests, () => over() || failed.signal.aborted);
    const disturbed = fleet
      .disturb(() => told.ids.length / requests, failed.signal)
      .then(() => (disturbing.isOver = true));
    await Promise.all([asking, disturbed]).catch(async (error: unknown) => {
      failed.abort();
      await Promise.allSettled([asking, disturbed, ofDoor]);
      throw error;
    });
    calm.abort();
    const { ids, repeats, anomalies } = await ofDoor;
    const all = [...told.ids, ...ids];
    progress(`Asked ${all.length}, ${repeats} repeats at the door`);
    await ground.untilAnswered(all.length, answeredWithinMs, (count) => progress(`${count} have an outcome`));
    const kept = await checkOutcomes(ground, all, told.cancelled);
    const unaccounted = checkCalls(ground, fleet.callLogs, new Set(all));
    const { lastKillMs } = fleet;
    const scheduling = await promisesOfScheduling(ground, fleet, progress);
    return {
      ...{ asked: all.length, throughDoor: ids.length, repeatsAtDoor: repeats, figures: scheduling.figures },
      askedAfterLastKill: told.timesMs.filter((atMs) => atMs > lastKillMs).length,
      ...{ hits: fleet.hits, killsAtRandom: fleet.killsAtRandom, faults: fleet.faults },
      anomalies: [...anomalies, ...kept, ...unaccounted, ...scheduling.anomalies],
    };
  } finally {
    failed.abort();
    await fleet.end();
    await ground.close();
  }
}

/** A database of its own, so that flushing it takes nothing from others. */
function ownRedis(stack: StackAddresses): StackAddresses {
  return { ...stack, redisUrl: `${stack.redisUrl.replace(/\/\d*$/, '')}/7` };
}

/** Writes down what the brokers acknowledged: that alone is held against the log. */
async function ask(ground: InferenceGround, told: Acknowledged, max: number, isOver: () => boolean): Promise<void> {
  const priorities = ['high', 'normal', 'low'] as const;
  for (let sent = 0; !isOver(); sent++) {
    if (told.ids.length >= max) throw new Error(`${max} requests were asked, and not all faults have happened`);
    await sleep(batchEveryMs);
    await ground.read();
    if (openOf(ground, told.ids) > openMax) continue;
    const first = told.ids.length;
    const asked = Array.from({ length: batch }, (_, place) => {
      const index = first + place;
      const priority = priorities[index % 3] ?? 'normal';
      const tenant = index % 2 === 0 ? 'default' : 'wordy';
      const text = tenant === 'wordy' ? 'word '.repeat(300) : 'a few words of a question '.repeat(6);
      return ground.ask({ priority, tenant, text, tokens: 10, isStreamed: index % 5 === 0 });
    });
    const given = await Promise.all(asked);
    const nowMs = Date.now();
    told.ids.push(...given);
    told.timesMs.push(...given.map(() => nowMs));
    // Of the first tenant, whose requests have even places.
    const withdrawn = given[first % 2];
    if (withdrawn === undefined || sent % batchesPerCancel !== 1) continue;
    told.cancelled.push(withdrawn);
    await ground.cancel(withdrawn);
  }
}

/** Requests of the last ones that have no outcome yet; what is older was seen to be answered. */
function openOf(ground: InferenceGround, ids: readonly string[]): number {
  return ids.slice(-4 * openMax).filter((id) => (ground.answered.get(id)?.bodies.size ?? 0) === 0).length;
}

import { sleep } from '@chorda/kernel';
import { prepareData } from '@chorda/native-stack/start';
import type { StackAddresses } from '@chorda/testing';
import { InferenceGround } from '../../inference/inference-ground.js';
import { checkOutcomes } from './check-outcomes.js';
import { DoorLoad } from './door-load.js';
import { Fleet } from './fleet.js';
import { promisesOfScheduling } from './scheduling-promises.js';

export interface InferenceRunOptions {
  readonly stack: StackAddresses;
  readonly requests: number;
  readonly kills: number;
  readonly progress: (line: string) => void;
}

export interface InferenceReport {
  readonly asked: number;
  /** Of these, through the gateway. */
  readonly throughDoor: number;
  readonly faults: readonly string[];
  /** Shares, times and windows that were seen, for people. */
  readonly figures: readonly string[];
  /** Promises that were not kept; none, if all is well. */
  readonly anomalies: readonly string[];
}

/** So that asking goes on while things are killed. */
const batches = 200;
const batchEveryMs = 100;
const batchesPerCancel = 20;
const answeredWithinMs = 900_000;

/** Asks under faults, then undisturbed, and holds what came of it against what is promised. */
export async function runInference({
  stack,
  requests,
  kills,
  progress,
}: InferenceRunOptions): Promise<InferenceReport> {
  const ground = await InferenceGround.open(ownRedis(stack));
  progress(`Logs: ${ground.folder}`);
  const fleet = new Fleet(ground);
  try {
    const { text: key } = await prepareData(ground.env, ground.folder);
    await fleet.start();
    const door = new DoorLoad(fleet.gatewayUrl, key);
    const calm = new AbortController();
    const failed = new AbortController();
    const asking = Promise.all([ask(ground, requests, failed.signal), door.ask(calm.signal)]);
    const faults = await fleet.disturb(kills, progress).catch(async (error: unknown) => {
      failed.abort();
      calm.abort();
      await asking.catch(() => undefined);
      throw error;
    });
    calm.abort();
    const [{ ids, cancelled }, ofDoor] = await asking;
    const all = [...ids, ...ofDoor.ids];
    progress(`Asked ${all.length}, ${ofDoor.repeats} repeats at the door; ${faults.join(', ')}`);
    await ground.untilAnswered(all.length, answeredWithinMs, (count) => progress(`${count} have an outcome`));
    const kept = await checkOutcomes(ground, all, cancelled);
    const scheduling = await promisesOfScheduling(ground, fleet, progress);
    const vacuous = ofDoor.repeats === 0 ? ['the gateway was killed with nothing in flight'] : [];
    return {
      ...{ asked: all.length, throughDoor: ofDoor.ids.length, faults, figures: scheduling.figures },
      anomalies: [...ofDoor.anomalies, ...kept, ...vacuous, ...scheduling.anomalies],
    };
  } finally {
    await fleet.end();
    await ground.close();
  }
}

/** A database of its own, so that flushing it takes nothing from others. */
function ownRedis(stack: StackAddresses): StackAddresses {
  return { ...stack, redisUrl: `${stack.redisUrl.replace(/\/\d*$/, '')}/7` };
}

async function ask(ground: InferenceGround, requests: number, failed: AbortSignal) {
  const ids: string[] = [];
  const cancelled: string[] = [];
  const priorities = ['high', 'normal', 'low'] as const;
  const batch = Math.ceil(requests / batches);
  for (let sent = 0; ids.length < requests && !failed.aborted; sent++) {
    const asked = Array.from({ length: Math.min(batch, requests - ids.length) }, (_, place) => {
      const index = ids.length + place;
      const priority = priorities[index % 3] ?? 'normal';
      const tenant = index % 2 === 0 ? 'default' : 'wordy';
      const text = tenant === 'wordy' ? 'word '.repeat(300) : 'a few words of a question '.repeat(6);
      return ground.ask({ priority, tenant, text, tokens: 10, isStreamed: index % 5 === 0 });
    });
    const given = await Promise.all(asked);
    // Of the first tenant, whose requests have even places.
    const withdrawn = given[ids.length % 2];
    ids.push(...given);
    if (withdrawn !== undefined && sent % batchesPerCancel === 1) {
      cancelled.push(withdrawn);
      await ground.cancel(withdrawn);
    }
    await sleep(batchEveryMs);
  }
  return { ids, cancelled };
}

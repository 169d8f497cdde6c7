import { ChordaError } from '@chorda/client';
import { sleep } from '@chorda/kernel';

export interface PacedLoadOptions {
  /** As they are called where progress is told. */
  readonly what: string;
  /** How many are started at least. */
  readonly count: number;
  /** That are under way at once. */
  readonly atOnce: number;
  /** How many have ended or stand as an incident. */
  over(): Promise<number>;
  /** The load goes on until all faults are behind it, and a little further. */
  hasFaultsLeft(): boolean;
  /** Nothing is started after it; left out: there is no such time. Milliseconds since the epoch. */
  readonly startsUntilMs?: number;
  readonly progress: (line: string) => void;
}

/** How often a load looks, and asks again what was away. */
export const lookEveryMs = 250;
/** A fault that nobody ever hits would keep the load going for ever. */
const startsMaxFactor = 3;
/** So many at least begin after the last fault: whether the rest still works is seen in them alone. */
const startsAfterFaults = 5;
const tellEach = 500;

/**
 * Starts things as fast as they end.
 *
 * @param lead Starts one, and asks all that is to be asked of it. Its first throw ends the load.
 * @throws what `lead` threw.
 */
export async function startPaced(options: PacedLoadOptions, lead: (index: number) => Promise<void>): Promise<void> {
  const { what, count, atOnce, hasFaultsLeft, progress } = options;
  const leading = new Set<Promise<void>>();
  const faults: Error[] = [];
  const begin = (index: number) => {
    const led: Promise<void> = lead(index)
      .catch((error: unknown) => {
        faults.push(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => leading.delete(led));
    leading.add(led);
  };
  let over = 0;
  let lookAtMs = 0;
  for (let [index, last] = [0, count]; index < last;) {
    if (faults[0]) throw faults[0];
    if (Date.now() > (options.startsUntilMs ?? Infinity)) break;
    if (hasFaultsLeft()) last = Math.max(count, Math.min(index + startsAfterFaults, count * startsMaxFactor));
    if (Date.now() >= lookAtMs) {
      over = await options.over().catch(() => over);
      lookAtMs = Date.now() + lookEveryMs;
    }
    if (index - over >= atOnce) {
      await sleep(lookEveryMs / 5);
      continue;
    }
    begin(index++);
    if (index % tellEach === 0) progress(`${index} ${what} started, ${over} are over`);
  }
  await Promise.all(leading);
  if (faults[0]) throw faults[0];
}

/** Asks again, with the same key, whatever is away: everything is killed all the time. */
export async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      const answer = await ask();
      const isTaken = typeof answer === 'object' && answer !== null && Reflect.get(answer, 'status') === 'taken';
      if (!isTaken) return answer;
    } catch (error) {
      if (!(error instanceof ChordaError) || !error.retriable) throw error;
    }
    await sleep(lookEveryMs);
  }
}

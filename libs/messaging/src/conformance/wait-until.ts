import { sleep } from '@chorda/kernel';

const pollMs = 25;

/** Resolves with whether `condition` became true within `timeoutMs`. */
export async function becomes(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() > deadlineMs) return false;
    await sleep(pollMs);
  }
}

/** Resolves when `count` reaches `target`, or stays what it is for `quietMs`: what has not come by then is lost. */
export async function settles(count: () => number, target: number, quietMs: number): Promise<void> {
  let last = count();
  while (last < target && (await becomes(() => count() !== last, quietMs))) last = count();
}

/** A check cannot go on: what it waits for is its own set-up and not the thing it looks at. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  if (!(await becomes(condition, timeoutMs))) throw new Error(`Within ${timeoutMs} ms not seen: ${what}`);
}

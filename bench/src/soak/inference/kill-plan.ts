import type { PlannedKill, TimedKill } from '../victim.js';

/** A place to be killed at, and how often a process passes it for each request that it handles, at least. */
interface Place {
  readonly point: string;
  readonly perRequest: number;
}

const places = {
  worker: [
    { point: 'inference-in-claim', perRequest: 0.1 },
    { point: 'inference-in-call', perRequest: 0.8 },
    { point: 'inference-after-claim', perRequest: 0.8 },
    { point: 'inference-before-claim', perRequest: 0.8 },
    { point: 'inference-after-publish', perRequest: 0.8 },
  ],
  gateway: [
    { point: 'gateway-answered-unkept', perRequest: 0.8 },
    { point: 'gateway-kept-unanswered', perRequest: 0.8 },
  ],
} as const satisfies Readonly<Record<string, readonly Place[]>>;

/** A model server that was killed while sequences ran there. */
export const serverWithCalls = 'model-server-with-calls';

/** Where a call runs, an outcome is made and not stored or not published, a statement is on its way, or an answer is due. */
const inHand: ReadonlySet<string> = new Set([
  'inference-in-claim',
  'inference-in-call',
  'inference-before-claim',
  'inference-after-claim',
  'gateway-answered-unkept',
  serverWithCalls,
]);

/** The points at which something is in hand or a transaction open; the rest lie between one thing and the next. */
export function isInferenceInHand(point: string): boolean {
  return inHand.has(point);
}

interface Draw {
  /** Where in its points this process begins, so that not all are killed at the same. */
  readonly from: number;
  readonly count: number;
  /** That this process handles in the whole run, about. */
  readonly requests: number;
  random(): number;
}

/** Each point in turn, passed a random number of times before; every fourth kill comes from outside, at any moment. */
export function killsOf(
  kind: keyof typeof places,
  { from, count, requests, random }: Draw,
): readonly (PlannedKill | TimedKill)[] {
  const points: readonly Place[] = places[kind];
  return Array.from({ length: count }, (_, at) => {
    if (at % 4 === 3) return { afterMs: 5_000 + Math.round(random() * 5_000) };
    const { point = '', perRequest = 0 } = points[(at + from) % points.length] ?? {};
    // A life of half its share at most: the load has to last for all of them.
    const hit = (requests / count) * perRequest * 0.5 * (0.3 + random() * 0.7);
    return { point, hit: Math.max(1, Math.ceil(hit)) };
  });
}

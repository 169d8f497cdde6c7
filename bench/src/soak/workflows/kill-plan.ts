import type { PlannedKill, TimedKill } from '../victim.js';

/** A place to be killed at, and how often a process reaches it in a run of the load, at least. */
interface Place {
  readonly point: string;
  readonly perRun: number;
}

/** By the kind of process, in turn. */
const places: Readonly<Record<string, readonly Place[]>> = {
  orchestrator: [
    { point: 'decisions-before-commit', perRun: 0.7 },
    { point: 'decisions-mid-publish', perRun: 0.7 },
    { point: 'orchestrator-before-answer', perRun: 0.15 },
    { point: 'decisions-after-commit', perRun: 0.7 },
    { point: 'orchestrator-after-answer', perRun: 0.15 },
    { point: 'orchestrator-before-handover', perRun: 0.5 },
    { point: 'decisions-after-timers', perRun: 0.2 },
    { point: 'orchestrator-after-send', perRun: 0.15 },
    { point: 'decisions-after-publish', perRun: 0.7 },
    { point: 'orchestrator-after-handover', perRun: 0.5 },
  ],
  worker: [
    { point: 'worker-after-effect', perRun: 1.5 },
    { point: 'worker-before-effect', perRun: 1.5 },
  ],
  gateway: [
    { point: 'gateway-answered-unkept', perRun: 1.5 },
    { point: 'gateway-kept-unanswered', perRun: 1.5 },
    // Of a group of results each.
    { point: 'gateway-step-after-answer', perRun: 0.3 },
    { point: 'gateway-step-after-send', perRun: 0.3 },
  ],
  projector: [
    { point: 'before-rows', perRun: 0.1 },
    { point: 'after-rows-runs', perRun: 0.1 },
    { point: 'before-commit', perRun: 0.1 },
    { point: 'after-commit', perRun: 0.1 },
  ],
};

/** Where a turn is decided and not written, written and not published, or a batch, a request or a call is in hand. */
const inHand: ReadonlySet<string> = new Set([
  'decisions-before-commit',
  'decisions-after-commit',
  'decisions-mid-publish',
  'orchestrator-before-answer',
  'orchestrator-before-handover',
  'worker-before-effect',
  'worker-after-effect',
  'gateway-answered-unkept',
  'gateway-step-after-answer',
  'before-rows',
  'after-rows-runs',
  'before-commit',
]);

/** The points at which something is in hand; the rest lie between one thing and the next. */
export function isInHand(point: string): boolean {
  return inHand.has(point);
}

interface Draw {
  readonly count: number;
  readonly runs: number;
  random(): number;
}

/** Each point in turn, reached a random number of times before; every fourth kill comes from outside, at any moment. */
export function processKills(name: string, { count, runs, random }: Draw): readonly (PlannedKill | TimedKill)[] {
  const [kind = '', index = '0'] = name.split('-');
  const points = places[kind] ?? [];
  return Array.from({ length: count }, (_, at) => {
    if (at % 4 === 3) return { afterMs: 5_000 + Math.round(random() * 5_000) };
    // The second process of a kind begins elsewhere.
    const place = points[(at + Number(index) * 3) % points.length];
    const hitMax = (runs / count) * (place?.perRun ?? 0) * 0.5;
    return { point: place?.point ?? '', hit: Math.max(1, Math.ceil((0.3 + random() * 0.7) * hitMax)) };
  });
}

/** Mulberry32: the same numbers for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

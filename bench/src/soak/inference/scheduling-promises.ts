import { sleep } from '@chorda/kernel';
import { waitFor } from '../../backbone.js';
import type { InferenceGround, Running } from '../../inference/inference-ground.js';
import type { Fleet } from './fleet.js';

export interface SchedulingReport {
  readonly anomalies: readonly string[];
  /** What was seen, for people. */
  readonly figures: readonly string[];
}

interface Scene {
  readonly ground: InferenceGround;
  readonly fleet: Fleet;
  readonly simulator: Running;
  readonly worker: Running;
}

const fewSlots = 8;
const manySlots = 32;
const tokenMs = 10;
/** With it nothing ends while something is prepared, and yet no call is silent for so long that it is given up. */
const heldTokenMs = 20_000;
/** Answers take two seconds: long against the way to the server and back, also on a busy machine. */
const slowTokenMs = 40;
const slowTokens = 50;
const outcomeWithinMs = 300_000;
const classes = ['high', 'normal', 'low'] as const;
/** Requests of as many sessions are on all twelve partitions of a class. */
const onEveryPartition = 120;
const ofClass = 240;
/** Long enough for a dozen rounds of the scheduler: a round of short ones has them in blocks of a class. */
const ofRoundCharacters = 500;
/** Chosen while not all were read yet, and sent in whatever order those came that were chosen together. */
const warmingUp = 2 * fewSlots;
const lowBeforeHigh = 150;
const highAmongLow = 5;
const longPrompts = 60;
/** How many times as long as the others. */
const timesLonger = 10;
const longCharacters = 2_000;

/**
 * What one worker and one server undisturbed are held to. Nothing is held against the clock, and nothing depends on how
 * quickly anybody reads: the server answers nothing until the worker has read all that is to be served in order. What
 * counts is what went to the server before what, and whether a thing happens at all.
 */
export async function promisesOfScheduling(
  ground: InferenceGround,
  fleet: Fleet,
  progress: (line: string) => void,
): Promise<SchedulingReport> {
  const settings = { CHORDA_SIMULATOR_SLOTS: `${fewSlots}`, CHORDA_SIMULATOR_TOKEN_MS: `${tokenMs}` };
  const scene = { ground, fleet, ...(await fleet.alone(settings, { CHORDA_INFERENCE_WINDOW: `${fewSlots}` })) };
  await untilClear(scene);
  const reports = [];
  for (const promise of [shares, urgent, tenants, cancelIsSeen, windowFollows]) reports.push(await promise(scene));
  const figures = reports.flatMap((report) => report.figures);
  for (const figure of figures) progress(figure);
  return { anomalies: reports.flatMap((report) => report.anomalies), figures };
}

/** What killed workers had in hand is read again, from every partition, before anything is judged. */
async function untilClear({ ground, worker }: Scene): Promise<void> {
  const asks = classes.flatMap((priority) =>
    Array.from({ length: onEveryPartition }, () => ground.ask({ priority, tokens: 1 })),
  );
  const ids = await Promise.all(asks);
  await untilOutcomes(ground, ids, ids.length);
  await waitFor('The worker is done with all', outcomeWithinMs, async () => (await bufferedOf(worker)) === 0);
}

/** Shares are as 8 to 3 to 1 while all three wait, and the last class is not left out. */
async function shares(scene: Scene): Promise<SchedulingReport> {
  const priorityOf = new Map<string, (typeof classes)[number]>();
  await whileHeld(scene, async () => {
    for (const priority of classes) {
      const asks = Array.from({ length: ofClass }, (_, index) =>
        scene.ground.ask({ priority, tokens: 10, text: prompt(priority, index, ofRoundCharacters) }),
      );
      for (const id of await Promise.all(asks)) priorityOf.set(id, priority);
    }
    return [...priorityOf.keys()];
  });
  const order = await dispatched(scene.ground, [...priorityOf.keys()]);
  const places = order.map(({ id }) => priorityOf.get(id) ?? 'normal');
  // The last of a class wait for nobody but each other.
  const seen = places.slice(warmingUp, Math.max(warmingUp, places.lastIndexOf('high') - warmingUp));
  const [high = 0, normal = 0, low = 0] = classes.map((each) => seen.filter((priority) => priority === each).length);
  const figures = [`Shares of high, normal and low: ${high}, ${normal}, ${low} (8 to 3 to 1)`];
  const anomalies: string[] = [];
  if (!(high / normal > 2 && high / normal < 4)) anomalies.push(`high got ${high} and normal ${normal}: not 8 to 3`);
  if (!(normal / low > 1.8 && normal / low < 5)) anomalies.push(`normal got ${normal} and low ${low}: not 3 to 1`);
  return { anomalies, figures };
}

/** A request of high priority is not behind a backlog of low: fewer go before it than the server holds twice. */
async function urgent(scene: Scene): Promise<SchedulingReport> {
  const { ground } = scene;
  const low: string[] = [];
  const high: string[] = [];
  await whileHeld(scene, async () => {
    const asks = Array.from({ length: lowBeforeHigh }, () => ground.ask({ priority: 'low', tokens: 20 }));
    low.push(...(await Promise.all(asks)));
    return low;
  });
  while (high.length < highAmongLow) {
    const [id = ''] = await whileHeld(scene, async () => [await ground.ask({ priority: 'high', tokens: 5 })]);
    high.push(id);
    await untilOutcomes(ground, [id], 1);
  }
  const order = await dispatched(ground, [...low, ...high]);
  const seen = high.flatMap((id) => {
    const place = order.findIndex((each) => each.id === id);
    const own = order[place];
    const waited = order.slice(place + 1).filter((each) => low.includes(each.id)).length;
    if (!own || waited === 0) return [];
    const passed = order.slice(0, place).filter((each) => low.includes(each.id) && each.dispatchedMs > own.fetchedMs);
    return [{ passed: passed.length, waited }];
  });
  // A statement of Postgres that takes long for one of them is no fault of the order: of five, three tell.
  const usual = seen.map(({ passed }) => passed).toSorted((one, other) => one - other)[Math.floor(seen.length / 2)];
  const said = seen.map(({ passed, waited }) => `${passed} before and ${waited} after`).join(', ');
  return {
    figures: [`Of low that waited, there went to the server beside one of high: ${said}`],
    anomalies: [
      ...(usual === undefined ? ['low was over before high was asked'] : []),
      ...(usual !== undefined && usual > 2 * fewSlots ? [`${usual} of low priority went before one of high`] : []),
    ],
  };
}

/** Two tenants whose prompts differ tenfold get the same tokens, not the same number of answers. */
async function tenants(scene: Scene): Promise<SchedulingReport> {
  const asked = (tenant: string, count: number, length: number) =>
    Array.from({ length: count }, (_, index) =>
      scene.ground.ask({ tenant, tokens: 5, text: prompt(tenant, index, length) }),
    );
  const long: string[] = [];
  const short: string[] = [];
  await whileHeld(scene, async () => {
    long.push(...(await Promise.all(asked('default', longPrompts, longCharacters))));
    short.push(...(await Promise.all(asked('wordy', longPrompts * timesLonger, longCharacters / timesLonger))));
    return [...long, ...short];
  });
  const order = await dispatched(scene.ground, [...long, ...short]);
  // While both wait; and past the time in which one makes up for what the other had first.
  const end = Math.min(...[long, short].map((ids) => order.findLastIndex(({ id }) => ids.includes(id))));
  const both = order.slice(Math.floor(end / 2), end - warmingUp);
  const tokensOf = (ids: readonly string[]) =>
    both.filter(({ id }) => ids.includes(id)).reduce((sum, { tokens }) => sum + tokens, 0);
  const [ofLong, ofShort] = [tokensOf(long), tokensOf(short)];
  const ratio = ofLong / ofShort;
  const figures = [`Tokens of the tenant with long prompts and of the other: ${ofLong}, ${ofShort}`];
  const isEven = ratio > 0.6 && ratio < 1.6;
  return { figures, anomalies: isEven ? [] : [`tenants got ${ofLong} and ${ofShort} tokens`] };
}

/** Asks while the server holds still, and lets it go on when the worker has read all of it. */
async function whileHeld(
  { ground, fleet, worker }: Scene,
  ask: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  await fleet.serve({ token_ms: heldTokenMs });
  const ids = await ask();
  await waitFor('The worker has read them', outcomeWithinMs, async () => {
    await ground.read();
    return (await bufferedOf(worker)) >= unanswered(ground, ids);
  });
  await fleet.serve({ token_ms: tokenMs });
  return ids;
}

/** Whoever withdraws a request that runs frees its place at the server. */
async function cancelIsSeen({ ground, fleet, simulator }: Scene): Promise<SchedulingReport> {
  await fleet.serve({ token_ms: heldTokenMs });
  const id = await ground.ask({ tokens: 2_000 });
  const running = async () => (await logged(simulator, '/simulator')).includes('"running":1');
  await waitFor('The request runs', outcomeWithinMs, running);
  await ground.cancel(id);
  await untilOutcomes(ground, [id], 1);
  const entry = async () =>
    (await logged(simulator, '/simulator/requests')).split('\n').find((line) => line.includes(id)) ?? '';
  await waitFor('The server tells of it', outcomeWithinMs, async () => (await entry()) !== '');
  const line = await entry();
  const isAborted = line.includes('"outcome":"abort"') && ground.answered.get(id)?.types.has('inference.cancelled');
  return { figures: [], anomalies: isAborted ? [] : [`the server was not told of a cancel: ${line}`] };
}

/** The window comes down when a server has half of its slots, and goes up again with them. */
async function windowFollows({ ground, fleet, simulator, worker }: Scene): Promise<SchedulingReport> {
  const load = new AbortController();
  const asked: string[] = [];
  const loading = (async () => {
    while (!load.signal.aborted) {
      await ground.read();
      if (unanswered(ground, asked) < 4 * manySlots) {
        const asks = Array.from({ length: manySlots }, () => ground.ask({ tokens: slowTokens }));
        asked.push(...(await Promise.all(asks)));
      }
      await sleep(50, load.signal);
    }
  })();
  const seen: number[] = [];
  const reaches = async (what: string, isThere: (window: number) => boolean) => {
    await waitFor(what, outcomeWithinMs, async () => {
      await sleep(200);
      return isThere(await windowOf(worker, simulator));
    });
    seen.push(await windowOf(worker, simulator));
  };
  const anomalies: string[] = [];
  try {
    await fleet.serve({ slots: manySlots, token_ms: slowTokenMs });
    await reaches('The window is as wide as the slots', (window) => window >= manySlots * 0.9);
    await fleet.serve({ slots: manySlots / 2 });
    await reaches('The window is halved', (window) => window <= manySlots * 0.7);
    await fleet.serve({ slots: manySlots });
    await reaches('The window has recovered', (window) => window >= manySlots * 0.9);
  } catch (error) {
    anomalies.push(`${String(error)}; the window is ${await windowOf(worker, simulator)}`);
  } finally {
    load.abort();
    await loading;
    await fleet.serve({ token_ms: tokenMs });
  }
  await untilOutcomes(ground, asked, asked.length);
  return {
    anomalies,
    figures: [`The window with ${manySlots} slots, half of them, and all again: ${seen.join(', ')}`],
  };
}

/** Unlike any other from its beginning on, so that no cache makes it cheaper. */
function prompt(of: string, index: number, length: number): string {
  return `${of} ${index} `.padEnd(length, `${index} word `);
}

interface Dispatched {
  readonly id: string;
  readonly fetchedMs: number;
  readonly dispatchedMs: number;
  readonly tokens: number;
}

/** In the order in which they went to the server, once all are answered. */
async function dispatched(ground: InferenceGround, ids: readonly string[]): Promise<readonly Dispatched[]> {
  await untilOutcomes(ground, ids, ids.length);
  await waitFor('Their usage is there', outcomeWithinMs, async () => {
    await ground.read();
    return ids.every((id) => (ground.answered.get(id)?.usages.length ?? 0) > 0);
  });
  const all = ids.flatMap((id) => {
    const [usage] = ground.answered.get(id)?.usages ?? [];
    if (!usage) return [];
    const { fetched_at: fetched, dispatched_at: sent, prompt_tokens, completion_tokens } = usage;
    return [{ id, fetchedMs: fetched ?? 0, dispatchedMs: sent ?? 0, tokens: prompt_tokens + completion_tokens }];
  });
  return all.toSorted((one, other) => one.dispatchedMs - other.dispatchedMs);
}

async function untilOutcomes(ground: InferenceGround, ids: readonly string[], count: number): Promise<void> {
  await waitFor(`${count} outcomes`, outcomeWithinMs, async () => {
    await ground.read();
    return ids.length - unanswered(ground, ids) >= count;
  });
}

function unanswered(ground: InferenceGround, ids: readonly string[]): number {
  return ids.filter((id) => (ground.answered.get(id)?.bodies.size ?? 0) === 0).length;
}

async function logged(simulator: Running, path: string): Promise<string> {
  return (await fetch(`${simulator.url}${path}`)).text();
}

/** As the worker tells it of this server. */
async function windowOf(worker: Running, simulator: Running): Promise<number> {
  const [window = 0] = await samplesOf(worker, 'chorda_inference_window_sequences{', new URL(simulator.url).host);
  return window;
}

/** Requests that the worker has read and that are not done. */
async function bufferedOf(worker: Running): Promise<number> {
  const samples = await samplesOf(worker, 'chorda_inference_buffered_requests{');
  return samples.reduce((sum, value) => sum + value, 0);
}

async function samplesOf(worker: Running, name: string, label = ''): Promise<readonly number[]> {
  const page = await (await fetch(`${worker.url}/metrics`)).text();
  const lines = page.split('\n').filter((line) => line.startsWith(name) && line.includes(label));
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
}

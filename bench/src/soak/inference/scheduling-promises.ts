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
const outcomeWithinMs = 300_000;
const classes = ['high', 'normal', 'low'] as const;
const ofClass = 240;
/** Long enough for a dozen rounds of the scheduler: a round of short ones has them in blocks of a class. */
const ofRoundCharacters = 500;
/** Dispatched before what was read of all queues is in order. */
const warmingUp = 2 * fewSlots;
/** Of a class, so that its share says something. */
const seenMin = 5;
const lowBeforeHigh = 100;
const longPrompts = 60;
/** How many times as long as the others. */
const timesLonger = 10;
const longCharacters = 2_000;

/**
 * What one worker and one server undisturbed are held to. Nothing is held against the clock: what counts is what went to
 * the server before what, and whether a thing happens at all.
 */
export async function promisesOfScheduling(
  ground: InferenceGround,
  fleet: Fleet,
  progress: (line: string) => void,
): Promise<SchedulingReport> {
  const backlog: { readonly id: string; readonly priority: (typeof classes)[number] }[] = [];
  const settings = { CHORDA_SIMULATOR_SLOTS: `${fewSlots}`, CHORDA_SIMULATOR_TOKEN_MS: `${tokenMs}` };
  const { simulator, worker } = await fleet.alone(settings, { CHORDA_INFERENCE_WINDOW: `${fewSlots}` }, async () => {
    for (const priority of classes) {
      const asks = Array.from({ length: ofClass }, (_, index) =>
        ground.ask({ priority, tokens: 10, text: prompt(priority, index, ofRoundCharacters) }),
      );
      backlog.push(...(await Promise.all(asks)).map((id) => ({ id, priority })));
    }
  });
  const scene = { ground, fleet, simulator, worker };
  const reports = [];
  for (const promise of [() => shares(scene, backlog), () => urgent(scene), () => tenants(scene)])
    reports.push(await promise());
  for (const promise of [cancelIsSeen, windowFollows]) reports.push(await promise(scene));
  const figures = reports.flatMap((report) => report.figures);
  for (const figure of figures) progress(figure);
  return { anomalies: reports.flatMap((report) => report.anomalies), figures };
}

/** Shares are as 8 to 3 to 1 while all three wait, and the last class is not left out. */
async function shares(
  { ground }: Scene,
  backlog: readonly { readonly id: string; readonly priority: (typeof classes)[number] }[],
): Promise<SchedulingReport> {
  const priorityOf = new Map(backlog.map(({ id, priority }) => [id, priority]));
  const order = await dispatched(
    ground,
    backlog.map(({ id }) => id),
  );
  const places = order.map(({ id }) => priorityOf.get(id) ?? 'normal');
  // The queues are read one by one, and until the last has come the others share what there is.
  const firstReads = classes.map((each) =>
    Math.min(...order.filter((_, at) => places[at] === each).map(({ fetchedMs }) => fetchedMs)),
  );
  const from = order.findIndex(({ dispatchedMs }) => dispatchedMs > Math.max(...firstReads)) + warmingUp;
  // The last of a class wait for nobody but each other.
  const seen = places.slice(from, Math.max(from, places.lastIndexOf('high') - fewSlots));
  const [high = 0, normal = 0, low = 0] = classes.map((each) => seen.filter((priority) => priority === each).length);
  const figures = [`Shares of high, normal and low: ${high}, ${normal}, ${low} (8 to 3 to 1)`];
  const anomalies: string[] = [];
  if (low < seenMin) anomalies.push(`${low} of low were seen: the queues were read too late for a judgement`);
  // Somewhat more than its weight goes to high: a tenth of the window is kept for it.
  if (high / normal < 2 || high / normal > 5) anomalies.push(`high got ${high} and normal ${normal}: not 8 to 3`);
  if (normal / low < 1.8 || normal / low > 6) anomalies.push(`normal got ${normal} and low ${low}: not 3 to 1`);
  return { anomalies, figures };
}

/** A request of high priority is not behind a backlog of low: fewer go before it than the server holds twice. */
async function urgent({ ground }: Scene): Promise<SchedulingReport> {
  const low: string[] = [];
  const high: string[] = [];
  for (let asked = 0; asked < 5; asked++) {
    const more = Array.from({ length: lowBeforeHigh }, () => ground.ask({ priority: 'low', tokens: 40 }));
    low.push(...(await Promise.all(more)));
    await untilOutcomes(ground, low, low.length - lowBeforeHigh + 1);
    const id = await ground.ask({ priority: 'high', tokens: 5 });
    high.push(id);
    await untilOutcomes(ground, [id], 1);
  }
  const order = await dispatched(ground, [...low, ...high]);
  const before = high.map((id) => {
    const own = order.find((each) => each.id === id);
    if (!own) return Infinity;
    return order.filter(({ id: other, dispatchedMs }) => {
      return low.includes(other) && dispatchedMs > own.fetchedMs && dispatchedMs < own.dispatchedMs;
    }).length;
  });
  const most = Math.max(...before);
  const waiting = high.map((id) => {
    const place = order.findIndex((each) => each.id === id);
    return order.slice(place + 1).filter((each) => low.includes(each.id)).length;
  });
  return {
    figures: [`Of low that waited, ${before.join(', ')} went before each of five high, ${waiting.join(', ')} after it`],
    anomalies: [
      ...(most > 2 * fewSlots ? [`${most} of low priority went before one of high`] : []),
      ...(Math.max(...waiting) === 0 ? ['low was over before high was asked'] : []),
    ],
  };
}

/** Two tenants whose prompts differ tenfold get the same tokens, not the same number of answers. */
async function tenants({ ground }: Scene): Promise<SchedulingReport> {
  const asked = (tenant: string, count: number, length: number) =>
    Array.from({ length: count }, (_, index) => ground.ask({ tenant, tokens: 5, text: prompt(tenant, index, length) }));
  const [long, short] = await Promise.all([
    Promise.all(asked('default', longPrompts, longCharacters)),
    Promise.all(asked('wordy', longPrompts * timesLonger, longCharacters / timesLonger)),
  ]);
  const order = await dispatched(ground, [...long, ...short]);
  // While both wait.
  const ends = [long, short].map((ids) => order.findLastIndex(({ id }) => ids.includes(id)));
  const both = order.slice(warmingUp, Math.max(warmingUp, Math.min(...ends) - warmingUp));
  const tokensOf = (ids: readonly string[]) =>
    both.filter(({ id }) => ids.includes(id)).reduce((sum, { tokens }) => sum + tokens, 0);
  const [ofLong, ofShort] = [tokensOf(long), tokensOf(short)];
  const ratio = ofLong / ofShort;
  const figures = [`Tokens of the tenant with long prompts and of the other: ${ofLong}, ${ofShort}`];
  const isEven = ratio > 0.7 && ratio < 1.4;
  return { figures, anomalies: isEven ? [] : [`tenants got ${ofLong} and ${ofShort} tokens`] };
}

/** Whoever withdraws a request that runs frees its place at the server. */
async function cancelIsSeen({ ground, simulator }: Scene): Promise<SchedulingReport> {
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
      if (unanswered(ground, asked) < 10 * manySlots)
        asked.push(...(await Promise.all(Array.from({ length: manySlots }, () => ground.ask({ tokens: 10 })))));
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
    await fleet.slots(manySlots);
    await reaches('The window is as wide as the slots', (window) => window >= manySlots * 0.9);
    await fleet.slots(manySlots / 2);
    await reaches('The window is halved', (window) => window <= manySlots * 0.7);
    await fleet.slots(manySlots);
    await reaches('The window has recovered', (window) => window >= manySlots * 0.9);
  } catch (error) {
    anomalies.push(`${String(error)}; the window is ${await windowOf(worker, simulator)}`);
  } finally {
    load.abort();
    await loading;
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
  const page = await (await fetch(`${worker.url}/metrics`)).text();
  const line = page
    .split('\n')
    .find(
      (each) => each.startsWith('chorda_inference_window_sequences{') && each.includes(new URL(simulator.url).host),
    );
  return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? 0);
}

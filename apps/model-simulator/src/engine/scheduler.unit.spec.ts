import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineDefaults, type EngineSettings } from './engine-settings.js';
import { Scheduler, type SchedulerObserver } from './scheduler.js';
import { Sequence, type SequenceRequest } from './sequence.js';

interface Asked {
  readonly atMs: number;
  readonly prompt: number;
  readonly answer: number;
  readonly priority: number;
  readonly isStreamed: boolean;
  readonly lora: string | undefined;
  /** The same letter: the same beginning. */
  readonly letter: number;
  readonly leavesAfterMs: number | undefined;
}

const lorasOfRequests = [undefined, undefined, 'a', 'b', 'c'];

const asked: fc.Arbitrary<Asked> = fc.record({
  atMs: fc.integer({ min: 0, max: 300 }),
  prompt: fc.integer({ min: 1, max: 24 }),
  answer: fc.integer({ min: 0, max: 24 }),
  priority: fc.integer({ min: -2, max: 2 }),
  isStreamed: fc.boolean(),
  lora: fc.constantFrom(...lorasOfRequests),
  letter: fc.integer({ min: 0, max: 2 }),
  leavesAfterMs: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined, freq: 4 }),
});

const settings: fc.Arbitrary<EngineSettings> = fc
  .record({
    slots: fc.integer({ min: 1, max: 5 }),
    policy: fc.constantFrom('fcfs' as const, 'priority' as const),
    // One request of the greatest length fits in 12 blocks of 4: little more is pressure.
    kvBlocks: fc.integer({ min: 13, max: 30 }),
    sharesPrefixes: fc.boolean(),
    prefillMs: fc.constantFrom(0, 3, 7.5),
    prefillTokenMs: fc.constantFrom(0, 0.5),
    tokenMs: fc.constantFrom(0, 1, 2.5),
    lorasMax: fc.integer({ min: 1, max: 3 }),
  })
  .map((some) => ({ ...engineDefaults, ...some, modelTokensMax: 48, blockTokens: 4 }));

/** An assertion that may be asked hundreds of thousands of times. */
function must(holds: boolean, what: string): void {
  if (!holds) expect.fail(what);
}

/** Drives a scheduler, and looks at every promise at every step. */
class Watched implements SchedulerObserver {
  readonly scheduler: Scheduler;
  readonly all: Sequence[] = [];
  readonly startOrder: string[] = [];
  tokens = 0;
  slots: number;
  private readonly waiting = new Set<Sequence>();
  private readonly runningLoras = new Map<string, number>();

  constructor(private readonly settingsOf: EngineSettings) {
    this.slots = settingsOf.slots;
    this.scheduler = new Scheduler(settingsOf, 0, this);
  }

  ask(one: Asked, id: string): Sequence {
    const tokens = new Uint16Array(one.prompt + one.answer).fill(one.letter);
    const request: SequenceRequest = {
      ...{ id, tokens, promptTokens: one.prompt, priority: one.priority, isStreamed: one.isStreamed },
      ...(one.lora !== undefined && { lora: one.lora }),
      finishReason: 'stop',
      onTokens: () => undefined,
      onFinished: (sequence) => must(sequence.generated === one.answer, 'finished before its last token'),
    };
    const sequence = this.scheduler.submit(request, one.atMs);
    this.all.push(sequence);
    if (sequence.state === 'waiting') this.waiting.add(sequence);
    return sequence;
  }

  onStarted(sequence: Sequence, _prompt: number, cached: number): void {
    must(this.scheduler.runningCount < this.slots, 'more run than there are slots');
    must(cached < sequence.knownTokens, 'nothing is left to compute');
    this.waiting.delete(sequence);
    this.startOrder.push(sequence.request.id);
    this.checkOrder(sequence);
    const { lora } = sequence.request;
    if (lora !== undefined) this.runningLoras.set(lora, (this.runningLoras.get(lora) ?? 0) + 1);
    must(this.runningLoras.size <= this.settingsOf.lorasMax, 'more adapters run than may');
  }

  onFirstToken(): void {
    this.tokens += 1;
  }

  onNextTokens(_sequence: Sequence, count: number, gapMs: number): void {
    must(count > 0 && gapMs >= 0, 'tokens that are none');
    this.tokens += count;
  }

  onPreempted(sequence: Sequence): void {
    this.leaveLora(sequence);
    this.waiting.add(sequence);
  }

  onFinished(sequence: Sequence): void {
    this.leaveLora(sequence);
  }

  onAborted(sequence: Sequence): void {
    if (!this.waiting.delete(sequence)) this.leaveLora(sequence);
  }

  check(): void {
    const { cache, runningCount, waitingCount } = this.scheduler;
    must(cache.usedBlocks >= 0, 'fewer than no blocks are used');
    must(cache.usedBlocks + cache.idleBlocks <= cache.blocksMax, 'more blocks than there are');
    must(runningCount > 0 || cache.usedBlocks === 0, 'blocks are used by nobody');
    const count = (state: Sequence['state']) => this.all.filter((one) => one.state === state).length;
    must(runningCount === count('running') && waitingCount === count('waiting'), 'somebody is lost');
  }

  /** Nobody starts past somebody who stands before them, but for somebody whose adapter has no place. */
  private checkOrder(sequence: Sequence): void {
    for (const other of this.waiting) {
      const { lora } = other.request;
      const hasPlace =
        lora === undefined || this.runningLoras.has(lora) || this.runningLoras.size < this.settingsOf.lorasMax;
      if (!hasPlace) continue;
      const isBefore = other.rank < sequence.rank || (other.rank === sequence.rank && other.order < sequence.order);
      must(!isBefore, `${sequence.request.id} started before ${other.request.id}`);
    }
  }

  private leaveLora({ request: { lora } }: Sequence): void {
    if (lora === undefined) return;
    const uses = (this.runningLoras.get(lora) ?? 0) - 1;
    if (uses === 0) this.runningLoras.delete(lora);
    else this.runningLoras.set(lora, uses);
  }
}

/** Arrivals, departures and looks at the clock, in the order of time. */
function run(given: EngineSettings, requests: readonly Asked[], looksEveryMs: number): Watched {
  const watched = new Watched(given);
  const sequences = new Map<Asked, Sequence>();
  const events: { atMs: number; rank: number; act: () => void }[] = [];
  for (const [index, one] of requests.entries()) {
    events.push({ atMs: one.atMs, rank: index, act: () => sequences.set(one, watched.ask(one, `r${index}`)) });
    if (one.leavesAfterMs === undefined) continue;
    const atMs = one.atMs + one.leavesAfterMs;
    const leave = () => {
      const sequence = sequences.get(one);
      if (sequence !== undefined) watched.scheduler.abort(sequence, atMs);
    };
    events.push({ atMs, rank: 1_000 + index, act: leave });
  }
  for (let atMs = 0; atMs < 600; atMs += looksEveryMs) {
    events.push({ atMs, rank: 2_000, act: () => watched.scheduler.settleAll(atMs) });
  }
  for (const { act } of events.toSorted((a, b) => a.atMs - b.atMs || a.rank - b.rank)) {
    act();
    watched.check();
  }
  watched.scheduler.advance(100_000);
  watched.check();
  return watched;
}

const requestsOf = fc.array(asked, { minLength: 1, maxLength: 40 });

describe('the scheduler', () => {
  it('never runs more than its slots, keeps the order, never runs out of blocks, and accounts for every token', () => {
    fc.assert(
      fc.property(settings, requestsOf, (given, requests) => {
        const { all, tokens, scheduler } = run(given, requests, 5);
        expect(all.every(({ state }) => state === 'finished')).toBe(true);
        expect(tokens).toBe(all.reduce((sum, { generated }) => sum + generated, 0));
        expect([scheduler.runningCount, scheduler.waitingCount, scheduler.cache.usedBlocks]).toEqual([0, 0, 0]);
      }),
      { numRuns: 200 },
    );
  });

  it('comes out the same however late its timers are', () => {
    const ends = ({ all }: Watched) =>
      all.map(({ startedMs, firstTokenMs, finishedMs, generated }) => [startedMs, firstTokenMs, finishedMs, generated]);
    fc.assert(
      fc.property(settings, requestsOf, (given, requests) => {
        expect(ends(run(given, requests, 7))).toEqual(ends(run(given, requests, 400)));
      }),
      { numRuns: 100 },
    );
  });

  it('takes S slots times T seconds: N requests of one length are through after N / S rounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 6 }), (slots, rounds) => {
        const given = { ...engineDefaults, slots, prefillMs: 20, tokenMs: 10 };
        const watched = new Watched(given);
        const one = { atMs: 0, prompt: 4, answer: 9, priority: 0, isStreamed: false, lora: undefined, letter: 1 };
        const all = Array.from({ length: slots * rounds }, (_, index) =>
          watched.ask({ ...one, leavesAfterMs: undefined }, `r${index}`),
        );
        watched.scheduler.advance(1e6);
        expect(all.at(-1)?.finishedMs).toBeCloseTo(rounds * (20 + 8 * 10), 6);
        const { meanRunning, meanSlots } = watched.scheduler.occupancy.report(rounds * 100);
        expect([meanRunning, meanSlots]).toEqual([expect.closeTo(slots, 6), slots]);
      }),
      { numRuns: 30 },
    );
  });
});

function requestOf(id: string, fields: Partial<SequenceRequest> = {}, prompt = 8, answer = 8): SequenceRequest {
  const tokens = new Uint16Array(prompt + answer).fill(7);
  return {
    ...{ id, tokens, promptTokens: prompt, priority: 0, finishReason: 'stop', isStreamed: false },
    onTokens: () => undefined,
    onFinished: () => undefined,
    ...fields,
  };
}

function quiet(given: Partial<EngineSettings>): Scheduler {
  const nothing = () => undefined;
  const observer = {
    ...{ onStarted: nothing, onFirstToken: nothing, onNextTokens: nothing },
    ...{ onPreempted: nothing, onFinished: nothing, onAborted: nothing },
  };
  return new Scheduler({ ...engineDefaults, blockTokens: 4, kvBlocks: 1_000, ...given }, 0, observer);
}

describe('under pressure', () => {
  it('takes the blocks of the last that came, which goes on later with what it has said', () => {
    // 6 blocks of 4: two prompts of 8 take 4 of them, two answers of 12 would need 6 more.
    const scheduler = quiet({ kvBlocks: 7, tokenMs: 1, sharesPrefixes: false, modelTokensMax: 24 });
    const first = scheduler.submit(requestOf('first', {}, 8, 12), 0);
    const last = scheduler.submit(requestOf('last', {}, 8, 12), 0);
    scheduler.advance(8);
    expect([first.state, last.state, last.preemptions]).toEqual(['running', 'waiting', 1]);
    expect(last.generated).toBeGreaterThan(0);
    scheduler.advance(1_000);
    expect([first.preemptions, first.generated, last.generated]).toEqual([0, 12, 12]);
    expect(last.finishedMs).toBeGreaterThan(first.finishedMs ?? Infinity);
  });

  it('takes them from the lowest priority, whoever came last', () => {
    const scheduler = quiet({ policy: 'priority', kvBlocks: 7, tokenMs: 1, sharesPrefixes: false, modelTokensMax: 24 });
    const low = scheduler.submit(requestOf('low', { priority: 5 }, 8, 12), 0);
    const high = scheduler.submit(requestOf('high', { priority: 0 }, 8, 12), 0);
    scheduler.advance(8);
    expect([low.state, high.state]).toEqual(['waiting', 'running']);
  });

  it('displaces nobody that runs for a priority: it only goes first in the queue', () => {
    const scheduler = quiet({ policy: 'priority', slots: 1, tokenMs: 1 });
    const running = scheduler.submit(requestOf('running', { priority: 5 }), 0);
    const low = scheduler.submit(requestOf('low', { priority: 5 }), 1);
    const high = scheduler.submit(requestOf('high', { priority: 0 }), 2);
    scheduler.advance(3);
    expect([running.state, low.state, high.state]).toEqual(['running', 'waiting', 'waiting']);
    scheduler.advance(8);
    expect([running.state, low.state, high.state]).toEqual(['finished', 'waiting', 'running']);
  });

  it('refuses past its bounds, all of a request or none, and takes again when there is room', () => {
    const scheduler = quiet({ slots: 1, queuedRequestsMax: 3, queuedTokensMax: 20, tokenMs: 1 });
    expect(scheduler.admission(4, 8)).toBe('max_num_queued_reqs');
    scheduler.submit(requestOf('one'), 0);
    scheduler.submit(requestOf('two'), 0);
    expect(scheduler.admission(2, 8)).toBe('max_num_queued_reqs');
    expect(scheduler.admission(1, 13)).toBe('max_num_queued_tokens');
    expect(scheduler.admission(1, 12)).toBe('admitted');
    scheduler.advance(100);
    expect(scheduler.admission(3, 20)).toBe('admitted');
  });

  it('lets what runs go on when slots are taken away live, and starts nobody until it is under them', () => {
    const scheduler = quiet({ slots: 4, tokenMs: 1 });
    for (const id of ['a', 'b', 'c', 'd', 'e']) scheduler.submit(requestOf(id), 0);
    scheduler.change({ slots: 2 }, 1);
    expect([scheduler.runningCount, scheduler.waitingCount]).toEqual([4, 1]);
    scheduler.advance(7);
    expect([scheduler.runningCount, scheduler.waitingCount]).toEqual([1, 0]);
    scheduler.change({ slots: 8 }, 8);
    for (const id of ['f', 'g', 'h']) scheduler.submit(requestOf(id), 8);
    expect(scheduler.runningCount).toBe(4);
  });
});

it('takes a new pace at once, and the next token at the latest when it was due', () => {
  const scheduler = quiet({ tokenMs: 1_000, prefillMs: 10 });
  const running = scheduler.submit(requestOf('running'), 0);
  scheduler.change({ tokenMs: 1 }, 500);
  scheduler.advance(508);
  expect([running.generated, running.finishedMs]).toEqual([8, 507]);
  const slowed = scheduler.submit(requestOf('slowed'), 1_000);
  scheduler.change({ tokenMs: 100 }, 1_010.5);
  scheduler.advance(5_000);
  expect(slowed.finishedMs).toBeCloseTo(1_011 + 600, 6);
});

describe('the prefix cache', () => {
  it('finds the blocks of a prompt again, never all of them, and only under the same salt and adapter', () => {
    const scheduler = quiet({ prefillTokenMs: 1 });
    const first = scheduler.submit(requestOf('first', {}, 16, 1), 0);
    scheduler.advance(100);
    const again = scheduler.submit(requestOf('again', {}, 16, 1), 100);
    const salted = scheduler.submit(requestOf('salted', { cacheSalt: 'tenant' }, 16, 1), 100);
    const adapted = scheduler.submit(requestOf('adapted', { lora: 'a' }, 16, 1), 100);
    scheduler.advance(200);
    const cached = [first, again, salted, adapted].map(({ cachedTokens }) => cachedTokens);
    expect(cached).toEqual([0, 12, 0, 0]);
    expect(first.createdCacheTokens).toBe(16);
    expect([first, again].map(({ startedMs = 0, finishedMs = 0 }) => finishedMs - startedMs)).toEqual([16, 4]);
  });

  it('finds an answer again as a part of the next prompt', () => {
    const scheduler = quiet({});
    scheduler.submit(requestOf('turn', {}, 8, 9), 0);
    const next = scheduler.submit(requestOf('next turn', {}, 24, 1), 1);
    expect(next.cachedTokens).toBe(16);
  });

  it('forgets the block that was given back first when it needs room', () => {
    const scheduler = quiet({ kvBlocks: 6, modelTokensMax: 20 });
    const ask = (letter: number) => {
      const tokens = new Uint16Array(9).fill(letter);
      return scheduler.submit({ ...requestOf(`r${letter}`), tokens, promptTokens: 9 }, letter);
    };
    ask(1);
    ask(2);
    // Two full blocks of each are kept; a third prompt takes the place of the oldest, from its end.
    ask(3);
    expect(ask(2).cachedTokens).toBe(8);
    expect(ask(1).cachedTokens).toBe(0);
  });
});

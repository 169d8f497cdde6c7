import { afterEach, describe, expect, it, vi } from 'vitest';
import { StepError, type StepWorkerOptions, type WorkerTrouble } from './index.js';
import { stepsGateway, type StepsGateway } from './steps-gateway.fixture.spec.js';

vi.setConfig({ testTimeout: 30_000 });
const patient = { timeout: 20_000, interval: 5 };
const until = (holds: () => void) => vi.waitFor(holds, patient);
const stopping: AbortController[] = [];
afterEach(() => stopping.splice(0).forEach((each) => each.abort()));

/** A worker that runs, what it was told of, and its stop. */
function started(gateway: StepsGateway, options: StepWorkerOptions = {}) {
  const troubles: WorkerTrouble[] = [];
  const stop = new AbortController();
  stopping.push(stop);
  const worker = gateway.client().stepWorker({ onTrouble: (trouble) => troubles.push(trouble), ...options });
  return {
    worker,
    troubles,
    run: () => {
      const running = worker.run(stop.signal);
      running.catch(() => undefined);
      return running;
    },
    stop: () => stop.abort(),
  };
}

/** Ends when it is told to, or aborted. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

describe('a worker of steps', () => {
  it('asks for its tools, and answers each step with its output or what it threw', async () => {
    const gateway = await stepsGateway();
    const { worker, run, stop } = started(gateway, { name: 'mine', queue: 'heavy', concurrency: 7 });
    worker.tool<{ n: number }>('double', ({ n }) => n * 2);
    worker.tool('nothing', () => undefined);
    worker.tool('refuse', () => {
      throw new StepError('NO_STOCK', 'Sold out', { class: 'business', retriable: false, details: { left: 0 } });
    });
    worker.tool('fall', () => {
      throw new TypeError('by accident');
    });
    const running = run();
    gateway.give(
      { work_id: 'a', tool: 'double', input: { n: 21 } },
      { work_id: 'b', tool: 'nothing' },
      { work_id: 'c', tool: 'refuse' },
      { work_id: 'd', tool: 'fall' },
      { work_id: 'e', tool: 'unheard_of' },
    );
    await until(() => expect(gateway.answers.size).toBe(5));
    stop();
    await running;

    expect(gateway.polls[0]).toEqual({
      ...{ tools: ['double', 'nothing', 'refuse', 'fall'], max: 7, wait_ms: 20_000, worker: 'mine', queue: 'heavy' },
    });
    expect(gateway.answerOf('a')).toMatchObject({ lease_token: 'lease-a', output: 42 });
    expect(gateway.answerOf('b')).toMatchObject({ output: null });
    expect(gateway.answerOf('c').error).toEqual({
      ...{ code: 'NO_STOCK', message: 'Sold out', class: 'business', retriable: false, details: { left: 0 } },
    });
    expect(gateway.answerOf('d').error).toEqual({ code: 'TOOL_FAILED', message: 'by accident' });
    expect(gateway.answerOf('e').error).toMatchObject({ code: 'TOOL_UNKNOWN' });
  });

  it('asks for no more than it has room for, and for 100 at most', async () => {
    const gateway = await stepsGateway();
    const hold = gate();
    const { worker, run, stop } = started(gateway, { concurrency: 3 });
    worker.tool('wait', () => hold.opened);
    const running = run();
    gateway.give(...['a', 'b', 'c', 'd', 'e'].map((work_id) => ({ work_id, tool: 'wait' })));
    await until(() => expect(gateway.left()).toBe(2));
    // Full: it asks again when something has ended, and not before.
    const polled = gateway.polls.length;
    hold.open();
    await until(() => expect(gateway.answers.size).toBe(5));
    stop();
    await running;
    expect(gateway.polls.slice(0, polled).map(({ max }) => max)).toEqual([3]);
    expect(Math.max(...gateway.polls.map(({ max }) => max))).toBeLessThanOrEqual(3);

    const wide = await stepsGateway();
    const other = started(wide, { concurrency: 5_000 });
    other.worker.tool('wait', () => 1);
    void other.run();
    await until(() => expect(wide.polls[0]?.max).toBe(100));
  });

  it('keeps its lease while the tool runs, and stops keeping it with the answer', async () => {
    const gateway = await stepsGateway();
    const holds = { first: gate(), second: gate() };
    const { worker, run } = started(gateway);
    worker.tool('first', () => holds.first.opened);
    worker.tool('second', () => holds.second.opened);
    void run();
    gateway.give({ work_id: 'a', tool: 'first', lease_ms: 60 }, { work_id: 'b', tool: 'second', lease_ms: 60 });
    await until(() => expect(gateway.beatsOf('a')).toBeGreaterThanOrEqual(3));
    const [beat] = gateway.beats.filter(({ lease_token: token }) => token === 'lease-a');
    expect(beat).toMatchObject({ run_id: 'run-a', step_id: 'step-a', progress: false });
    holds.first.open();
    await until(() => expect(gateway.answers.size).toBe(1));
    // Some may be on their way; the other step is kept all the while.
    const before = { a: gateway.beatsOf('a'), b: gateway.beatsOf('b') };
    await until(() => expect(gateway.beatsOf('b')).toBeGreaterThan(before.b + 30));
    expect(gateway.beatsOf('a')).toBeLessThan(before.a + 15);
    holds.second.open();
  });

  it('tells of its life as often as the engine wants to hear of it', async () => {
    const gateway = await stepsGateway();
    const hold = gate();
    const { worker, run } = started(gateway);
    worker.tool('slow', () => hold.opened);
    void run();
    gateway.give({ work_id: 'a', tool: 'slow', lease_ms: 3_600_000, idle_ms: 60 });
    await until(() => expect(gateway.beats.length).toBeGreaterThanOrEqual(2));
    expect(gateway.beats[0]).toMatchObject({ progress: true });
    hold.open();
  });

  it('that has lost its lease is told so, aborts its tool, and says nothing more of the step', async () => {
    const gateway = await stepsGateway();
    const { worker, run, stop, troubles } = started(gateway);
    const aborted = vi.fn();
    worker.tool('slow', async (_input, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      aborted(Reflect.get(Object(signal.reason), 'code'));
      return 'too late';
    });
    worker.tool('quick', () => 'done');
    const running = run();
    gateway.lose('a');
    gateway.give({ work_id: 'a', tool: 'slow', lease_ms: 60 });
    await until(() => expect(aborted).toHaveBeenCalledExactlyOnceWith('LEASE_LOST'));
    // It goes on with other steps.
    gateway.give({ work_id: 'b', tool: 'quick' });
    await until(() => expect(gateway.answers.has('b')).toBe(true));
    stop();
    await running;
    expect(gateway.answers.has('a')).toBe(false);
    expect(troubles.map(({ what, tool }) => [what, tool])).toEqual([['lease', 'slow']]);
  });

  it('hears with its answer that the lease was lost', async () => {
    const gateway = await stepsGateway();
    const { worker, run, troubles } = started(gateway);
    worker.tool('quick', () => 'done');
    void run();
    gateway.lose('a');
    gateway.give({ work_id: 'a', tool: 'quick' }, { work_id: 'b', tool: 'quick' });
    await until(() => expect(gateway.answers.has('b')).toBe(true));
    await until(() => expect(troubles.map(({ what }) => what)).toEqual(['lease']));
  });

  it('ends a try whose time is over, and leaves its answer aside', async () => {
    const gateway = await stepsGateway();
    const { worker, run, stop } = started(gateway);
    const seen = gate();
    worker.tool('slow', async (_input, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      seen.open();
      return 'too late';
    });
    const running = run();
    gateway.give({ work_id: 'a', tool: 'slow', left_ms: 30 });
    await seen.opened;
    stop();
    await running;
    expect(gateway.answers.size).toBe(0);
  });
});

describe('a checkpoint', () => {
  it('is kept before the tool goes on, and the next try is given the last', async () => {
    const gateway = await stepsGateway();
    const { worker, run } = started(gateway);
    worker.tool('count', async (_input, { checkpoint, step }) => {
      if (step.checkpoint) return step.checkpoint;
      await checkpoint(1, { rows: 10 });
      await checkpoint(2, { rows: 20 });
      return gateway.beats.map((beat) => beat.checkpoint?.n);
    });
    void run();
    gateway.give({ work_id: 'a', tool: 'count' });
    gateway.give({ work_id: 'b', tool: 'count', checkpoint: { n: 2, value: { rows: 20 } } });
    await until(() => expect(gateway.answers.size).toBe(2));
    expect(gateway.answerOf('a').output).toEqual([1, 2]);
    expect(gateway.answerOf('b').output).toEqual({ n: 2, value: { rows: 20 } });
  });

  it('that finds the lease lost throws, and aborts the tool', async () => {
    const gateway = await stepsGateway();
    const { worker, run, troubles } = started(gateway);
    const seen = vi.fn();
    worker.tool('count', async (_input, { checkpoint, signal }) => {
      await checkpoint(1, 'one').catch((error: unknown) => seen(Reflect.get(Object(error), 'code'), signal.aborted));
    });
    void run();
    gateway.lose('a');
    gateway.give({ work_id: 'a', tool: 'count' });
    await until(() => expect(seen).toHaveBeenCalledExactlyOnceWith('LEASE_LOST', true));
    await until(() => expect(troubles.map(({ what }) => what)).toEqual(['lease']));
    expect(gateway.answers.size).toBe(0);
  });
});

describe('a gateway that is away', () => {
  it('is waited for, and asked again', async () => {
    const gateway = await stepsGateway();
    const { worker, run, stop, troubles } = started(gateway);
    worker.tool('quick', () => 'done');
    gateway.beAway('cut', 7);
    gateway.beAway('unavailable', 7);
    const running = run();
    gateway.give({ work_id: 'a', tool: 'quick' });
    await until(() => expect(gateway.answers.size).toBe(1));
    stop();
    await running;
    expect(new Set(troubles.map(({ what }) => what))).toEqual(new Set(['poll']));
  });

  it('is given the answer until it has taken it, the same each time', async () => {
    const gateway = await stepsGateway();
    const { worker, run, stop, troubles } = started(gateway);
    const done = vi.fn(() => ({ receipt: 'R-1' }));
    worker.tool('charge', done);
    const running = run();
    // The first is stored, and its answer cut off; then nobody is there for longer than one call tries.
    gateway.cutAfterStoring(1);
    gateway.beAway('cut', 9, 'results');
    gateway.give({ work_id: 'a', tool: 'charge' });
    await until(() => expect(gateway.answered).toBe(1));
    stop();
    await running;
    expect(done).toHaveBeenCalledOnce();
    expect(gateway.answers.size).toBe(1);
    expect(new Set(gateway.seenAnswers('a').map(({ output }) => JSON.stringify(output)))).toEqual(
      new Set(['{"receipt":"R-1"}']),
    );
    expect(troubles).toEqual([]);
  });

  it('that refuses the key ends the worker', async () => {
    const gateway = await stepsGateway();
    const { worker, run } = started(gateway);
    worker.tool('quick', () => 'done');
    gateway.beAway('forbidden', 1);
    await expect(run()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a stop', () => {
  it('asks for no more, and finishes and answers what runs', async () => {
    const gateway = await stepsGateway();
    const hold = gate();
    const { worker, run, stop } = started(gateway, { concurrency: 2 });
    const begun = vi.fn();
    worker.tool('slow', async () => {
      begun();
      await hold.opened;
      return 'done';
    });
    const running = run();
    gateway.give({ work_id: 'a', tool: 'slow', lease_ms: 60 }, { work_id: 'b', tool: 'slow', lease_ms: 60 });
    await until(() => expect(begun).toHaveBeenCalledTimes(2));
    stop();
    const ended = vi.fn();
    void running.then(ended);
    gateway.give({ work_id: 'c', tool: 'slow' });
    // Its leases are kept through the stop.
    const beats = gateway.beats.length;
    await until(() => expect(gateway.beats.length).toBeGreaterThan(beats + 2));
    expect(ended).not.toHaveBeenCalled();
    hold.open();
    await running;
    expect([...gateway.answers.keys()].toSorted()).toEqual(['a', 'b']);
    expect(gateway.left()).toBe(1);
  });

  it('ends a poll that waits', async () => {
    const gateway = await stepsGateway();
    const { worker, run, stop } = started(gateway);
    worker.tool('quick', () => 'done');
    const running = run();
    await until(() => expect(gateway.polls).toHaveLength(1));
    stop();
    await running;
    expect(gateway.polls).toHaveLength(1);
  });
});

describe('answers', () => {
  it('that come together go together, and one that is not taken keeps no other back', async () => {
    const gateway = await stepsGateway();
    const hold = gate();
    const { worker, run, troubles } = started(gateway, { concurrency: 20 });
    worker.tool('slow', async ({ n }) => {
      await hold.opened;
      return { n };
    });
    void run();
    const ids = Array.from({ length: 20 }, (_, n) => `work-${n}`);
    gateway.lose('work-3');
    gateway.refuseSize('work-5');
    gateway.give(...ids.map((work_id, n) => ({ work_id, tool: 'slow', input: { n } })));
    await until(() => expect(gateway.left()).toBe(0));
    hold.open();
    await until(() => expect(gateway.answers.size).toBe(19));
    expect(gateway.requests('results')).toBeLessThan(19);
    expect(gateway.answerOf('work-4').output).toEqual({ n: 4 });
    expect(gateway.answerOf('work-5').error).toMatchObject({ code: 'RESULT_TOO_LARGE', retriable: false });
    expect(gateway.answers.has('work-3')).toBe(false);
    await until(() => expect(troubles.map(({ what }) => what)).toEqual(['lease']));
  });

  it('that a request cannot carry are said to be too large, and not sent', async () => {
    const gateway = await stepsGateway();
    const { worker, run } = started(gateway);
    worker.tool('huge', () => 'x'.repeat(11_000_000));
    void run();
    gateway.give({ work_id: 'a', tool: 'huge' });
    await until(() => expect(gateway.answers.size).toBe(1));
    expect(gateway.answerOf('a').error).toMatchObject({ code: 'RESULT_TOO_LARGE', retriable: false });
    expect(gateway.seenAnswers('a')).toHaveLength(1);
  });

  it('that break a rule of the gateway are told as that, so that the run hears of it', async () => {
    const gateway = await stepsGateway();
    const { worker, run } = started(gateway);
    worker.tool('odd', () => {
      throw new StepError('X'.repeat(201), 'has a code that is too long', { retriable: false });
    });
    worker.tool('quick', () => 'done');
    void run();
    gateway.give({ work_id: 'a', tool: 'odd' }, { work_id: 'b', tool: 'quick' });
    await until(() => expect(gateway.answers.size).toBe(2));
    expect(gateway.answerOf('a').error).toMatchObject({ code: 'RESULT_REFUSED', retriable: false });
    expect(gateway.answerOf('b').output).toBe('done');
  });

  it('that JSON cannot hold are the fault of the tool', async () => {
    const gateway = await stepsGateway();
    const { worker, run } = started(gateway);
    worker.tool('big', () => ({ n: 1n }));
    worker.tool('bad', () => {
      throw new StepError('ODD', 'with details of a kind', { details: { n: 1n } });
    });
    void run();
    gateway.give({ work_id: 'a', tool: 'big' }, { work_id: 'b', tool: 'bad' });
    await until(() => expect(gateway.answers.size).toBe(2));
    expect(gateway.answerOf('a').error).toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('BigInt'),
    });
    expect(gateway.answerOf('b').error).toEqual({ code: 'ODD', message: 'with details of a kind' });
  });
});

import { executionId, jsonText } from '@chorda/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DomainError } from '../domain-error.js';
import { AgentsWorld, bot, call } from '../testing/agents-world.js';
import { openCalls } from './execution.js';
import { executionStream } from './streams.js';

// Few, so that steps meet: most of a random course would else be said to executions that are not there.
const ids = ['e-1', 'e-2', 'e-3'];
const id = fc.constantFrom(...ids);
const toolNames = fc.constantFrom('lookup', 'pay', 'pay', 'teleport');

type Step = (world: AgentsWorld) => unknown;

const calls = fc.array(fc.tuple(toolNames, fc.nat(20)), { minLength: 1, maxLength: 3 });

/** What executors, callers and time may do, in any order: most of it is refused, or comes too late. */
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: id.map(
      (one): Step =>
        (world) =>
          world.execute(one),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(id, calls).map(([one, list]): Step => (world) => {
      return world.answer({ tool_calls: list.map(([name, n]) => call(name, { n })) }, {}, one);
    }),
  },
  {
    weight: 2,
    arbitrary: id.map(
      (one): Step =>
        (world) =>
          world.answer({ content: 'done' }, {}, one),
    ),
  },
  {
    weight: 1,
    arbitrary: id.map((one): Step => (world) => {
      expect(world.answer({ content: 'x' }, { attempt_token: 'old' }, one).events).toEqual([]);
    }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(id, fc.boolean()).map(
      ([one, is_retriable]): Step =>
        (world) =>
          world.failTurn({ is_retriable }, one),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(id, toolNames, fc.constantFrom('completed', 'failed', 'refused', 'lost', 'unknown')).map(
      ([one, name, status]): Step =>
        (world) =>
          world.result(name, { status, output_data: jsonText(1) }, one),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(id, fc.constantFrom('completed', 'failed', 'repeat', 'abort')).map(
      ([one, resolution]): Step =>
        (world) =>
          world.settle(resolution, 'pay', one),
    ),
  },
  {
    weight: 1,
    arbitrary: id.map(
      (one): Step =>
        (world) =>
          world.cancel(one),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(id, id).map(([one, other]): Step => (world) => {
      const data = { agent_id: bot, execution_id: executionId(one), retry_of: executionId(other) };
      return world.give({ type: 'agent.retry_execution', data });
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>((world) => world.give({ type: 'agent.validate', data: { agent_id: bot } })),
  },
  { weight: 2, arbitrary: fc.constant<Step>((world) => world.check()) },
  {
    weight: 4,
    arbitrary: fc.nat(200_000).map(
      (ms): Step =>
        (world) =>
          world.passTo(world.nowMs + ms),
    ),
  },
);

const terminate: Step = (world) => world.give({ type: 'agent.terminate', data: { agent_id: bot, reason: null } });

/** An executor that has nothing in hand says nothing; a rule may say no. Any other error is a fault of the code. */
function tryStep(world: AgentsWorld, apply: Step): void {
  try {
    apply(world);
  } catch (error) {
    const hasNothing =
      error instanceof Error && /^(e-\d is |\w+ was not called|\w+ is not in doubt)/.test(error.message);
    if (!hasNothing && !(error instanceof DomainError)) throw error;
  }
}

function checkSlots(world: AgentsWorld): void {
  const running = ids.filter((one) => world.execution(one).status === 'running');
  expect([...world.agent.running].sort()).toEqual(running);
  expect(world.agent.state === 'EXECUTING').toBe(running.length > 0);
  expect(['COMPLETED', 'FAILED', 'CREATED', 'VALIDATED']).not.toContain(world.agent.state);
}

function checkEnds(world: AgentsWorld): void {
  for (const one of ids) {
    const { status } = world.execution(one);
    const facts = world.facts.filter(({ data }) => 'execution_id' in data && data.execution_id === one);
    expect(facts).toHaveLength(status === 'running' || status === 'absent' ? 0 : 1);
  }
}

/** Of a tool that must not be called twice an executor gets a call once, unless somebody says that it is to be repeated. */
function checkCalls(world: AgentsWorld): void {
  const given = new Map<string, number>();
  for (const { work } of world.work) {
    const data = Object(work.data);
    if (work.type !== 'agent.tool_requested' || data.idempotent === true) continue;
    given.set(data.call_id, (given.get(data.call_id) ?? 0) + 1);
  }
  for (const [callId, times] of given) {
    const repeats = ids
      .flatMap((one) => world.eventsOf(executionStream(bot, executionId(one))))
      .filter((event) => {
        return (
          event.type === 'agent.incident_settled' && event.data.resolution === 'repeat' && event.data.call_id === callId
        );
      });
    expect(times).toBeLessThanOrEqual(1 + repeats.length);
  }
}

/** A stored answer is never asked for again, and each turn has one. */
function checkTurns(world: AgentsWorld): void {
  for (const one of ids) {
    let recorded = 0;
    for (const event of world.eventsOf(executionStream(bot, executionId(one)))) {
      if (event.type === 'agent.turn_started') expect(event.data.turn).toBe(recorded + 1);
      if (event.type === 'agent.turn_recorded') expect(event.data.turn).toBe(++recorded);
    }
  }
}

/** What runs waits for something: a timer, or a person. */
function checkNothingIsStranded(world: AgentsWorld): void {
  const waiting = new Set(world.timers().map(({ stream }) => stream.id));
  for (const one of ids) {
    const execution = world.execution(one);
    if (execution.status !== 'running') continue;
    const open = openCalls(execution);
    expect(open.length > 0).toBe(execution.asking === null);
    expect(open.some(({ status }) => status === 'in_doubt')).toBe(execution.heldSinceMs !== null);
    if (execution.heldSinceMs === null) expect(waiting).toContain(`${bot}/${one}`);
  }
}

it('keeps every rule of its own, whatever comes in whatever order', () => {
  const course = fc.tuple(fc.array(step, { maxLength: 60 }), fc.boolean());
  fc.assert(
    fc.property(course, ([steps, isTerminated]) => {
      const world = AgentsWorld.ready({ concurrency_max: 2 });
      world.execute('e-1');
      for (const apply of [...steps, ...(isTerminated ? [terminate] : [])]) {
        tryStep(world, apply);
        checkSlots(world);
        checkNothingIsStranded(world);
      }
      checkEnds(world);
      checkCalls(world);
      checkTurns(world);
    }),
    { numRuns: 300 },
  );
});

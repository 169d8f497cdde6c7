import { executionId, jsonText } from '@chorda/contracts';
import { describe, expect, it } from 'vitest';
import { AgentsWorld, bot, call, lastAsked, messagesOf, typesOf } from '../testing/agents-world.js';

function started(more: Parameters<typeof AgentsWorld.ready>[0] = {}): AgentsWorld {
  const world = AgentsWorld.ready(more);
  world.execute();
  return world;
}

describe('an execution', () => {
  it('begins by asking the model, with everything that it needs', () => {
    const world = AgentsWorld.ready();
    const told = world.execute();
    expect(typesOf(told)).toEqual(['slot_taken', 'execution_started', 'turn_started']);
    expect(told.answer).toMatchObject({ agent_id: bot, execution_id: 'e-1', status: 'running' });
    expect(lastAsked(world)).toMatchObject({
      turn: 1,
      attempt: 1,
      attempt_token: world.running().asking?.token,
      idempotency_key: 'e-1/1',
      model: 'sim',
      // What the prompt may need at most is kept back.
      completion_tokens_max: expect.any(Number),
    });
    expect(messagesOf(world)).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Where is parcel 4711?' },
    ]);
  });

  it('is done when the model answers without wanting anything, and says so in a fact', () => {
    const world = started();
    world.nowMs += 1_234;
    const told = world.answer({ content: 'Out for delivery' });
    expect(typesOf(told)).toEqual(['turn_recorded', 'execution_completed', 'slot_released', 'ready']);
    expect(told.facts).toEqual([
      {
        type: 'agent.executed',
        data: {
          agent_id: bot,
          execution_id: 'e-1',
          user_id: null,
          session_id: null,
          input_data: '"Where is parcel 4711?"',
          output_data: jsonText({ content: 'Out for delivery', finish_reason: 'stop' }),
          execution_time_ms: 1_234,
          status: 'completed',
          metadata: null,
          model: 'sim-1',
          usage: { prompt_tokens: 100, cached_prompt_tokens: 10, completion_tokens: 20, cost_usd: '0.001' },
        },
      },
    ]);
    expect(world.execution().status).toBe('completed');
    expect(world.timers()).toEqual([]);
  });

  it('calls the tools that the model asks for, and asks it again with all results', () => {
    const world = started();
    const told = world.answer({ content: 'Let me see', tool_calls: [call('lookup', '{"id":4711}'), call('stamp')] });
    expect(typesOf(told)).toEqual(['turn_recorded', 'tool_called', 'tool_called']);
    expect(told.work).toMatchObject([
      {
        queue: 'agent.work.tools',
        work: { data: { tool_name: 'lookup', arguments: '{"id":4711}', idempotent: true } },
      },
      { queue: 'agent.work.workers', work: { data: { tool_name: 'stamp', arguments: '{}' } } },
    ]);
    expect(typesOf(world.result('lookup', { output_data: jsonText({ place: 'van' }) }))).toEqual(['tool_returned']);
    expect(typesOf(world.result('stamp', { status: 'failed', output_data: null, error: jsonText('no ink') }))).toEqual([
      'tool_returned',
      'turn_started',
    ]);
    const [lookup, stamp] = world.running().turns[0]!.calls;
    expect(messagesOf(world).slice(2)).toEqual([
      {
        role: 'assistant',
        content: 'Let me see',
        tool_calls: [
          { id: lookup!.id, type: 'function', function: { name: 'lookup', arguments: '{"id":4711}' } },
          { id: stamp!.id, type: 'function', function: { name: 'stamp', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: lookup!.id, content: '{"place":"van"}' },
      { role: 'tool', tool_call_id: stamp!.id, content: '{"status":"failed","error":"no ink"}' },
    ]);
    const { facts } = world.answer({ content: 'In the van' });
    expect(facts).toMatchObject([
      { data: { usage: { prompt_tokens: 200, completion_tokens: 40, cost_usd: '0.002' } } },
    ]);
  });

  it('gives each call a key that stays the same over its tries, and a token that does not', () => {
    const world = started();
    world.answer({ tool_calls: [call('lookup')] });
    const first = world.callOf('lookup');
    const told = world.result('lookup', { status: 'lost', output_data: null });
    expect(typesOf(told)).toEqual(['tool_called']);
    expect(told.work).toMatchObject([{ work: { data: { attempt: 2, idempotency_key: first.id, call_id: first.id } } }]);
    expect(world.callOf('lookup').token).not.toBe(first.token);
    // The first try answers after all: nobody waits for it.
    expect(typesOf(world.result('lookup', { attempt: 1, attempt_token: first.token }))).toEqual([]);
    expect(typesOf(world.result('lookup'))).toEqual(['tool_returned', 'turn_started']);
  });

  it('gives an idempotent call up after three tries, and lets the model go on', () => {
    const world = started();
    world.answer({ tool_calls: [call('lookup')] });
    world.passTo(world.nowMs + 30_000);
    expect(world.callOf('lookup')).toMatchObject({ status: 'returned', outcome: 'failed', attempt: 3 });
    expect(world.running().asking).toMatchObject({ turn: 2 });
  });

  it('answers calls of what is not there, or with bad arguments, without an executor', () => {
    const world = started();
    const told = world.answer({ tool_calls: [call('teleport'), call('lookup', 'not json'), call('lookup', [1])] });
    expect(typesOf(told)).toEqual(['turn_recorded', 'tool_returned', 'tool_returned', 'tool_returned', 'turn_started']);
    const outcomes = world
      .running()
      .turns[0]!.calls.map(({ name, outcome, result }) => [name, outcome, JSON.parse(result ?? '').code]);
    expect(outcomes).toEqual([
      ['teleport', 'refused', 'UNKNOWN_TOOL'],
      ['lookup', 'refused', 'INVALID_ARGUMENTS'],
      ['lookup', 'refused', 'INVALID_ARGUMENTS'],
    ]);
  });

  it('takes an answer once, and of the try that it waits for', () => {
    const world = started();
    const { token } = world.running().asking!;
    expect(typesOf(world.answer({ content: 'x' }, { attempt_token: 'other' }))).toEqual([]);
    world.answer({ tool_calls: [call('lookup')] });
    expect(world.answer({ content: 'again' }, { turn: 1, attempt_token: token })).toMatchObject({
      events: [],
      answer: { taken: false },
    });
    world.result('lookup');
    world.answer({ content: 'done' });
    expect(world.execution().status).toBe('completed');
  });

  it('asks the model again when it did not answer, later each time, and never before', () => {
    const world = started();
    const before = world.nowMs;
    expect(typesOf(world.failTurn())).toEqual(['turn_failed']);
    expect(world.timers().map(({ timer }) => timer)).toContainEqual({ id: 'retry/1/1', dueMs: before + 1_000 });
    world.passTo(before + 999);
    expect(world.running().asking?.deadlineMs).toBeNull();
    world.passTo(before + 1_000);
    expect(world.running().asking).toMatchObject({ turn: 1, attempt: 2 });
    world.failTurn({ retry_after_ms: 7_000 });
    expect(world.running().asking?.retryMs).toBe(world.nowMs + 7_000);
  });

  it('asks again when the model says nothing within its time', () => {
    const world = started();
    const { token } = world.running().asking!;
    world.passTo(world.nowMs + 120_000);
    expect(world.running().asking).toMatchObject({ attempt: 1, retryMs: world.nowMs + 1_000 });
    world.passTo(world.nowMs + 1_000);
    expect(world.running().asking?.attempt).toBe(2);
    expect(typesOf(world.answer({ content: 'late' }, { attempt: 1, attempt_token: token }))).toEqual([]);
  });

  it.each([
    ['is not to be asked again', { is_retriable: false }],
    ['was asked five times', {}],
  ])('fails where the model %s', (_, more) => {
    const world = started();
    for (let tries = 0; tries < 5 && world.execution().status === 'running'; tries++) {
      const told = world.failTurn(more);
      if (told.facts.length > 0) {
        expect(typesOf(told)).toEqual(['turn_failed', 'execution_failed', 'slot_released', 'ready']);
        expect(told.facts).toMatchObject([{ type: 'agent.failed', data: { error_code: 'MODEL_OVERLOADED' } }]);
      } else world.passTo(world.nowMs + 60_000);
    }
    expect(world.execution().status).toBe('failed');
  });
});

describe('limits', () => {
  const limits = { execution_time_ms_max: null, turns_max: null, tokens_max: null, cost_usd_max: null };

  function endOf(world: AgentsWorld) {
    const fact = world.facts.at(-1);
    return fact?.type === 'agent.failed' ? fact.data.error_code : fact?.type;
  }

  it('of time end it, whatever it waits for', () => {
    const world = started({ limits: { ...limits, execution_time_ms_max: 5_000 } });
    world.passTo(world.nowMs + 4_999);
    expect(world.execution().status).toBe('running');
    world.passTo(world.nowMs + 1);
    expect(endOf(world)).toBe('TIME_LIMIT');
    expect(world.agent.state).toBe('READY');
  });

  it('of turns', () => {
    const world = started({ limits: { ...limits, turns_max: 1 } });
    world.answer({ tool_calls: [call('lookup')] });
    world.result('lookup');
    expect(endOf(world)).toBe('MAX_TURNS');
  });

  it('of tokens', () => {
    const world = started({ limits: { ...limits, tokens_max: 1_000 } });
    world.answer({ tool_calls: [call('lookup')] }, { prompt_tokens: 900, completion_tokens: 100 });
    expect(endOf(world)).toBe('BUDGET_EXHAUSTED');
    expect(world.work.filter(({ queue }) => queue === 'agent.work.tools')).toHaveLength(2);
  });

  it('of cost, exactly', () => {
    const world = started({ limits: { ...limits, cost_usd_max: '0.003' } });
    world.answer({ tool_calls: [call('lookup', { n: 1 })] }, { cost_usd: '0.001' });
    world.result('lookup');
    world.answer({ tool_calls: [call('lookup', { n: 2 })] }, { cost_usd: '0.002' });
    expect(world.execution().status).toBe('running');
    world.result('lookup');
    world.answer({ tool_calls: [call('lookup', { n: 3 })] }, { cost_usd: '0.000000001' });
    expect(endOf(world)).toBe('BUDGET_EXHAUSTED');
  });

  describe('of a budget are reserved before each turn', () => {
    const price = { prompt: '1', completion: '10' };

    it('as the worst case, and settled by what was used: the next turn knows what the one before has cost', () => {
      const world = started({ limits: { ...limits, tokens_max: 2_000 } });
      const first = world.running().asking?.reservedTokens ?? 0;
      const most = lastAsked(world).completion_tokens_max ?? 0;
      expect(first).toBe(2_000);
      expect(2_000 - most).toBeGreaterThan('Be brief.Where is parcel 4711?'.length);
      world.answer({ tool_calls: [call('lookup')] }, { prompt_tokens: 100, completion_tokens: 20 });
      world.result('lookup', { output_data: jsonText('x'.repeat(500)) });
      // 120 are spent; what was told before counts as the server counted it, what is new a token a byte.
      const prompt = 2_000 - 120 - (lastAsked(world).completion_tokens_max ?? 0);
      expect(prompt).toBeGreaterThan(100 + 20 + 500);
      expect(prompt).toBeLessThan(100 + 20 + 700);
      world.answer({ tool_calls: [call('lookup', { n: 2 })] }, { prompt_tokens: 620, completion_tokens: 20 });
      world.result('lookup', { output_data: jsonText('x'.repeat(900)) });
      expect(endOf(world)).toBe('BUDGET_EXHAUSTED');
    });

    it('in US dollars too, where the model has a price', () => {
      const world = AgentsWorld.ready({ limits: { ...limits, cost_usd_max: '0.02' } }, { sim: price, 'sim-1': price });
      world.execute();
      const { reservedCostUsd, reservedTokens } = world.running().asking ?? {};
      const answer = lastAsked(world).completion_tokens_max ?? 0;
      const prompt = (reservedTokens ?? 0) - answer;
      // A dollar a million tokens in, ten out: the answer may have what the prompt leaves of the budget.
      expect(answer).toBe(Math.floor((20_000 - prompt) / 10));
      expect(Number(reservedCostUsd)).toBeLessThanOrEqual(0.02);
      world.answer({ tool_calls: [call('lookup')] }, { cost_usd: '0.0199' });
      world.result('lookup');
      expect(endOf(world)).toBe('BUDGET_EXHAUSTED');
    });

    it('of what the agent lets a turn generate', () => {
      const world = AgentsWorld.ready({ config: jsonText({ max_tokens: 50 }) });
      world.execute();
      expect(lastAsked(world).completion_tokens_max).toBe(50);
      expect(world.running().asking?.reservedTokens).toBeLessThan(1_000);
    });

    it('so that an execution whose first turn has no room for an answer asks no model', () => {
      const world = AgentsWorld.ready({ limits: { ...limits, tokens_max: 10 } });
      const told = world.execute();
      expect(typesOf(told)).toEqual(['slot_taken', 'execution_started', 'execution_failed', 'slot_released', 'ready']);
      expect(endOf(world)).toBe('BUDGET_EXHAUSTED');
    });
  });

  it('are tightened by an execution, never widened', () => {
    const world = AgentsWorld.ready({ limits: { ...limits, turns_max: 5, cost_usd_max: '1' } });
    world.execute('e-1', { limits: { ...limits, turns_max: 50, cost_usd_max: '0.5' } });
    expect(world.running().limits).toMatchObject({ turnsMax: 5, costUsdMax: '0.5' });
  });

  it('stop a model that asks for the same again and again', () => {
    const world = started();
    for (const given of [{ a: 1, b: 2 }, '{"b":2,"a":1}']) {
      world.answer({ tool_calls: [call('lookup', given)] });
      world.result('lookup');
    }
    world.answer({ tool_calls: [call('lookup', { b: 2, a: 1 })] });
    expect(endOf(world)).toBe('LOOP_DETECTED');
  });

  it('of calls in one turn', () => {
    const world = started();
    world.answer({ tool_calls: Array.from({ length: 17 }, (_, n) => call('lookup', { n })) });
    expect(endOf(world)).toBe('TOO_MANY_TOOL_CALLS');
  });

  it.each([
    ['RESULT_EMPTY', { content: '' }, {}],
    ['RESULT_INVALID', {}, { output_data: jsonText('text') }],
    ['RESULT_INVALID', {}, { output_data: jsonText({ tool_calls: [{}] }) }],
    ['RESULT_TOO_LARGE', { content: 'x'.repeat(600 * 1024) }, {}],
    ['CONTENT_FILTERED', { content: 'x' }, { finish_reason: 'content_filter' }],
  ])('of what a result is: %s', (code, output, more) => {
    const world = started();
    world.answer(output, more);
    expect(endOf(world)).toBe(code);
  });

  it('of a tool result: the model hears that it was too large', () => {
    const world = started();
    world.answer({ tool_calls: [call('lookup')] });
    world.result('lookup', { output_data: jsonText('x'.repeat(129 * 1024)) });
    expect(world.callOf('lookup')).toMatchObject({
      outcome: 'failed',
      result: expect.stringContaining('RESULT_TOO_LARGE'),
    });
  });

  it('of input', () => {
    const world = AgentsWorld.ready();
    expect(() => world.execute('e-1', { input_data: jsonText('x'.repeat(256 * 1024)) })).toThrow(
      /^input_data must have/,
    );
  });
});

describe('work that is out', () => {
  const revoked = (told: { readonly work: readonly { readonly queue: string; readonly work: unknown }[] }) =>
    told.work.filter(({ work }) => Object(work).type === 'agent.work_revoked');

  it('is taken back from whoever has it when the execution is cancelled: models, tools and workers', () => {
    const asking = started();
    const { token } = asking.running().asking ?? {};
    expect(revoked(asking.cancel())).toMatchObject([
      { queue: 'agent.work.models', work: { data: { queue: 'models', attempt_tokens: [token] } } },
    ]);
    const calling = started();
    calling.answer({ tool_calls: [call('lookup'), call('pay'), call('stamp')] });
    const tokens = ['lookup', 'pay', 'stamp'].map((name) => calling.callOf(name).token);
    expect(revoked(calling.cancel())).toMatchObject([
      { queue: 'agent.work.tools', work: { data: { attempt_tokens: tokens.slice(0, 2) } } },
      { queue: 'agent.work.workers', work: { data: { attempt_tokens: tokens.slice(2) } } },
    ]);
  });

  it('is taken back when its time is over and when the agent is terminated, and not when it was answered', () => {
    const late = started({ limits: { ...noLimits, execution_time_ms_max: 5_000 } });
    late.answer({ tool_calls: [call('stamp')] });
    late.passTo(late.nowMs + 5_000);
    expect(revoked(late)).toHaveLength(1);
    const ended = started();
    expect(revoked(ended.give({ type: 'agent.terminate', data: { agent_id: bot, reason: null } }))).toHaveLength(1);
    const done = started();
    expect(revoked(done.answer({ content: 'done' }))).toEqual([]);
  });
});

const noLimits = { execution_time_ms_max: null, turns_max: null, tokens_max: null, cost_usd_max: null };

describe('cancel', () => {
  it('ends what runs, tells of calls that are out, and says so in a fact', () => {
    const world = started();
    world.answer({ tool_calls: [call('pay')] });
    const told = world.cancel();
    expect(typesOf(told)).toEqual(['tool_returned', 'execution_cancelled', 'slot_released', 'ready']);
    expect(told.facts).toMatchObject([
      { type: 'agent.failed', data: { status: 'cancelled', error_code: 'CANCELLED' } },
    ]);
    expect(world.timers()).toEqual([]);
  });

  it('twice is once; of what has ended it is refused with how', () => {
    const world = started();
    world.cancel();
    expect(world.cancel()).toMatchObject({ events: [], answer: { status: 'cancelled' } });
    world.execute('e-2');
    world.answer({ content: 'x' }, {}, 'e-2');
    expect(() => world.cancel('e-2')).toThrow(
      expect.objectContaining({ code: 'ILLEGAL_TRANSITION', details: { state: 'completed' } }),
    );
    expect(() => world.cancel('e-3')).toThrow(expect.objectContaining({ code: 'EXECUTION_NOT_FOUND' }));
  });
});

describe('retry', () => {
  const retry = (id: string, of: string) =>
    ({
      type: 'agent.retry_execution',
      data: { agent_id: bot, execution_id: executionId(id), retry_of: executionId(of) },
    }) as const;

  it('goes on from what was said: no stored answer is asked for again', () => {
    const world = started();
    world.answer({ tool_calls: [call('lookup')] });
    world.result('lookup', { output_data: jsonText('van') });
    world.failTurn({ is_retriable: false });
    const told = world.give(retry('e-2', 'e-1'));
    expect(typesOf(told)).toEqual(['slot_taken', 'execution_started', 'turn_started']);
    expect(messagesOf(world).map((message) => Object(message).role)).toEqual(['system', 'user', 'assistant', 'tool']);
    expect(world.running('e-2')).toMatchObject({ retryOf: 'e-1', turns: [] });
    const { facts } = world.answer({ content: 'In the van' }, {}, 'e-2');
    expect(facts).toMatchObject([{ data: { execution_id: 'e-2', input_data: '"Where is parcel 4711?"' } }]);
  });

  it('is refused for what runs, or ended well', () => {
    const world = started();
    expect(world.refusal(retry('e-2', 'e-1'))).toMatchObject({ details: { state: 'running' } });
    world.answer({ content: 'x' });
    expect(world.refusal(retry('e-2', 'e-1'))).toMatchObject({ details: { state: 'completed' } });
    expect(world.refusal(retry('e-2', 'e-9'))).toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
  });
});

describe('an incident', () => {
  function inDoubt(): AgentsWorld {
    const world = started();
    world.answer({ tool_calls: [call('pay'), call('lookup')] });
    world.result('lookup');
    world.result('pay', { status: 'lost', output_data: null });
    return world;
  }

  it('is opened where nobody knows what a tool did that must not be called twice; it is never called again', () => {
    const world = inDoubt();
    expect(world.callOf('pay')).toMatchObject({ status: 'in_doubt', attempt: 1 });
    const calls = world.work.filter(({ work }) => Object(work.data).tool_name === 'pay');
    expect(calls).toHaveLength(1);
    // However long it takes: the time of the execution stands still.
    world.passTo(world.nowMs + 86_400_000);
    expect(world.execution().status).toBe('running');
    expect(world.timers()).toEqual([]);
  });

  it('is opened too where the tool says nothing within its time', () => {
    const world = started();
    world.answer({ tool_calls: [call('pay')] });
    world.passTo(world.nowMs + 10_000);
    expect(world.callOf('pay').status).toBe('in_doubt');
  });

  it.each([
    ['completed', ['incident_settled', 'tool_returned', 'turn_started']],
    ['failed', ['incident_settled', 'tool_returned', 'turn_started']],
    ['repeat', ['incident_settled', 'tool_called']],
    ['abort', ['incident_settled', 'tool_returned', 'execution_failed', 'slot_released', 'ready']],
  ] as const)('settled as %s goes on, with the time that was left', (resolution, expected) => {
    const world = inDoubt();
    const leftMs = world.running().deadlineMs - world.nowMs;
    world.nowMs += 3_600_000;
    expect(typesOf(world.settle(resolution))).toEqual(expected);
    if (resolution === 'abort') return;
    expect(world.running()).toMatchObject({ heldSinceMs: null, deadlineMs: world.nowMs + leftMs });
  });

  it('is settled by the call itself where it answers after all', () => {
    const world = inDoubt();
    const told = world.result('pay', { output_data: jsonText('paid') });
    expect(typesOf(told)).toEqual(['incident_settled', 'tool_returned', 'turn_started']);
    expect(world.callOf('pay')).toMatchObject({ outcome: 'completed', result: '"paid"' });
  });

  it('is settled once', () => {
    const world = inDoubt();
    const { incident } = world.callOf('pay');
    world.settle('completed');
    const again = {
      type: 'agent.settle_incident',
      data: {
        agent_id: bot,
        execution_id: executionId('e-1'),
        incident_id: incident!,
        resolution: 'repeat',
        output_data: null,
        reason: null,
      },
    } as const;
    expect(world.refusal(again)).toMatchObject({ code: 'INCIDENT_NOT_OPEN' });
    expect(world.refusal({ ...again, data: { ...again.data, resolution: 'unknown' } })).toMatchObject({
      code: 'INVALID_COMMAND',
    });
  });

  it('of one call among several holds the time until the last is settled', () => {
    const world = started();
    world.answer({ tool_calls: [call('pay', { n: 1 }), call('pay', { n: 2 })] });
    const [first, second] = world.running().turns[0]!.calls;
    const lost = (one: typeof first) =>
      world.result('pay', { call_id: one!.id, attempt_token: one!.token, status: 'lost', output_data: null });
    const { deadlineMs } = world.running();
    lost(first);
    world.nowMs += 1_000;
    lost(second);
    world.nowMs += 1_000;
    world.settle('completed');
    expect(world.running().heldSinceMs).not.toBeNull();
    world.nowMs += 1_000;
    const incident = world.running().turns[0]!.calls[0]!.incident!;
    world.give({
      type: 'agent.settle_incident',
      data: {
        agent_id: bot,
        execution_id: executionId('e-1'),
        incident_id: incident,
        resolution: 'failed',
        output_data: null,
        reason: null,
      },
    });
    expect(world.running()).toMatchObject({ heldSinceMs: null, deadlineMs: deadlineMs + 3_000, asking: { turn: 2 } });
  });

  it('ends with the execution where that is cancelled', () => {
    const world = inDoubt();
    expect(typesOf(world.cancel())).toEqual(['tool_returned', 'execution_cancelled', 'slot_released', 'ready']);
  });
});

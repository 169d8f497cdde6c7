import { executionId } from '@chorda/contracts';
import { describe, expect, it } from 'vitest';
import { AgentsWorld, bot, executeCommand, inSession, tools, typesOf } from '../testing/agents-world.js';
import { agentStream } from './streams.js';

const terminate = { type: 'agent.terminate', data: { agent_id: bot, reason: null } } as const;
const remove = { type: 'agent.delete', data: { agent_id: bot, reason: null } } as const;
const validate = { type: 'agent.validate', data: { agent_id: bot } } as const;

describe('an agent', () => {
  it('is created, and its initialisation begins', () => {
    const world = new AgentsWorld();
    const told = world.create();
    expect(typesOf(told)).toEqual(['created', 'initialization_started']);
    expect(world.agent).toMatchObject({ state: 'INITIALIZING', check: { phase: 'initialization', tries: 1 } });
    expect(told.answer).toEqual({ agent_id: bot, state: 'INITIALIZING' });
    expect(told.work).toMatchObject([
      { queue: 'agent.work.tools', work: { type: 'agent.check_requested', data: { phase: 'initialization' } } },
    ]);
  });

  it('is initialised with the tools that answered, validated, and ready', () => {
    const world = new AgentsWorld();
    world.create();
    const initialized = world.check();
    expect(typesOf(initialized)).toEqual(['initialized', 'validation_started']);
    expect(world.agent).toMatchObject({ state: 'VALIDATING', tools });
    expect(typesOf(world.check())).toEqual(['validated', 'ready']);
    expect(world.agent).toMatchObject({ state: 'READY', check: null });
  });

  it('says in each state that follows from an event, and in no other', () => {
    const world = AgentsWorld.ready();
    world.execute();
    world.answer({ content: 'Out for delivery' });
    expect(world.eventsOf(agentStream(bot)).map(({ type }) => type)).toEqual([
      'agent.created',
      'agent.initialization_started',
      'agent.initialized',
      'agent.validation_started',
      'agent.validated',
      'agent.ready',
      'agent.slot_taken',
      'agent.slot_released',
      'agent.ready',
    ]);
  });

  it('stays out of service where a tool is missing, and is checked anew when asked', () => {
    const world = new AgentsWorld();
    world.create({ tools: ['lookup', 'teleport'] });
    const told = world.check();
    expect(typesOf(told)).toEqual(['initialized', 'validation_started', 'validation_failed']);
    expect(told.events.at(-1)).toMatchObject({
      data: { checks: [{ name: 'dependencies', passed: false, detail: 'no such tool: teleport' }] },
    });
    expect(world.refusal(executeCommand('e-1'))).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      details: { state: 'VALIDATING' },
    });
    expect(typesOf(world.give(validate))).toEqual(['initialization_started']);
    world.check({ tools: [...tools, { ...tools[0]!, name: 'teleport' }] });
    world.check();
    expect(world.agent.state).toBe('READY');
  });

  it('stays out of service where an executor says that a check did not pass', () => {
    const world = new AgentsWorld();
    world.create();
    world.check();
    expect(typesOf(world.check({ checks: [{ name: 'resources', passed: false, detail: 'no model' }] }))).toEqual([
      'validation_failed',
    ]);
  });

  it('stays out of service with a capability that nobody knows', () => {
    const world = new AgentsWorld();
    world.create({ capabilities: ['TIME_TRAVEL'] });
    expect(typesOf(world.check())).toContain('validation_failed');
  });

  it('is initialised again where no executor answers, and given up after three tries', () => {
    const world = new AgentsWorld();
    world.create();
    const first = world.agent.check?.token;
    world.passTo(world.nowMs + 30_000);
    expect(world.agent).toMatchObject({ state: 'INITIALIZING', initializations: 2 });
    // What the first executor says now comes too late.
    expect(typesOf(world.check({ attempt_token: first ?? '' }))).toEqual([]);
    world.passTo(world.nowMs + 60_000);
    expect(world.agent).toMatchObject({ state: 'INITIALIZING', initializations: 3, check: null });
    expect(world.eventsOf(agentStream(bot)).at(-1)?.type).toBe('agent.validation_failed');
    expect(world.timers()).toEqual([]);
  });

  it('is validated again where no executor answers', () => {
    const world = new AgentsWorld();
    world.create();
    world.check();
    world.passTo(world.nowMs + 30_000);
    expect(world.agent.check).toMatchObject({ phase: 'validation', attempt: 2, tries: 2 });
    world.check();
    expect(world.agent.state).toBe('READY');
  });

  it('is terminated in any state, what it runs is cancelled, and clean-up is asked for', () => {
    const world = AgentsWorld.ready();
    world.execute('e-1');
    world.execute('e-2');
    const told = world.give(terminate);
    expect(typesOf(told)).toEqual(['terminated', 'execution_cancelled', 'execution_cancelled']);
    expect(told.answer).toMatchObject({ state: 'TERMINATED', cancelled: 2 });
    expect(told.facts).toMatchObject([{ type: 'agent.failed', data: { status: 'cancelled' } }, {}]);
    expect(told.work.slice(0, 1)).toMatchObject([{ work: { data: { phase: 'clean_up' } } }]);
    expect(world.agent).toMatchObject({ state: 'TERMINATED', running: [] });
    expect(world.timers()).toEqual([]);
    expect(typesOf(world.give(terminate))).toEqual([]);
    // What comes from executors afterwards changes nothing.
    expect(typesOf(world.check({ phase: 'clean_up' }))).toEqual([]);
  });

  it.each([[terminate], [remove]])('is out of service for good after %j', (command) => {
    const world = new AgentsWorld();
    world.create();
    world.give(command);
    const refusal = world.refusal(executeCommand('e-1'));
    expect(refusal?.details).toMatchObject({ state: 'TERMINATED' });
    expect(world.refusal(validate)?.details).toMatchObject({ state: 'TERMINATED' });
    expect(() => world.create()).toThrow(/was created before/);
  });

  it('is deleted when it runs nothing, and its history stays', () => {
    const world = AgentsWorld.ready();
    world.execute();
    expect(world.refusal(remove)).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      details: { state: 'EXECUTING', running: 1 },
    });
    world.cancel();
    expect(typesOf(world.give(remove))).toEqual(['terminated', 'deleted']);
    expect(typesOf(world.give(remove))).toEqual([]);
    expect(world.refusal(terminate)).toMatchObject({ code: 'AGENT_DELETED' });
    expect(world.eventsOf(agentStream(bot)).length).toBeGreaterThan(8);
  });

  it.each([validate, terminate, remove, executeCommand('e-1')])('that was never created refuses %j', (command) => {
    expect(new AgentsWorld().refusal(command)).toMatchObject({ code: 'AGENT_NOT_FOUND' });
  });

  it.each([
    ['agent_id', { agent_id: 'a/b' as never }],
    ['name', { name: '' }],
    ['tools', { tools: ['lookup', 'lookup'] }],
    ['capabilities', { capabilities: [''] }],
    ['concurrency_max', { concurrency_max: 201 }],
    ['instructions', { instructions: 'x'.repeat(64 * 1024 + 1) }],
  ])('is not created with a bad %s, which is named', (field, more) => {
    expect(() => new AgentsWorld().create(more)).toThrow(new RegExp(`^${field} `));
  });
});

describe('slots', () => {
  it('are taken and released; the agent is READY after the last execution', () => {
    const world = AgentsWorld.ready();
    world.execute('e-1');
    world.execute('e-2');
    expect(world.agent).toMatchObject({ state: 'EXECUTING', running: ['e-1', 'e-2'] });
    expect(typesOf(world.answer({ content: 'yes' }, {}, 'e-1'))).toEqual([
      'turn_recorded',
      'execution_completed',
      'slot_released',
    ]);
    expect(world.agent.state).toBe('EXECUTING');
    const told = world.answer({ content: 'no' }, {}, 'e-2');
    expect(typesOf(told)).toEqual(['turn_recorded', 'execution_completed', 'slot_released', 'ready']);
    expect(world.agent).toMatchObject({ state: 'READY', running: [] });
  });

  it('are no more than the agent has', () => {
    const world = AgentsWorld.ready({ concurrency_max: 1 });
    world.execute('e-1');
    expect(world.refusal(executeCommand('e-2'))).toMatchObject({
      code: 'AGENT_BUSY',
      details: { state: 'EXECUTING', running: 1, concurrency_max: 1 },
    });
    world.cancel('e-1');
    world.execute('e-2');
    expect(world.agent.running).toEqual(['e-2']);
  });

  it('are not taken by an execution that was started before, under whatever command', () => {
    const world = AgentsWorld.ready();
    world.execute('e-1');
    expect(world.refusal(executeCommand('e-1'))).toMatchObject({
      code: 'EXECUTION_EXISTS',
      details: { status: 'running' },
    });
    expect(world.agent.running).toEqual(['e-1']);
  });

  it('hold the agent: it is not checked anew while it runs something', () => {
    const world = AgentsWorld.ready();
    world.execute();
    expect(world.refusal(validate)).toMatchObject({ details: { state: 'EXECUTING', running: 1 } });
  });
});

it('remembers a session from one execution to the next, and forgets what does not fit', () => {
  const world = AgentsWorld.ready({ memory: { history_messages_max: 2 } });
  for (const [id, content] of [
    ['e-1', 'one'],
    ['e-2', 'two'],
  ] as const) {
    world.execute(id, inSession('s-1'));
    world.answer({ content }, {}, id);
  }
  world.execute('e-3', inSession('s-1'));
  const { context } = world.running('e-3');
  expect(JSON.parse(context ?? '')).toEqual([
    { role: 'user', content: 'Where is parcel 4711?' },
    { role: 'assistant', content: 'two' },
  ]);
  world.execute('e-4', inSession('s-2'));
  expect(world.running('e-4').context).toBeNull();
  expect(executionId('e-4')).toBe(world.running('e-4').executionId);
});

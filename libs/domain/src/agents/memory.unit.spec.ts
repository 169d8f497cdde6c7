import { jsonText, sessionId, type JsonValue } from '@chorda/contracts';
import { describe, expect, it } from 'vitest';
import { AgentsWorld, bot, call, inSession, messagesOf, typesOf } from '../testing/agents-world.js';
import { checkWrite, memoryOf, memoryTools } from './memory.js';
import { sessionStream } from './streams.js';

const names = ['memory_read', 'memory_write'];

function remembering(): AgentsWorld {
  const world = new AgentsWorld();
  world.create({ tools: names });
  world.check({ tools: memoryTools });
  world.check({ tools: memoryTools });
  return world;
}

const write = (key: string, value: JsonValue, more: object = {}) => ({
  type: 'agent.write_memory' as const,
  data: {
    ...{ agent_id: bot, session_id: sessionId('chat-7'), area: 'variables' as const, key },
    value: value === null ? null : jsonText(value),
    ...more,
  },
});
const memory = (world: AgentsWorld) => memoryOf(world.stateOf(sessionStream(bot, sessionId('chat-7'))));
const session = inSession('chat-7');

describe('the memory of a session', () => {
  it('is written, replaced and forgotten, and each change is an event', () => {
    const world = remembering();
    expect(typesOf(world.give(write('step', { n: 1 })))).toEqual(['memory_written']);
    expect(typesOf(world.give(write('step', { n: 1 })))).toEqual([]);
    world.give(write('step', 2));
    world.give(write('mood', 'good', { area: 'data' }));
    expect(memory(world)).toEqual({ data: { mood: 'good' }, context: {}, variables: { step: 2 } });
    world.give(write('step', null));
    expect(typesOf(world.give(write('step', null)))).toEqual([]);
    expect(memory(world).variables).toEqual({});
  });

  it('has bounds: names, areas, the size of an entry and of all', () => {
    const world = remembering();
    expect(world.refusal(write('a b', 1))).toMatchObject({ code: 'INVALID_COMMAND', details: { pointer: '/key' } });
    expect(world.refusal(write('a', 1, { area: 'unknown' }))).toMatchObject({ details: { pointer: '/area' } });
    const large = 'x'.repeat(16 * 1024);
    expect(world.refusal(write('a', large))).toMatchObject({ code: 'INVALID_COMMAND', details: { pointer: '/value' } });
    for (let n = 0; n < 6; n++) world.give(write(`k${n}`, large.slice(20)));
    expect(world.refusal(write('k6', large.slice(20)))).toMatchObject({ code: 'MEMORY_FULL' });
    // What replaces an entry takes no more room than it.
    expect(world.refusal(write('k5', large.slice(30)))).toBeUndefined();
    const entries = Object.fromEntries(Array.from({ length: 256 }, (_, n) => [`data/n${n}`, jsonText(n)]));
    const one = { area: 'data', value: jsonText(1) } as const;
    expect(() => checkWrite({ messages: [], entries }, { ...one, key: 'n256' })).toThrow('at most 256 entries');
    expect(() => checkWrite({ messages: [], entries }, { ...one, key: 'n255' })).not.toThrow();
  });

  it('is read and written by the model in the turn that asks for it: no executor has part in it', () => {
    const world = remembering();
    world.execute('e-1', session);
    const given = { area: 'variables', key: 'city', value: 'Bern' };
    const told = world.answer({ tool_calls: [call('memory_write', given), call('memory_read')] });
    expect(typesOf(told)).toEqual([
      ...['turn_recorded', 'tool_called', 'tool_called', 'memory_written', 'tool_returned', 'tool_returned'],
      'turn_started',
    ]);
    expect(told.work.map(({ queue }) => queue)).toEqual(['agent.work.models']);
    const results = messagesOf(world).slice(-2);
    expect(results).toMatchObject([
      { role: 'tool', content: '{"written":true}' },
      { role: 'tool', content: '{"data":{},"context":{},"variables":{"city":"Bern"}}' },
    ]);
    world.answer({ content: 'done' });
    // Another execution of the session finds it.
    world.execute('e-2', session);
    world.answer({ tool_calls: [call('memory_read', { area: 'variables', key: 'city' })] }, {}, 'e-2');
    expect(messagesOf(world).at(-1)).toMatchObject({ content: '{"variables":{"city":"Bern"}}' });
  });

  it('tells the model what was wrong, and goes on', () => {
    const world = remembering();
    world.execute('e-1', session);
    const calls = [{ area: 'moon', key: 'a', value: 1 }, { area: 'data', key: 'a b', value: 1 }, { area: 'data' }];
    world.answer({ tool_calls: calls.map((given) => call('memory_write', given)) });
    const contents = messagesOf(world)
      .slice(-3)
      .map((message) => Object(message).content);
    for (const content of contents) expect(content).toContain('ARGUMENTS_NOT_VALID');
    world.answer({ content: 'done' });
    world.execute('e-2');
    world.answer({ tool_calls: [call('memory_read')] }, {}, 'e-2');
    expect(messagesOf(world).at(-1)).toMatchObject({ content: expect.stringContaining('NO_SESSION') });
  });

  it('tells the context of the session at the start of each of its executions, before what was said', () => {
    const world = remembering();
    world.give(write('customer', { name: 'Ada' }, { area: 'context' }));
    world.execute('e-1', session);
    world.answer({ content: 'Hello Ada' });
    world.execute('e-2', session);
    expect(messagesOf(world)).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      { role: 'system', content: 'Context of this session, as JSON: {"customer":{"name":"Ada"}}' },
      { role: 'user' },
      { role: 'assistant', content: 'Hello Ada' },
      { role: 'user' },
    ]);
  });

  it('is of one session alone, and closed when the agent is terminated', () => {
    const world = remembering();
    world.give(write('a', 1));
    expect(memoryOf(world.stateOf(sessionStream(bot, sessionId('other')))).variables).toEqual({});
    world.give({ type: 'agent.terminate', data: { agent_id: bot, reason: null } });
    expect(world.refusal(write('a', 2))).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});

import { jsonText } from '@chorda/contracts';
import { payloadRef } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { AgentsWorld, call, messagesOf } from '../testing/agents-world.js';

describe('values by reference', () => {
  const ref = (length: number, digit = 'a') => payloadRef(digit.repeat(64), length);

  it('stand in the conversation for what they refer to, count with their length, and end up in the fact', () => {
    const world = AgentsWorld.ready();
    world.execute('e-1', { input_data: jsonText({ ...ref(100_000) }) });
    const reserved = world.running().asking?.reservedTokens ?? 0;
    expect(reserved).toBeGreaterThan(100_000);
    expect(messagesOf(world).at(-1)).toEqual({ role: 'user', content: ref(100_000) });
    world.answer({ content: null, tool_calls: [call('lookup', '{"id":1}')] });
    world.result('lookup', { output_data: jsonText({ ...ref(90_000, 'b') }) });
    expect(messagesOf(world).at(-1)).toMatchObject({ role: 'tool', content: ref(90_000, 'b') });
    const told = world.answer({ content: { ...ref(70_000, 'c') } });
    const [fact] = told.facts;
    expect(fact).toMatchObject({
      type: 'agent.executed',
      data: {
        input_data: jsonText({ ...ref(100_000) }),
        output_data: jsonText({ content: { ...ref(70_000, 'c') }, finish_reason: 'stop' }),
      },
    });
  });

  it('are named where they are results that no conversation has room for', () => {
    const world = AgentsWorld.ready();
    world.execute();
    world.answer({ content: null, tool_calls: [call('lookup', '{"id":1}')] });
    world.result('lookup', { output_data: jsonText({ ...ref(5_000_000) }) });
    const content = Object(messagesOf(world).at(-1)).content;
    expect(JSON.parse(content)).toMatchObject({ note: expect.stringMatching(/too large/), payload: ref(5_000_000) });
  });

  it('end an execution whose input no model could be told', () => {
    const world = AgentsWorld.ready();
    const told = world.execute('e-1', { input_data: jsonText({ ...ref(2_000_000) }) });
    expect(told.facts).toMatchObject([{ type: 'agent.failed', data: { error_code: 'CONTEXT_TOO_LARGE' } }]);
  });
});

import type { JsonValue } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { AnswerAssembly, type JsonObject } from './answer-assembly.js';

const chunk = (choices: JsonValue, more: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'm',
  choices,
  ...more,
});
const delta = (given: JsonObject, more: JsonObject = {}) => ({ index: 0, delta: given, finish_reason: null, ...more });

function assembled(operation: 'chat_completion' | 'completion', chunks: readonly JsonObject[]): AnswerAssembly {
  const assembly = new AnswerAssembly(operation);
  for (const each of chunks) assembly.add(each);
  return assembly;
}

describe('a stream of a chat', () => {
  it('becomes the body that the same request has without a stream, unknown fields included', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1 } };
    const assembly = assembled('chat_completion', [
      chunk([delta({ role: 'assistant', content: '' })]),
      chunk([delta({ content: 'Hel', reasoning: 'be' }, { logprobs: { content: [{ token: 'Hel' }] } })]),
      chunk([delta({ content: 'lo', reasoning: ' kind' }, { logprobs: { content: [{ token: 'lo' }] } })]),
      chunk([delta({}, { finish_reason: 'stop', stop_reason: 7 })], { service_tier: 'x' }),
      chunk([], { usage }),
    ]);
    expect(assembly.isWhole).toBe(true);
    expect(assembly.usage).toEqual({ promptTokens: 3, cachedPromptTokens: 1, completionTokens: 2 });
    expect(assembly.body()).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'm',
      service_tier: 'x',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', reasoning: 'be kind' },
          logprobs: { content: [{ token: 'Hel' }, { token: 'lo' }] },
          stop_reason: 7,
          finish_reason: 'stop',
        },
      ],
      usage,
    });
  });

  it('puts calls of tools together, several at once, each where it stands', () => {
    const call = (index: number, id: string | undefined, given: JsonObject): JsonObject => ({
      tool_calls: [{ index, ...(id && { id, type: 'function' }), function: given }],
    });
    const body = assembled('chat_completion', [
      chunk([delta({ role: 'assistant', content: null })]),
      chunk([delta(call(0, 'a', { name: 'one', arguments: '' }))]),
      chunk([delta(call(0, undefined, { arguments: '{"x"' }))]),
      chunk([delta(call(1, 'b', { name: 'two', arguments: '{' }))]),
      chunk([delta(call(0, undefined, { arguments: ':1}' }))]),
      chunk([delta(call(1, undefined, { arguments: '}' }))]),
      chunk([delta({}, { finish_reason: 'tool_calls' })]),
    ]).body();
    expect(body['choices']).toEqual([
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'one', arguments: '{"x":1}' } },
            { id: 'b', type: 'function', function: { name: 'two', arguments: '{}' } },
          ],
        },
      },
    ]);
  });

  it('of several choices is whole when all of them are', () => {
    const assembly = new AnswerAssembly('chat_completion');
    assembly.add(chunk([delta({ content: 'a' }), { ...delta({ content: 'b' }), index: 1 }]));
    assembly.add(chunk([delta({}, { finish_reason: 'stop' })]));
    expect(assembly.isWhole).toBe(false);
    assembly.add(chunk([{ ...delta({}, { finish_reason: 'length' }), index: 1 }]));
    expect(assembly.isWhole).toBe(true);
  });
});

it('puts a completion together', () => {
  const part = (text: string, finish: string | null) => [{ index: 0, text, finish_reason: finish, logprobs: null }];
  const body = assembled('completion', [chunk(part('On', null)), chunk(part('ce', 'length'))]).body();
  expect(body).toMatchObject({
    object: 'text_completion',
    choices: [{ index: 0, text: 'Once', finish_reason: 'length' }],
  });
});

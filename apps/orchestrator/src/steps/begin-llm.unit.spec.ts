import { jsonText, stepId, workflowId, type workflowWork } from '@chorda/contracts';
import { BackboneError, defaultTenant, type JsonValue } from '@chorda/kernel';
import type { ModelAsk } from '@chorda/work';
import { describe, expect, it } from 'vitest';
import { beginLlm } from './begin-llm.js';

const none = { model: null, instructions: null, tokens_max: null, temperature: null, answer_schema: null };

async function begin(settings: object, input: JsonValue, fault?: Error) {
  const asked: ModelAsk[] = [];
  const ask = (one: ModelAsk) => (fault ? Promise.reject(fault) : Promise.resolve(void asked.push(one)));
  const data: Partial<workflowWork.StepRequested['data']> = {
    ...{
      workflow_id: workflowId('run-1'),
      step_id: stepId('ask'),
      attempt: 2,
      attempt_token: 'token-2',
      user_id: null,
    },
    input_data: jsonText(input),
    settings: jsonText({ ...none, ...settings }),
  };
  const outcome = await beginLlm(
    { ask },
    {
      // What an llm step does not look at is left out.
      work: { type: 'workflow.step_requested', data: data as workflowWork.StepRequested['data'] },
      ...{ tenantId: defaultTenant, leftMs: 60_000, signal: new AbortController().signal },
      metadata: { id: 'r', subject: 'run-1', correlationId: 'c' },
    },
  );
  return { outcome, asked };
}

describe('an llm step', () => {
  it('asks under the name of its try, for its run and step, and has the answer told to the run', async () => {
    const { outcome, asked } = await begin({ model: 'tiny', tokens_max: 50 }, 'Why?');
    expect(outcome).toEqual({ kind: 'begun' });
    expect(asked).toMatchObject([
      {
        ...{ requestId: 'token-2', operation: 'chat_completion', model: 'tiny', completionTokensMax: 50 },
        input: { messages: [{ role: 'user', content: 'Why?' }] },
        origin: { workflow_id: 'run-1', step_id: 'ask' },
        replyTo: {
          commandType: 'workflow.record_step_result',
          subject: 'run-1',
          context: { workflow_id: 'run-1', step_id: 'ask', attempt: 2, attempt_token: 'token-2', answer: 'text' },
        },
      },
    ]);
    expect(asked[0]?.deadlineAtMs).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('puts instructions first, takes messages as they are, and shows the model JSON of anything else', async () => {
    const messages = [{ role: 'assistant', content: 'Hm' }];
    const { asked } = await begin({ instructions: 'Be brief', temperature: 0 }, messages);
    expect(asked[0]?.input).toEqual({
      messages: [{ role: 'system', content: 'Be brief' }, ...messages],
      temperature: 0,
    });
    expect((await begin({}, { n: 1 })).asked[0]?.input).toEqual({ messages: [{ role: 'user', content: '{"n":1}' }] });
    expect((await begin({}, [])).asked[0]?.input).toEqual({ messages: [{ role: 'user', content: '[]' }] });
  });

  it('asks for a value of a schema', async () => {
    const schema = { type: 'object' };
    const { asked } = await begin({ answer_schema: schema }, 'Why?');
    expect(asked[0]?.input).toMatchObject({ response_format: { json_schema: { name: 'answer', schema } } });
    expect(asked[0]?.replyTo?.context).toMatchObject({ answer: 'json' });
  });

  it('fails where it cannot be asked at all, and is begun again after any other fault', async () => {
    class TooLargeError extends BackboneError {
      readonly code = 'EVENT_TOO_LARGE';
      readonly retriable = false;
    }
    const { outcome } = await begin({}, 'Why?', new TooLargeError('Too large'));
    expect(outcome).toMatchObject({
      kind: 'result',
      status: 'failed',
      error: expect.stringContaining('EVENT_TOO_LARGE'),
    });
    await expect(begin({}, 'Why?', new Error('gone'))).rejects.toThrow('gone');
  });
});

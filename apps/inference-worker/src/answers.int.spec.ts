import { jsonValue } from '@chorda/contracts';
import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InferenceGround } from './test-support/inference-ground.js';

let ground: InferenceGround;
let simulator: ModelSimulator;
let worker: Awaited<ReturnType<InferenceGround['worker']>>;

beforeAll(async () => {
  ground = await InferenceGround.open(inject('stack'));
  simulator = await startModelSimulator({ port: 0, allowsControl: true });
  worker = await ground.worker([simulator.url]);
});

afterAll(async () => {
  await worker?.app.stop();
  await simulator?.stop();
  await ground?.close();
});

describe('a request', () => {
  it('is answered by one outcome, in the body of the OpenAI API, with what it cost', async () => {
    const id = await ground.ask();
    const [outcome] = await ground.outcomes([id]);
    expect(outcome?.event).toMatchObject({
      type: 'inference.completed',
      data: { request_id: id, model: 'simulated', provider: 'vllm', attempts: 1, streamed: false },
    });
    const data = outcome?.event.type === 'inference.completed' ? outcome.event.data : undefined;
    expect(jsonValue(data!.output_data)).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant' } }],
      usage: { completion_tokens: data!.completion_tokens },
    });
    await ground.until(() => ground.usageOf(id).length > 0);
    expect(ground.usageOf(id)).toMatchObject([{ attempt: 1, status: 'completed', estimated: false }]);
  });
});

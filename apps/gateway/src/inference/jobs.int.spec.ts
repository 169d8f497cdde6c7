import { ChordaClient, ProblemError, type InferenceMessage } from '@chorda/client';
import type { JsonValue } from '@chorda/kernel';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { ScriptedWorker, type Script } from '../test-support/scripted-worker.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let worker: ScriptedWorker;
let key: string;
let client: ChordaClient;

const silent: Script = async () => undefined;
const asked = { model: 'm', input_data: { messages: [{ role: 'user', content: 'Say hello.' }] } };
const chunk = (content: string): JsonValue => ({ choices: [{ index: 0, delta: { content } }] });
const codeOf = (error: unknown) => (error instanceof ProblemError ? error.code : String(error));

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_INFERENCE_LOOKUP_MS: '300' });
  worker = await ScriptedWorker.start(ground, silent);
  key = await ground.issueKey(['inference:write', 'inference:read']);
  client = new ChordaClient({ url: gateway.url, apiKey: key });
}, 120_000);

afterAll(async () => {
  await worker?.stop();
  await gateway?.stop();
  await ground?.close();
});

it('a job is taken at once, and its outcome is shown before any read model has it', async () => {
  worker.script = silent;
  const taken = await client.inference.ask({ ...asked, priority: 'low', deadline_ms: 60_000, agent_id: 'a-1' });
  expect(taken).toMatchObject({ status: 'pending' });
  await untilTrue(async () => worker.taken.at(-1)?.data.request_id === taken.request_id);
  const request = worker.taken.at(-1) ?? expect.fail();
  expect(request.data).toMatchObject({ priority: 'low', agent_id: 'a-1', operation: 'chat_completion' });
  await worker.complete(request, { said: 'hello' });
  expect(await client.inference.get(taken.request_id)).toMatchObject({
    ...{ status: 'completed', output_data: { said: 'hello' }, completion_tokens: 5, attempts: 1, agent_id: 'a-1' },
  });
});

it('who waits is told the outcome; the same key is the same request, also once it has ended', async () => {
  worker.script = (request, own) => own.complete(request, { said: 'hello' });
  const before = worker.taken.length;
  const options = { idempotencyKey: 'job-1', waitMs: 10_000 };
  for (const _ of [1, 2]) {
    const answer = await client.inference.ask(asked, options);
    expect(answer).toMatchObject({ status: 'completed', outcome: { output_data: { said: 'hello' } } });
  }
  expect(worker.taken.length).toBe(before + 1);
  const other = client.inference.ask({ ...asked, model: 'other' }, options);
  expect(await other.catch(codeOf)).toBe('IDEMPOTENCY_KEY_REUSED');
});

it('is followed from its first token on by who comes late, and from where he was by who comes back', async () => {
  worker.script = async (request, own) => {
    await own.tokens(request, 0, [chunk('Hel')]);
    await own.tokens(request, 0, [], { attempt: 2, voided: 1 });
    await own.tokens(request, 1, [chunk('Good')], { attempt: 2 });
    await own.tokens(request, 2, [chunk(' day')], { attempt: 2, end: true });
  };
  const { request_id } = await client.inference.ask({ ...asked, stream: true });
  const seen: InferenceMessage[] = [];
  const following = (async () => {
    for await (const message of client.inference.follow(request_id)) seen.push(message);
  })();
  await untilTrue(async () => seen.some((message) => message.kind === 'tokens' && message.id === '2.2'));
  const again: InferenceMessage[] = [];
  const back = (async () => {
    for await (const message of client.inference.follow(request_id, { lastEventId: '2.1' })) again.push(message);
  })();
  await untilTrue(async () => again.length === 1);
  await worker.complete(worker.taken.at(-1) ?? expect.fail(), { said: 'Good day' }, true);
  await Promise.all([following, back]);
  expect(seen.filter(({ kind }) => kind === 'tokens').at(-1)).toMatchObject({ chunks: [chunk(' day')] });
  expect(again).toMatchObject([
    { kind: 'tokens', id: '2.2' },
    { kind: 'outcome', status: 'completed' },
  ]);
  const late: string[] = [];
  for await (const { kind } of client.inference.follow(request_id)) late.push(kind);
  expect(late.at(-1)).toBe('outcome');
});

it('is cancelled by who asks, once; what has ended or never was is not', async () => {
  worker.script = silent;
  const { request_id } = await client.inference.ask(asked);
  await untilTrue(async () => worker.taken.at(-1)?.data.request_id === request_id);
  const cancelling = client.inference.cancel(request_id, { reason: 'not needed', waitMs: 10_000 });
  await untilTrue(async () => worker.cancels.some((cancel) => cancel.request_id === request_id));
  await worker.cancelled(worker.taken.at(-1) ?? expect.fail(), 'not needed');
  expect(await cancelling).toMatchObject({ status: 'cancelled', outcome: { reason: 'not needed' } });
  expect(await client.inference.cancel(request_id).catch(codeOf)).toBe('NOT_IN_THIS_STATE');
  expect(await client.inference.cancel('nobody').catch(codeOf)).toBe('NOT_FOUND');
});

it('names the field of a job that is wrong', async () => {
  const send = (body: object) =>
    fetch(`${gateway.url}/v1/inference`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  for (const [body, pointer] of [
    [{ input_data: {} }, '/model'],
    [{ ...asked, priority: 'top' }, '/priority'],
    [{ ...asked, deadline_ms: 1e12 }, '/deadline_ms'],
    [{ ...asked, cost_usd_max: 'much' }, '/cost_usd_max'],
    [{ ...asked, input_data: { messages: [] } }, '/input_data/messages'],
    [{ ...asked, operation: 'embedding', input_data: {} }, '/input_data/input'],
  ] as const) {
    const response = await send(body);
    expect([pointer, response.status]).toEqual([pointer, 400]);
    expect(await response.json()).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer }] });
  }
});

it('is answered to who asks another gateway, where the one that took it is gone', async () => {
  worker.script = silent;
  const second = await startGatewayOn(ground);
  const { request_id } = await new ChordaClient({ url: second.url, apiKey: key }).inference.ask(asked);
  await untilTrue(async () => worker.taken.at(-1)?.data.request_id === request_id);
  await second.stop();
  await worker.complete(worker.taken.at(-1) ?? expect.fail(), { said: 'hello' });
  expect(await client.inference.get(request_id)).toMatchObject({ status: 'completed' });
});

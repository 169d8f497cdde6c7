import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createPool } from '@chorda/read-models';
import {
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let key: string;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_INFERENCE_ABSENT_MS: '1', CHORDA_INFERENCE_LOOKUP_MS: '100' });
  key = await ground.issueKey(['inference:write', 'inference:read']);
}, 120_000);

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

function post(path: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-chorda-deadline-ms': '200' };
  return fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

const messages = [{ role: 'user', content: 'Say hello.' }];
const chat = () => post('/openai/v1/chat/completions', { model: 'm', messages });

it('who waits at the OpenAI door is told that no worker is there, a job waits for one, and both go on once there is', async () => {
  // The first one may find a worker that is about to start.
  await untilTrue(async () => (await chat()).status === 503);
  const refused = await chat();
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await refused.json()).toEqual({
    error: {
      ...{ type: 'server_error', param: null, code: 'unavailable' },
      message: expect.stringMatching(/^No inference worker was heard of for \d+ s/),
    },
  });
  expect((await post('/v1/inference', { model: 'm', input_data: { messages } })).status).toBe(202);

  const pool = createPool(ground.env['DATABASE_URL'] ?? '');
  await pool.query("INSERT INTO inference_workers (worker, beat_at) VALUES ('spec', now() + interval '1 hour')");
  await pool.end();

  // It is asked, and says nothing until the deadline is over.
  await untilTrue(async () => (await chat()).status === 504);
}, 60_000);

import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { GatewayClient } from '../test-support/requests.js';
import { StoppingDatabase } from '../test-support/stopping-database.js';

let ground: Ground;
let database: StoppingDatabase;
let gateway: GatewayUnderTest;
let client: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  database = await StoppingDatabase.open(ground.env['DATABASE_URL'] ?? '');
  gateway = await startGatewayOn(ground, { DATABASE_URL: database.url, CHORDA_DATABASE_ANSWER_MS: '4000' });
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
});

afterAll(async () => {
  // A gateway that stops waits for what its connections do.
  database?.goOn();
  await gateway?.stop();
  await database?.close();
  await ground?.close();
});

const json = { 'content-type': 'application/json' };
const requests: readonly (readonly [string, string, object?])[] = [
  ['GET', '/v1/agents'],
  ['GET', '/v1/agents/AGENT-1/history'],
  ['POST', '/v1/agents/AGENT-1/execute', { input_data: 'x' }],
  ['POST', '/v1/executions/none/cancel', {}],
  ['GET', '/v1/keys'],
  ['POST', '/v1/keys', { name: 'late', scopes: ['events:read'] }],
  ['GET', '/v1/workflows'],
  ['GET', '/v1/topics'],
  ['GET', '/v1/external-types'],
];

async function answers() {
  return Promise.all(
    requests.map(([method, path, body]) => {
      // With a key, so that each write begins by asking the database for it.
      const headers = body && { ...json, 'idempotency-key': newId() };
      return client.request(method, path, { ...(body && { body: JSON.stringify(body) }), ...(headers && { headers }) });
    }),
  );
}

async function unavailable(): Promise<number> {
  const metric = await gateway.host.metrics.getSingleMetric('chorda_unavailable_answers_total')?.get();
  return metric?.values[0]?.value ?? 0;
}

describe.each([
  { name: 'takes connections and answers none', stop: () => database.stop(), isSilent: false },
  { name: 'says nothing on open connections either', stop: () => database.fallSilent(), isSilent: true },
])('a database that $name', { timeout: 120_000 }, ({ stop, isSilent }) => {
  it('is told to callers as a 503 that says when to come again, and counted; then all is as before', async () => {
    const before = await answers();
    expect(before.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    stop();
    const found = (await answers()).map((answer, index) => ({ ...answer, request: requests[index] }));
    const away = found.filter(({ status }) => status === 503);
    for (const { headers, body } of away) {
      expect(headers.get('content-type')).toContain('application/problem+json');
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(body).toMatchObject({ code: 'UNAVAILABLE', status: 503 });
    }
    expect(found.filter(({ status }) => status >= 500 && status !== 503)).toEqual([]);
    expect(away.map(({ request }) => request?.[1])).toEqual(
      expect.arrayContaining(['/v1/agents', '/v1/agents/AGENT-1/history', '/v1/keys', '/v1/executions/none/cancel']),
    );
    expect(database.unanswered > 0).toBe(isSilent);
    expect(await unavailable()).toBeGreaterThanOrEqual(away.length);
    database.goOn();
    await expect
      .poll(async () => (await answers()).map(({ status }) => status), { timeout: 60_000, interval: 500 })
      .toEqual(before.map(({ status }) => status));
  });
});

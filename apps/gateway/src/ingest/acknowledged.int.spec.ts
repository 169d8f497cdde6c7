import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient, type Answer } from '../test-support/requests.js';

let own: TestStack;
let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;
const requestsMax = 5;

beforeAll(async () => {
  own = await startStack({ servers: ['kafka'] });
  ground = await prepareGround({ ...inject('stack'), kafkaBrokers: own.kafkaBrokers });
  gateway = await startGatewayOn(ground, { CHORDA_INGEST_REQUESTS_IN_FLIGHT_MAX: String(requestsMax) });
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
  // Connections are made and the key is known, so that what follows is about the broker alone.
  const { status } = await client.send(executed());
  if (status !== 201) throw new Error(`The first event was answered ${status}`);
});

afterAll(async () => {
  own?.server('kafka').resume();
  await gateway?.stop();
  await ground?.close();
  await own?.stop();
});

const sleep = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));

async function whilePaused(work: () => Promise<void>): Promise<void> {
  own.server('kafka').pause();
  try {
    await work();
  } finally {
    own.server('kafka').resume();
  }
}

describe('while the broker does not acknowledge', () => {
  it('no request is answered 2xx; past the bound the rest are told to come again, and those that wait are kept', async () => {
    const answers: Answer[] = [];
    const sent: Promise<Answer>[] = [];
    await whilePaused(async () => {
      for (let index = 0; index < 4 * requestsMax; index += 1) {
        sent.push(
          client.send(executed({ id: `PAUSED-${index}` })).then((answer) => {
            answers.push(answer);
            return answer;
          }),
        );
      }
      await sleep(2000);
      expect(answers.filter(({ status }) => status < 300)).toEqual([]);
      expect(answers.length).toBe(3 * requestsMax);
      for (const { status, body, headers } of answers) {
        expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'OVERLOADED' });
        expect(headers.get('retry-after')).toBe('1');
      }
    });
    const settled = await Promise.all(sent);
    const logged = settled.filter(({ status }) => status === 201).map(({ body }) => String(body['id']));
    expect(logged).toHaveLength(requestsMax);
    await ground.journal.catchUp();
    for (const id of logged) expect((await client.get(`/v1/events/${id}`)).status).toBe(200);
  });

  it('a request that waited too long is told that its event may appear, and later ones of its key are not sent', async () => {
    const events = Array.from({ length: 250 }, (_, index) => executed({ id: `UNKNOWN-${index}` }, { agent_id: 'KEY' }));
    let answer: Answer | undefined;
    await whilePaused(async () => {
      answer = await client.send(events);
    });
    expect(answer?.status).toBe(503);
    expect(answer?.headers.get('retry-after')).toBe('1');
    const items = answer?.body['items'] as { status: string; id: string }[];
    expect(items.slice(0, 100).every(({ status }) => status !== 'logged')).toBe(true);
    expect(items.slice(100).map(({ status }) => status)).toEqual(Array.from({ length: 150 }, () => 'not_attempted'));
    expect((await client.send(executed())).status).toBe(201);
    await ground.journal.catchUp();
    const untried = await client.get('/v1/events/UNKNOWN-100');
    expect(untried.status).toBe(404);
  });
});

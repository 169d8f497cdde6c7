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
import { untilTrue } from '../test-support/until-true.js';

let own: TestStack;
let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;
const requestsMax = 5;
const latencyMsMax = 1_500;
const deliveryTimeoutMs = 3_000;

beforeAll(async () => {
  own = await startStack({ servers: ['kafka'] });
  ground = await prepareGround({ ...inject('stack'), kafkaBrokers: own.kafkaBrokers });
  gateway = await startGatewayOn(ground, {
    CHORDA_INGEST_REQUESTS_IN_FLIGHT_MAX: String(requestsMax),
    CHORDA_INGEST_LATENCY_MS_MAX: String(latencyMsMax),
    CHORDA_INGEST_DELIVERY_TIMEOUT_MS: String(deliveryTimeoutMs),
  });
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
      await untilTrue(() => answers.length >= 3 * requestsMax);
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

  it('new requests are refused early once the oldest append takes too long, and taken again when it is answered', async () => {
    let early: Answer | undefined;
    const sent: Promise<Answer>[] = [];
    await whilePaused(async () => {
      sent.push(client.send(executed()));
      await sleep(latencyMsMax + 300);
      early = await client.send(executed());
      expect(await gateway.host.metrics.getSingleMetricAsString('chorda_ingest_refused_requests_total')).toMatch(
        /reason="latency".*\} [1-9]/,
      );
    });
    expect({ status: early?.status, code: early?.body['code'] }).toEqual({ status: 503, code: 'OVERLOADED' });
    expect(early?.headers.get('retry-after')).toBe('1');
    expect(early?.headers.get('connection')).toBe('keep-alive');
    expect((await sent[0])?.status).toBe(201);
    expect((await client.send(executed())).status).toBe(201);
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

  it('NDJSON holds later lines of a key back too, over windows, and says that some are uncertain', async () => {
    const lines = (from: number) =>
      Array.from({ length: 250 }, (_, index) =>
        JSON.stringify(executed({ id: `LINE-${from + index}` }, { agent_id: index % 50 === 0 ? 'OTHER' : 'LINES' })),
      ).join('\n');
    let text = '';
    await whilePaused(async () => {
      text = (await client.text(`${lines(0)}\n${lines(250)}\n${lines(500)}`, { type: 'application/x-ndjson' })).body;
    });
    const results: { status: string }[] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results).toHaveLength(751);
    expect(results.slice(0, -1).filter(({ status }) => status === 'logged')).toEqual([]);
    expect(results.slice(500, -1).every(({ status }) => status === 'not_attempted')).toBe(true);
    expect(results.at(-1)).toMatchObject({ status: 'end', items: 750, position: null });
  });

  it('an Idempotency-Key of an uncertain request is free for the same request alone', async () => {
    const headers = { 'idempotency-key': 'UNCERTAIN' };
    const { id: _id, ...event } = executed();
    let uncertain: Answer | undefined;
    await whilePaused(async () => {
      uncertain = await client.send(event, { headers });
    });
    expect({ status: uncertain?.status, code: uncertain?.body['code'] }).toEqual({
      status: 503,
      code: 'DELIVERY_UNKNOWN',
    });
    expect((await client.send(executed(), { headers })).body['code']).toBe('IDEMPOTENCY_KEY_REUSED');
    const again = await client.send(event, { headers });
    expect(again.status).toBe(201);
    expect((await client.send(event, { headers })).headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('while no broker is there', () => {
  it('nothing is acknowledged, and the sender is told to come again', async () => {
    await own.server('kafka').kill();
    for (const event of [executed(), [executed(), executed()]]) {
      const { status, headers, body } = await client.send(event);
      expect({ status, code: body['code'] }).toEqual({
        status: 503,
        code: expect.stringMatching(/^(UNAVAILABLE|DELIVERY_UNKNOWN)$/),
      });
      expect(headers.get('retry-after')).toBe('1');
    }
    await own.server('kafka').start();
    await untilTrue(async () => (await client.send(executed())).status === 201, 30_000);
  });
});

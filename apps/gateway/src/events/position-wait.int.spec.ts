import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

/** Guarantee 9, where nothing fills the journal before it is told to. */
describe('a position', () => {
  it('waits for what it brought, and says that it is not there yet', async () => {
    const sent = await client.send(executed());
    const path = `/v1/events?min_position=${String(sent.body['position'])}`;
    const early = await client.get(`${path}&wait=100`);
    expect(early).toMatchObject({ status: 200, body: { complete: false } });
    const waiting = client.get(`${path}&wait=20000`);
    await ground.journal.catchUp();
    const late = await waiting;
    expect(late.body).toMatchObject({ complete: true });
    expect(JSON.stringify(late.body)).toContain(String(sent.body['id']));
  });

  it('is not asked of who reads what is there', async () => {
    const sent = await client.send(executed());
    await ground.journal.catchUp();
    expect((await client.get(`/v1/events/${String(sent.body['id'])}`)).status).toBe(200);
  });
});

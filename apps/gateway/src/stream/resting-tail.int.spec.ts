import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';
import { SseClient } from '../test-support/sse-client.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let key: string;
let sender: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_TAIL_REST_AFTER_MS: '0' });
  key = await ground.issueKey(everyScope);
  sender = new GatewayClient(gateway.url, key);
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

async function send(source: string): Promise<string> {
  const event = executed({ source });
  expect((await sender.send([event])).status).toBe(200);
  return event.id;
}

async function eventsHeld(): Promise<number> {
  const metric = await gateway.host.metrics.getSingleMetric('chorda_tail_events')?.get();
  return metric?.values[0]?.value ?? 0;
}

describe('a tail to which nobody listens', () => {
  it('reads nothing; who comes sees what is new, and with a place of before everything since', async () => {
    const source = `urn:spec:${newId()}`;
    await send(source);
    const first = await new SseClient(gateway.url, key).open(`?source=${source}`);
    // From the present on: what was sent while nobody listened is not shown to who did not ask for it.
    const seen = await send(source);
    await first.untilEvents(1);
    expect(first.ids()).toEqual([seen]);
    const held = await eventsHeld();
    expect(held).toBeGreaterThan(0);
    await first.close();
    // What was on its way when it began to rest is still read; then nothing is.
    await untilTrue(async () => {
      const before = await eventsHeld();
      await send(source);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return (await eventsHeld()) === before;
    });
    const unseen = await send(source);
    const again = await new SseClient(gateway.url, key).open(`?source=${source}`, {
      'last-event-id': first.lastEventId,
    });
    await untilTrue(() => again.ids().includes(unseen));
    const last = await send(source);
    await untilTrue(() => again.ids().includes(last));
    expect(new Set(again.ids()).size).toBe(again.ids().length);
    expect(again.ids()).not.toContain(seen);
    await again.close();
  });
});

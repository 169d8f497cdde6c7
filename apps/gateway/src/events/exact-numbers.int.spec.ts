import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient, structured } from '../test-support/requests.js';
import { SseClient } from '../test-support/sse-client.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let key: string;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  key = await ground.issueKey(everyScope);
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const text = async (path: string) => {
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${key}` } });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return response.text();
};

/** Numbers that no double holds, and one that a double holds but writes otherwise. */
const numbers = '{"big":12345678901234567890,"fine":0.1000000000000000055,"list":[-9007199254740993,1e-400,0.1]}';

describe('a number that no double holds', () => {
  it('is shown as it was sent: by its id, in a search, and live', async () => {
    const tail = await new SseClient(gateway.url, key).open('?type=agent.executed');
    const event = executed();
    const sent = JSON.stringify(event).replace('"input_data":{"question":"why"}', `"input_data":${numbers}`);
    expect(sent).toContain(numbers);
    const { status } = await new GatewayClient(gateway.url, key).send(sent, { type: structured });
    expect(status).toBe(201);
    await ground.journal.catchUp();
    expect(await text(`/v1/events/${event.id}`)).toContain(`"input_data":${numbers}`);
    expect(await text('/v1/events?subject=AGENT-1')).toContain(`"input_data":${numbers}`);
    const live = () => tail.messages.find(({ data }) => data.includes(event.id));
    await untilTrue(() => live() !== undefined);
    expect(live()?.data).toContain(`"input_data":${numbers}`);
    await tail.close();
  });
});

import { createKafkaDriver } from '@chorda/messaging';
import { startKafkaCluster, type KafkaCluster } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

let cluster: KafkaCluster;
let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;

/** Three brokers, as a deployment has them: two have to have an event before it is acknowledged. */
beforeAll(async () => {
  cluster = await startKafkaCluster(3);
  ground = await prepareGround({ ...inject('stack'), kafkaBrokers: cluster.brokers });
  gateway = await startGatewayOn(ground, { CHORDA_INGEST_DELIVERY_TIMEOUT_MS: '2000' });
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
}, 120_000);

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
  await cluster?.stop();
}, 60_000);

const send = (id: string) => client.send(executed({ id, source: 'urn:spec:replicas' }, { agent_id: `AGENT-${id}` }));

async function idsInLog(): Promise<ReadonlySet<string>> {
  const connection = {
    brokers: [cluster.brokers],
    topicPrefix: ground.env['CHORDA_TOPIC_PREFIX'] ?? '',
    clientId: 's',
  };
  const driver = createKafkaDriver(connection);
  const ids = new Set<string>();
  try {
    const admin = await driver.admin();
    for (const { partition, start, end } of await admin.offsets('agent.events')) {
      for await (const { records } of driver.scan({ topic: 'agent.events', partition, from: start, to: end })) {
        for (const { headers } of records) ids.add(String(headers['ce_id']));
      }
    }
  } finally {
    await driver.close();
  }
  return ids;
}

describe('with two of three brokers gone', () => {
  it('nothing is acknowledged and the sender is told when to come again; when one is back, events are taken', async () => {
    const acknowledged: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const { status } = await send(`WHOLE-${index}`);
      expect(status).toBe(201);
      acknowledged.push(`WHOLE-${index}`);
    }
    const [, second, third] = cluster.nodes;
    // One replica may go: two are as many as are asked for.
    await third?.kill();
    await untilTrue(async () => (await send('TWO')).status === 201, 30_000);
    acknowledged.push('TWO');
    await second?.kill();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => send(`ALONE-${index}`)));
    for (const { status, headers, body } of answers) {
      expect({ status, code: body['code'] }).toEqual({
        status: 503,
        code: expect.stringMatching(/^(UNAVAILABLE|DELIVERY_UNKNOWN|OVERLOADED)$/),
      });
      expect(headers.get('retry-after')).toBe('1');
    }
    await second?.start();
    await untilTrue(async () => (await send('AGAIN')).status === 201, 60_000);
    acknowledged.push('AGAIN');
    const logged = await idsInLog();
    expect(acknowledged.filter((id) => !logged.has(id))).toEqual([]);
  }, 150_000);
});

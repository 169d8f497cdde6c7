import { startSourceProcess, type SourceProcess } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;
let projector: SourceProcess;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  projector = startSourceProcess(new URL('../../../projector/src/main.ts', import.meta.url), {
    ...ground.env,
    METRICS_PORT: '0',
    LOG_LEVEL: 'error',
    OTEL_SDK_DISABLED: 'true',
  });
  gateway = await startGatewayOn(ground);
  client = new GatewayClient(gateway.url, await ground.issueKey(['admin']));
});

afterAll(async () => {
  await projector?.end();
  await gateway?.stop();
  await ground?.close();
});

/** Guarantee 9, with a projector that stands still in the middle of its work and goes on. */
describe('a read that brings the position of a write', () => {
  it('waits for every projection that it reads, and says why it cannot', async () => {
    const warm = await client.send(executed());
    await untilTrue(async () => {
      const { body } = await client.get(`/v1/executions?min_position=${String(warm.body['position'])}&wait=1000`);
      return body['complete'] === true;
    }, 60_000);

    projector.signal('SIGSTOP');
    const sent = await client.send(executed({}, { execution_id: 'EXECUTION-LATE' }));
    const position = String(sent.body['position']);
    for (const path of ['executions', 'agents', 'events']) {
      const { status, body } = await client.get(`/v1/${path}?min_position=${position}&wait=50`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ complete: false, reason: 'lagging' });
    }
    const early = await client.get(`/v1/executions/EXECUTION-LATE?min_position=${position}&wait=0`);
    expect(early).toMatchObject({ status: 404, body: { complete: false, projection: 'executions' } });

    const waiting = client.get(`/v1/executions/EXECUTION-LATE?min_position=${position}&wait=30000`);
    projector.signal('SIGCONT');
    const late = await waiting;
    expect(late).toMatchObject({ status: 200, body: { execution_id: 'EXECUTION-LATE' } });
    // What this answer has seen, another read can ask for.
    const seen = late.headers.get('projection-position') ?? '';
    const again = await client.get(`/v1/executions?min_position=${seen}&wait=0`);
    expect(again.body).toMatchObject({ complete: true });
  });
});

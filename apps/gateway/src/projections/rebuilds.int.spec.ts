import { ChordaClient, ProblemError } from '@chorda/client';
import { createPool } from '@chorda/read-models';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';

/** What is asked of rebuilds over HTTP; the projector's own specs do them. */
describe('/v1/projections/{name}/rebuild', () => {
  let ground: Ground;
  let gateway: GatewayUnderTest;
  let pool: pg.Pool;
  let operator: ChordaClient;

  beforeAll(async () => {
    ground = await prepareGround(inject('stack'));
    gateway = await startGatewayOn(ground);
    pool = createPool(ground.env['DATABASE_URL'] ?? '');
    await pool.query(`INSERT INTO projections VALUES ('spec', 2, '{agent.events}')`);
    const apiKey = await ground.issueKey(['deployment:operate', 'system:read']);
    operator = new ChordaClient({ url: gateway.url, apiKey });
  });

  afterAll(async () => {
    await pool?.end();
    await gateway?.stop();
    await ground?.close();
  });

  const problemOf = (answer: Promise<unknown>) =>
    answer.then(
      () => undefined,
      (error: unknown) => (error instanceof ProblemError ? error.problem : error),
    );

  it('takes a request up once, shows it, and refuses what its state does not allow', async () => {
    expect(await problemOf(operator.rebuilds.get('spec'))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect(await problemOf(operator.rebuilds.start('nobody'))).toMatchObject({ status: 404 });
    const started = await operator.rebuilds.start('spec', { swap: 'manual', eventsPerSecondMax: 500 });
    expect(started).toMatchObject({
      projection: 'spec',
      state: 'requested',
      from_version: 2,
      to_version: null,
      swap: 'manual',
      events_per_second_max: 500,
      events_done: '0',
      partitions: [],
    });
    expect(await problemOf(operator.rebuilds.start('spec'))).toMatchObject({ status: 409, code: 'ALREADY_EXISTS' });
    const tooEarly = await problemOf(operator.rebuilds.act('spec', 'swap-back'));
    expect(tooEarly).toMatchObject({
      status: 409,
      code: 'NOT_IN_THIS_STATE',
      detail: expect.stringMatching(/requested/),
    });
    expect(await operator.rebuilds.act('spec', 'cancel')).toMatchObject({ wanted: 'cancel', state: 'requested' });
    const { projections } = await operator.projections();
    expect(projections.find(({ name }) => name === 'spec')?.rebuild ?? { state: 'requested' }).toMatchObject({
      state: 'requested',
    });
  });

  it.each([
    [{ swap: 'maybe' }, '/swap'],
    [{ events_per_second_max: 0 }, '/events_per_second_max'],
    [{ connections_max: 1.5 }, '/connections_max'],
    [{ conections_max: 1 }, ''],
  ])('names the field and the rule of %j', async (body, pointer) => {
    const apiKey = await ground.issueKey(['deployment:operate']);
    const response = await fetch(`${gateway.url}/v1/projections/spec/rebuild`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer }] });
  });

  it('is for who operates the deployment: an admin of one tenant may not', async () => {
    const admin = new ChordaClient({ url: gateway.url, apiKey: await ground.issueKey(['admin']) });
    expect(await problemOf(admin.rebuilds.start('spec'))).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect(await admin.rebuilds.get('spec')).toMatchObject({ projection: 'spec' });
  });
});

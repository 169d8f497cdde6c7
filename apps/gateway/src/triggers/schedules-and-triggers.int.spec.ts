import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { GatewayClient } from '../test-support/requests.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let team: GatewayClient;
let stranger: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  const scopes = ['workflows:read', 'workflows:write', 'events:read'] as const;
  team = new GatewayClient(gateway.url, await ground.issueKey([...scopes], otherTenant));
  stranger = new GatewayClient(gateway.url, await ground.issueKey(['admin']));
  const body = 'workflow: report\nsteps:\n  a: { kind: script, value: 1 }\n';
  await team.request('POST', '/v1/workflows', { body, headers: { 'content-type': 'application/yaml' } });
});
afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

// No engine decides here: what passes the door is taken.
const post = (path: string, body: unknown, headers: Record<string, string> = {}, client = team) =>
  client.request('POST', path, {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', prefer: 'respond-async', ...headers },
  });
const issues = (answer: { body: Record<string, unknown> }) =>
  (answer.body['errors'] as { pointer: string; detail: string }[]).map(({ pointer }) => pointer);

describe('the door of schedules', () => {
  it('takes a schedule, and shows when a clock would come', async () => {
    const made = await post('/v1/schedules', { schedule_id: 'nightly', workflow_name: 'report', cron: '30 2 * * *' });
    expect([made.status, made.body['status']]).toEqual([202, 'taken']);
    const preview = { cron: '30 2 * * *', time_zone: 'Europe/Berlin', after: '2027-03-26T12:00:00Z', count: 3 };
    expect((await post('/v1/schedules/preview', preview)).body['items']).toEqual([
      { fire_at: '2027-03-27T01:30:00.000Z', local_time: '2027-03-27T02:30:00+01:00' },
      { fire_at: '2027-03-28T01:00:00.000Z', local_time: '2027-03-28T03:00:00+02:00' },
      { fire_at: '2027-03-29T00:30:00.000Z', local_time: '2027-03-29T02:30:00+02:00' },
    ]);
  });

  it.each([
    [{ cron: '61 * * * *' }, 422, '/cron'],
    [{ cron: '0 0 31 2 *' }, 422, '/cron'],
    [{ cron: '@daily', time_zone: 'Mars/Base' }, 422, '/time_zone'],
    [{ cron: '@daily', workflow_name: 'of-nobody' }, 422, '/workflow_name'],
    [{ cron: '@daily', workflow_version: 7 }, 422, '/workflow_name'],
    [{ cron: '@daily', overlap: 'perhaps' }, 400, '/overlap'],
    [{ cron: '@daily', catch_up_window_ms: 1 }, 400, '/catch_up_window_ms'],
    [{ cron: '@daily', schedule_id: 'a:b' }, 400, '/schedule_id'],
    [{ cron: '@daily', colour: 'red' }, 400, ''],
  ])('refuses %j with %i at %j', async (own, status, pointer) => {
    const answer = await post('/v1/schedules', { workflow_name: 'report', ...own });
    expect(answer.status).toBe(status);
    expect(issues(answer)).toEqual([pointer]);
  });
});

describe('the door of triggers', () => {
  it.each([
    [{ kind: 'event', topics: ['audit.events'] }, 422, '/topics'],
    [{ kind: 'event', topics: ['workflow.commands'] }, 422, '/topics'],
    [{ kind: 'event', topics: ['external.webhook'], filter: 'event.data ==' }, 422, '/filter'],
    [{ kind: 'http', input: '1 +' }, 422, '/input'],
    [{ kind: 'http', workflow_name: 'of-nobody' }, 422, '/workflow_name'],
    [{ kind: 'event' }, 400, '/topics'],
  ])('refuses %j with %i at %j', async (own, status, pointer) => {
    const answer = await post('/v1/triggers', { workflow_name: 'report', ...own });
    expect(answer.status).toBe(status);
    expect(issues(answer)).toEqual([pointer]);
  });

  it('keeps a trigger for its tenant, shows no secret again, and uses no id twice', async () => {
    const topics = ['external.webhook'];
    const wanted = { trigger_id: 'orders', kind: 'event', workflow_name: 'report', topics };
    expect((await post('/v1/triggers', wanted)).status).toBe(201);
    expect((await post('/v1/triggers', wanted)).body['code']).toBe('ALREADY_EXISTS');
    expect((await team.get('/v1/triggers/orders')).body).toMatchObject({ status: 'active', topics, fires: 0 });
    expect((await stranger.get('/v1/triggers/orders')).status).toBe(404);
    expect((await post('/v1/triggers/orders/pause', '')).body['status']).toBe('paused');
    expect((await team.request('DELETE', '/v1/triggers/orders')).status).toBe(204);
    expect((await team.get('/v1/triggers/orders')).status).toBe(404);
    expect((await post('/v1/triggers', wanted)).body['code']).toBe('ALREADY_EXISTS');
  });

  it('starts runs by a secret address: once for each message, signed where it has to be', async () => {
    const made = await post('/v1/triggers', {
      trigger_id: 'shop',
      kind: 'http',
      workflow_name: 'report',
      signed: true,
    });
    const { path, signing_secret: secret } = made.body as { path: string; signing_secret: string };
    const shown = JSON.stringify((await team.get('/v1/triggers/shop')).body);
    expect(shown).not.toContain(path);
    expect(shown).not.toContain(secret);

    const nobody = new GatewayClient(gateway.url, '');
    const body = '{"order":7}';
    const stamp = String(Math.floor(Date.now() / 1_000));
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const mac = createHmac('sha256', key).update(`msg-1.${stamp}.${body}`).digest('base64');
    const signed = { 'webhook-id': 'msg-1', 'webhook-timestamp': stamp, 'webhook-signature': `v1,${mac}` };
    const first = await post(path, body, signed, nobody);
    expect(first.status).toBe(202);
    expect((await post(path, '{"order":8}', signed, nobody)).status).toBe(401);
    expect((await post(path, body, {}, nobody)).status).toBe(401);
    expect((await post('/v1/hooks/trg_of-nobody', body, signed, nobody)).status).toBe(404);
    await post('/v1/triggers/shop/pause', '');
    expect((await post(path, body, signed, nobody)).body['code']).toBe('NOT_IN_THIS_STATE');
  });

  it('asks the filter of an address, and says when it says no', async () => {
    const own = { trigger_id: 'large', kind: 'http', workflow_name: 'report', filter: 'body.amount > 100' };
    const { path } = (await post('/v1/triggers', own)).body as { path: string };
    expect((await post(path, { amount: 7 })).body).toMatchObject({ status: 'passed' });
    expect((await post(path, { amount: 700 })).status).toBe(202);
    expect((await post(path, { price: 7 })).body['code']).toBe('INVALID_COMMAND');
  });
});

describe('the door of jobs over runs', () => {
  it('takes a query of runs once for its key, and shows how far it is', async () => {
    const job = {
      action: 'cancel',
      where: { status: 'in.running,paused', workflow_name: 'report' },
      reason: 'Wrong day',
    };
    const first = await post('/v1/run-jobs', job, { 'idempotency-key': 'k-1' });
    expect([first.status, first.body['status']]).toEqual([202, 'running']);
    const again = await post('/v1/run-jobs', job, { 'idempotency-key': 'k-1' });
    expect(again.body['job_id']).toBe(first.body['job_id']);
    const path = `/v1/run-jobs/${String(first.body['job_id'])}`;
    expect((await team.get(path)).body).toMatchObject({ runs: 0, where: job.where, runs_max: 1_000 });
    expect((await stranger.get(path)).status).toBe(404);
    expect((await post(`${path}/cancel`, '')).body['status']).toBe('cancelled');
  });

  it.each([
    [{ action: 'pause', where: {} }, '/where'],
    [{ action: 'pause', where: { colour: 'red' } }, '/colour'],
    [{ action: 'pause', where: { limit: '7' } }, '/where/limit'],
    [{ action: 'resume', where: { status: 'paused' }, reason: 'no' }, ''],
    [{ action: 'delete', where: { status: 'failed' } }, '/action'],
    [{ action: 'pause', where: { status: 'failed' }, runs_max: 1_000_000 }, '/runs_max'],
  ])('refuses %j at %j', async (job, pointer) => {
    const answer = await post('/v1/run-jobs', job);
    expect(answer.status).toBe(400);
    expect(issues(answer)).toEqual([pointer]);
  });
});

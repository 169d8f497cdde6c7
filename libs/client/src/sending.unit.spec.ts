import { describe, expect, it } from 'vitest';
import { BatchFailedError, ChordaError, ProblemError, uncheckedEvent, type OutgoingEvent } from './index.js';
import { cutOff, json, problem, scriptedGateway, type Reply } from './scripted-gateway.fixture.spec.js';

const deleted: OutgoingEvent = { type: 'agent.deleted', data: { agent_id: 'a-1' } };
const logged = (id: string) => ({ status: 'logged', id, position: `p-${id}` });
const idsOf = (body: string): string[] => (JSON.parse(body) as { id: string }[]).map(({ id }) => id);
const acknowledge: Reply = (response, { body }) => {
  const parsed = JSON.parse(body) as { id: string } | { id: string }[];
  const answer = Array.isArray(parsed)
    ? { items: parsed.map(({ id }) => logged(id)), position: 'p' }
    : logged(parsed.id);
  void json(200, answer)(response, { method: '', path: '', query: new URLSearchParams(), headers: {}, body });
};

async function errorOf(work: Promise<unknown>): Promise<ChordaError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof ChordaError) return error;
  throw new Error('it was not refused');
}

describe('sending one event', () => {
  it('makes it a CloudEvent with an id, a time and the key in its place', async () => {
    const gateway = await scriptedGateway(acknowledge);
    const answer = await gateway.client({ source: 'urn:spec' }).events.send({ ...deleted, correlationid: 'c-1' });
    const [request] = gateway.seen;
    const sent = JSON.parse(request?.body ?? '') as Record<string, string>;
    expect(request).toMatchObject({ method: 'POST', path: '/v1/events' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      authorization: 'Bearer chd_secret',
    });
    expect(sent).toMatchObject({ specversion: '1.0', source: 'urn:spec', correlationid: 'c-1', ...deleted });
    expect(sent['id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Math.abs(Date.now() - Date.parse(sent['time'] ?? ''))).toBeLessThan(5_000);
    expect(answer).toEqual({ status: 'logged', id: sent['id'], position: `p-${sent['id']}` });
  });

  it.each([
    ['a lost connection', cutOff],
    ['429', problem(429, 'RATE_LIMITED')],
    ['502 of a proxy', json(502, 'bad gateway', { 'content-type': 'text/html' })],
    ['503', problem(503, 'OVERLOADED')],
    ['504', problem(504, 'TIMEOUT')],
    ['a request with the same key in flight', problem(409, 'IDEMPOTENCY_KEY_IN_FLIGHT')],
  ])('sends the same bytes and the same key again after %s', async (_name, fault) => {
    const gateway = await scriptedGateway(fault, fault, acknowledge);
    await gateway.client().events.send(deleted);
    expect(gateway.seen).toHaveLength(3);
    expect(new Set(gateway.seen.map(({ body }) => body)).size).toBe(1);
    expect(new Set(gateway.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it.each([400, 401, 403, 404, 409, 413, 415, 422, 500])('does not send again after %s', async (status) => {
    const gateway = await scriptedGateway(problem(status, 'NO'));
    expect(await errorOf(gateway.client().events.send(deleted))).toMatchObject({ status, code: 'NO' });
    expect(gateway.seen).toHaveLength(1);
  });

  it('gives up after its attempts and throws the last error', async () => {
    const gateway = await scriptedGateway(problem(503, 'OVERLOADED'));
    const client = gateway.client({ retry: { attemptsMax: 3, backoffMsBase: 1 } });
    expect(await errorOf(client.events.send(deleted))).toMatchObject({ code: 'OVERLOADED', retriable: true });
    expect(gateway.seen).toHaveLength(3);
  });

  it('waits as long as Retry-After asks', async () => {
    const gateway = await scriptedGateway(problem(429, 'RATE_LIMITED', {}, { 'retry-after': '1' }), acknowledge);
    const startMs = performance.now();
    await gateway.client().events.send(deleted);
    expect(performance.now() - startMs).toBeGreaterThan(990);
  });

  it('does not wait for a gateway that asks for more than the caller allows', async () => {
    const gateway = await scriptedGateway(problem(503, 'OVERLOADED', {}, { 'retry-after': '3600' }));
    expect(await errorOf(gateway.client().events.send(deleted))).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(gateway.seen).toHaveLength(1);
  });

  it('names every broken field and the request', async () => {
    const errors = [{ pointer: '/data/agent_id', detail: 'is missing' }];
    const gateway = await scriptedGateway(problem(422, 'INVALID_EVENT', { errors }));
    const error = await errorOf(gateway.client().events.send(uncheckedEvent({ type: 'agent.deleted', data: {} })));
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ issues: errors, requestId: 'r-1', retriable: false });
  });

  it('says when no answer comes in time, and tries again', async () => {
    const gateway = await scriptedGateway(() => undefined, acknowledge);
    await gateway.client({ timeoutMs: 500 }).events.send(deleted);
    expect(gateway.seen).toHaveLength(2);
    const silent = await scriptedGateway(() => undefined);
    const client = silent.client({ timeoutMs: 20, retry: { attemptsMax: 2, backoffMsBase: 1 } });
    expect(await errorOf(client.events.send(deleted))).toMatchObject({ code: 'GATEWAY_TIMEOUT', retriable: true });
  });

  it('ends at once when its signal aborts, also between two tries', async () => {
    const stop = new AbortController();
    const gateway = await scriptedGateway(problem(503, 'OVERLOADED', {}, { 'retry-after': '30' }));
    const sending = gateway.client().events.send(deleted, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(sending).rejects.toThrow('enough');
  });

  it('says where nothing answers', async () => {
    const gateway = await scriptedGateway(acknowledge);
    const client = gateway.client({ url: 'http://127.0.0.1:1', retry: { attemptsMax: 1 } });
    expect(await errorOf(client.events.send(deleted))).toMatchObject({ code: 'GATEWAY_UNREACHABLE', retriable: true });
  });

  it('takes 64-bit numbers as bigint and leaves the id to the gateway where a key decides it', async () => {
    const gateway = await scriptedGateway(json(201, logged('derived')));
    const alert: OutgoingEvent = {
      type: 'system.error_alert',
      data: { service: 's', severity: 'error', code: 'C', message: 'm', shares_process: false, offset: 2n ** 62n },
    };
    const answer = await gateway.client().events.send(alert, { idempotencyKey: 'order-7' });
    expect(JSON.parse(gateway.seen[0]?.body ?? '')).not.toHaveProperty('id');
    expect(gateway.seen[0]?.headers['idempotency-key']).toBe('order-7');
    expect(gateway.seen[0]?.body).toContain('"offset":"4611686018427387904"');
    expect(answer.id).toBe('derived');
  });

  it('keeps the key out of errors and out of a printed client', async () => {
    const { inspect } = await import('node:util');
    const gateway = await scriptedGateway(problem(401, 'UNAUTHENTICATED'));
    const client = gateway.client();
    const error = await errorOf(client.events.send(deleted));
    for (const text of [inspect(client, { depth: 9, showHidden: true }), inspect(error, { depth: 9 })]) {
      expect(text).not.toContain('chd_secret');
    }
  });
});

describe('sending a batch', () => {
  const events = (count: number) => Array.from({ length: count }, (_, index) => ({ ...deleted, id: `e${index}` }));
  const refused = { status: 'refused', problem: { code: 'INVALID_EVENT', status: 422, detail: 'no' } };
  const open = (status: string) => ({ status, problem: { code: 'DELIVERY_UNKNOWN', status: 503, detail: 'late' } });

  it('answers for each event, in order', async () => {
    const errors = [{ pointer: '/1/data/agent_id', detail: 'is missing' }];
    const items = [logged('e0'), { ...refused, problem: { ...refused.problem, errors } }, logged('e2')];
    const gateway = await scriptedGateway(json(207, { items, position: 'p' }));
    const results = await gateway.client().events.sendAll(events(3));
    expect(results.map(({ status }) => status)).toEqual(['logged', 'refused', 'logged']);
    // The pointer is into the event: how events were put together is the client's own matter.
    expect(results[1]).toMatchObject({ id: 'e1', error: { issues: [{ pointer: '/data/agent_id' }] } });
    expect(gateway.seen[0]?.headers['content-type']).toBe('application/cloudevents-batch+json');
  });

  it('sends again only what is open, in order, with its ids and another key', async () => {
    const items = [logged('e0'), open('unknown'), refused, open('not_attempted')];
    const gateway = await scriptedGateway(json(207, { items, position: 'p' }), acknowledge);
    const results = await gateway.client().events.sendAll(events(4));
    expect(results.map(({ status }) => status)).toEqual(['logged', 'logged', 'refused', 'logged']);
    expect(results.positions).toContain('p');
    expect(gateway.seen.map(({ body }) => idsOf(body))).toEqual([
      ['e0', 'e1', 'e2', 'e3'],
      ['e1', 'e3'],
    ]);
    expect(new Set(gateway.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  it('sends the same bytes and the same key again where no answer came', async () => {
    const gateway = await scriptedGateway(cutOff, problem(502, 'BAD_GATEWAY'), acknowledge);
    const results = await gateway.client().events.sendAll(events(3));
    expect(results.every(({ status }) => status === 'logged')).toBe(true);
    expect(new Set(gateway.seen.map(({ body }) => body)).size).toBe(1);
    expect(new Set(gateway.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it('answers for each event where none was accepted', async () => {
    const gateway = await scriptedGateway(problem(422, 'BATCH_REFUSED', { items: [refused, refused] }));
    const results = await gateway.client().events.sendAll(events(2));
    expect(results.map(({ status }) => status)).toEqual(['refused', 'refused']);
    expect(gateway.seen).toHaveLength(1);
  });

  it('tries a batch again of which nothing is known, as often as one event and no more', async () => {
    const items = [open('unknown'), open('not_attempted')];
    const gateway = await scriptedGateway(problem(503, 'DELIVERY_UNKNOWN', { items }));
    const client = gateway.client({ retry: { attemptsMax: 3, backoffMsBase: 1 } });
    const results = await client.events.sendAll(events(2));
    expect(results.map(({ status }) => status)).toEqual(['unknown', 'not_attempted']);
    expect(gateway.seen).toHaveLength(3);
  });

  it('takes as many requests as it needs, in order', async () => {
    const gateway = await scriptedGateway(acknowledge);
    const results = await gateway.client().events.sendAll(events(2_500));
    expect(gateway.seen.map(({ body }) => idsOf(body).length)).toEqual([1_000, 1_000, 500]);
    expect(results.map(({ id }) => id)).toEqual(events(2_500).map(({ id }) => id));
  });

  it('sends nothing behind a request that failed, and says of each event what is known', async () => {
    const gateway = await scriptedGateway(acknowledge, problem(403, 'FORBIDDEN'));
    const error = await errorOf(gateway.client().events.sendAll(events(2_500)));
    expect(error).toBeInstanceOf(BatchFailedError);
    expect(error).toMatchObject({ code: 'FORBIDDEN', status: 403, requestId: 'r-1' });
    const statuses = error instanceof BatchFailedError ? error.results.map(({ status }) => status) : [];
    expect(statuses).toHaveLength(2_500);
    expect([statuses[0], statuses[1_000], statuses[2_000]]).toEqual(['logged', 'refused', 'not_attempted']);
    expect(gateway.seen).toHaveLength(2);
  });

  it('sends nothing behind events that stay unknown', async () => {
    const silent = json(207, { items: Array.from({ length: 1_000 }, () => open('unknown')), position: null });
    const gateway = await scriptedGateway(silent);
    const client = gateway.client({ retry: { attemptsMax: 2, backoffMsBase: 1 } });
    const results = await client.events.sendAll(events(1_500));
    expect([results[0]?.status, results[1_200]?.status]).toEqual(['unknown', 'not_attempted']);
    expect(gateway.seen).toHaveLength(2);
  });

  it('asks nothing for nothing', async () => {
    const gateway = await scriptedGateway(acknowledge);
    expect([...(await gateway.client().events.sendAll([]))]).toEqual([]);
    expect(gateway.seen).toHaveLength(0);
  });
});

describe('asking before sending', () => {
  it('says what would become of an event, or why it would be refused', async () => {
    const valid = { status: 'valid', id: 'e-1', topic: 'agent.events', partition: 3 };
    const gateway = await scriptedGateway(json(200, valid), problem(422, 'INVALID_EVENT'), problem(403, 'FORBIDDEN'));
    const { events } = gateway.client();
    expect(await events.check({ ...deleted, id: 'e-1' })).toEqual(valid);
    expect(await events.check(deleted)).toMatchObject({ status: 'refused', error: { code: 'INVALID_EVENT' } });
    expect(await events.check(deleted)).toMatchObject({ status: 'refused', error: { code: 'FORBIDDEN' } });
    expect(gateway.seen.map(({ query }) => query.get('dry_run'))).toEqual(['true', 'true', 'true']);
  });

  it('can have nothing of a batch sent unless all of it is valid', async () => {
    const items = [
      { status: 'refused', id: '1', problem: { code: 'INVALID_EVENT', status: 422, errors: [{ pointer: '/0/type', detail: 'no' }] } },
      { status: 'not_attempted', id: '2', problem: { code: 'OTHERS_REFUSED', status: 422 } },
    ]; // prettier-ignore
    const gateway = await scriptedGateway(problem(422, 'BATCH_REFUSED', { items }));
    const results = await gateway.client().events.sendAll([deleted, deleted], { validate: 'all' });
    expect(results.map((result) => [result.status, 'error' in result && result.error.code])).toEqual([
      ['refused', 'INVALID_EVENT'],
      ['not_attempted', 'OTHERS_REFUSED'],
    ]);
    expect(gateway.seen).toHaveLength(1);
    expect(gateway.seen[0]?.query.get('validate')).toBe('all');
  });
});

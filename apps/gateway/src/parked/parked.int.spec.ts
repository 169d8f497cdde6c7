import { ChordaClient } from '@chorda/client';
import { EventCodec } from '@chorda/contracts';
import { defaultTenant, newId } from '@chorda/kernel';
import { createPool, encodeParkedHeaders, unannouncedDiscards } from '@chorda/read-models';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';

const fingerprint = '5b3a1c0f9d2e4a67';

/** What is parked, and settling it, by HTTP: rows as a projector writes them, a real log for what is told of a discard. */
describe('/v1/projections/{name}/parked', () => {
  let ground: Ground;
  let gateway: GatewayUnderTest;
  let pool: pg.Pool;
  let client: ChordaClient;
  let key: string;

  beforeAll(async () => {
    ground = await prepareGround(inject('stack'));
    gateway = await startGatewayOn(ground);
    pool = createPool(ground.env['DATABASE_URL'] ?? '');
    await pool.query(`INSERT INTO projections VALUES ('spec', 1, '{}'), ('elsewhere', 1, '{}')`);
    key = await ground.issueKey(['system:read', 'system:operate', 'events:read']);
    client = new ChordaClient({ url: gateway.url, apiKey: key });
  });

  beforeEach(() => pool.query('TRUNCATE parked_sequences, parked_events, parked_discards'));

  afterAll(async () => {
    await pool?.end();
    await gateway?.stop();
    await ground?.close();
  });

  /** A sequence of `events` health checks; the first of them may be bytes that nobody can read. */
  async function park(id: string, { tenant = 'default', events = 2, isReadable = true, reason = 'apply' } = {}) {
    await pool.query(
      `INSERT INTO parked_sequences (tenant_id, sequence_id, projection, version, topic, partition, aggregate_key, events,
         bytes, first_offset, last_offset, reason, fingerprint, error_class, error_message, event_type, parked_at, updated_at)
       VALUES ($1, $2, 'spec', 1, 'system.events', 0, $1 || '/worker', $3, 10, 5, $4, $5, $6, 'TypeError', 'No status',
         'system.health_check', now(), now())`,
      [tenant, id, events, 4 + events, reason, fingerprint],
    );
    for (let index = 0; index < events; index++) {
      const { key: recordKey, value, headers } = record();
      const bytes = isReadable || index > 0 ? value : Buffer.from([7]);
      await pool.query(
        `INSERT INTO parked_events (tenant_id, sequence_id, projection, version, topic, partition, "offset", order_offset,
           record_time, event_id, event_type, key, value, headers, parked_at)
         VALUES ($1, $2, 'spec', 1, 'system.events', 0, $3, $3, now(), 'e', 'system.health_check', $4, $5, $6, now())`,
        [tenant, id, 5 + index, recordKey, bytes, encodeParkedHeaders(headers)],
      );
    }
  }

  const id = 'a'.repeat(32);
  const path = (rest: string) => `${gateway.url}/v1/projections/spec/parked${rest}`;
  const post = async (rest: string, body: unknown, apiKey = key) => {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const response = await fetch(path(rest), { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('tells a name that no projection has from one of which nothing is parked', async () => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const told = async (method: string, rest: string) => {
      const url = `${gateway.url}/v1/projections/${rest}`;
      const answer = await fetch(url, { method, headers, ...(method === 'POST' ? { body: '{"reason":"x"}' } : {}) });
      const { detail } = (await answer.json()) as { readonly detail?: string };
      return `${answer.status} ${detail ?? ''}`;
    };
    expect(await told('GET', 'spec/parked')).toBe('200 ');
    const unknown = '404 No projection is called spek; GET /v1/projections lists them';
    expect(await told('GET', 'spek/parked')).toBe(unknown);
    expect(await told('GET', `spek/parked/${id}`)).toBe(unknown);
    for (const rest of [`${id}/retry`, `${id}/discard`])
      expect(await told('POST', `spek/parked/${rest}`)).toBe(unknown);
    expect((await post('/retry', {})).status).toBe(202);
    const all = await fetch(`${gateway.url}/v1/projections/spek/parked/retry`, { method: 'POST', headers, body: '{}' });
    expect(all.status).toBe(404);
  });

  it('lists sequences by page, with all of them counted by cause', async () => {
    for (const digit of ['1', '2', '3']) await park(digit.repeat(32));
    await park('4'.repeat(32), { tenant: 'other' });
    const first = await client.parked.list('spec', { limit: 2 });
    expect(first.items).toHaveLength(2);
    expect(first.groups).toMatchObject([{ fingerprint, reason: 'apply', sequences: 3, events: 6 }]);
    const second = await client.parked.list('spec', { limit: 2, cursor: first.next_cursor ?? '' });
    expect(second.next_cursor).toBeNull();
    const ids = [...first.items, ...second.items].map((item) => item.id);
    expect(ids.toSorted((a, b) => a.localeCompare(b))).toEqual(['1', '2', '3'].map((digit) => digit.repeat(32)));
    expect((await client.parked.list('spec', { fingerprint: '0'.repeat(16) })).items).toEqual([]);
    expect(await client.parked.list('elsewhere')).toMatchObject({ items: [], groups: [] });
  });

  it('shows the events in order: decoded where they can be, and their bytes and headers always', async () => {
    await park(id, { isReadable: false });
    const whole = await client.parked.get('spec', id);
    expect(whole).toMatchObject({ id, error_message: 'No status', first_offset: '5', next_cursor: null });
    expect(whole.waiting).toMatchObject([
      { offset: '5', value_base64: 'Bw==', event: null, undecodable: expect.stringContaining('bad_magic') },
      { offset: '6', event: { type: 'system.health_check', subject: 'worker', data: { service: 'worker' } } },
    ]);
    expect(whole.waiting[1]?.headers).toMatchObject({ ce_type: 'system.health_check' });
    const page = await client.parked.get('spec', id, { limit: 1 });
    expect(page).toMatchObject({ waiting: [{ offset: '5' }], next_cursor: '1' });
    expect(await client.parked.get('spec', id, { limit: 1, cursor: '1' })).toMatchObject({
      waiting: [{ offset: '6' }],
    });
  });

  it('asks for retries, and waits for their end where it is told to', async () => {
    await park(id);
    expect(await post(`/${id}/retry`, {})).toMatchObject({ status: 202, body: { id, status: 'requested' } });
    const { rows } = await pool.query<{ by: string }>('SELECT retry_requested_by AS by FROM parked_sequences');
    expect(key).toContain(rows[0]?.by);
    const stuck = client.parked.retry('spec', id, { waitMs: 10_000 });
    await pool.query(`UPDATE parked_sequences SET retry_requested_at = NULL, error_message = 'Still none'
      WHERE retry_requested_at IS NOT NULL`);
    await expect
      .poll(async () => {
        await pool.query(`UPDATE parked_sequences SET retry_requested_at = NULL, error_message = 'Still none'`);
        return Promise.race([stuck, new Promise((resolve) => setTimeout(resolve, 50))]);
      })
      .toMatchObject({ status: 'stuck', sequence: { error_message: 'Still none' } });
    expect(await client.parked.retryAll('spec', { fingerprint })).toEqual({ requested: 1 });
    await pool.query('DELETE FROM parked_sequences');
    expect(await post(`/${id}/retry`, {})).toMatchObject({ status: 404 });
  });

  it('gives up what waits, with who and why in the log', async () => {
    await park(id);
    const answer = await client.parked.discard('spec', id, { reason: 'sent by a load test', throughOffset: '5' });
    expect(answer).toMatchObject({ discarded: 1, left: 1, first_offset: '5', last_offset: '5' });
    expect(await client.parked.get('spec', id)).toMatchObject({ events: 1, first_offset: '6' });
    const found = async () => {
      await ground.journal.catchUp();
      const response = await fetch(`${gateway.url}/v1/events/${answer.event_id}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      return (await response.json()) as Record<string, unknown>;
    };
    await expect.poll(found, { timeout: 10_000 }).toMatchObject({
      type: 'system.parked_discarded',
      data: { projection: 'spec', aggregate_key: 'default/worker', events: 1, reason: 'sent by a load test' },
    });
    expect(await unannouncedDiscards(pool, 0)).toEqual([]);
    await client.parked.discard('spec', id, { reason: 'the rest too' });
    expect((await client.parked.list('spec')).items).toEqual([]);
  });

  it('names what is wrong with a request', async () => {
    await park(id);
    const pointer = async (body: unknown) => (await post(`/${id}/discard`, body)).body['errors'];
    expect(await pointer({})).toMatchObject([{ pointer: '/reason' }]);
    expect(await pointer({ reason: '  ' })).toMatchObject([{ pointer: '/reason' }]);
    expect(await pointer({ reason: 'x'.repeat(1_001) })).toMatchObject([{ pointer: '/reason' }]);
    expect(await pointer({ reason: 'a\0b' })).toMatchObject([{ pointer: '/reason' }]);
    expect(await pointer({ reason: 'r', through_offset: '99' })).toMatchObject([{ pointer: '/through_offset' }]);
    expect(await pointer({ reason: 'r', gap: true })).toMatchObject([{ pointer: '/gap' }]);
    expect(await post('/not-an-id/discard', { reason: 'r' })).toMatchObject({ status: 404 });
    expect(await post('/retry', { fingerprint: 'x' })).toMatchObject({ status: 400 });
    expect((await client.parked.get('spec', id)).events).toBe(2);
  });

  it('is of the tenant alone, and settling needs the scope for it', async () => {
    await park(id);
    const others = await ground.issueKey(['admin'], otherTenant);
    const reader = await ground.issueKey(['system:read']);
    expect(await post(`/${id}/discard`, { reason: 'r' }, others)).toMatchObject({ status: 404 });
    expect(await post(`/${id}/retry`, {}, others)).toMatchObject({ status: 404 });
    expect(await post('/retry', {}, others)).toMatchObject({ body: { requested: 0 } });
    expect(await post(`/${id}/discard`, { reason: 'r' }, reader)).toMatchObject({ status: 403 });
    expect(await post(`/${id}/retry`, {}, reader)).toMatchObject({ status: 403 });
  });
});

const codec = EventCodec.offline(1);

function record() {
  const encoded = codec.encode({
    event: {
      type: 'system.health_check',
      data: {
        service: 'worker',
        status: 'healthy',
        metrics: { cpu_usage: 0.5, memory_usage: 0.25, active_agents: 0, queue_size: 0 },
        alerts: [],
        started_at: null,
        interval_ms: null,
        instance: null,
        pid: null,
        shares_process: false,
        version: null,
        address: null,
      },
    },
    metadata: {
      id: newId(),
      source: '/spec',
      subject: 'worker',
      tenantId: defaultTenant,
      timeMs: 1_795_000_000_000,
      correlationId: newId(),
    },
  });
  const headers = Object.fromEntries(Object.entries(encoded.headers).map(([name, text]) => [name, Buffer.from(text)]));
  return { key: encoded.key, value: encoded.value, headers };
}

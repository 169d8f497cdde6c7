import { createHash, randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { defaultTenant, derivedId, newId } from '@chorda/kernel';
import { createPool, IdempotentAnswerRepository } from '@chorda/read-models';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient, type Answer } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

/** Guarantee: same idempotency key, same answer, one effect; over two gateways, and whatever becomes of Redis. */
let ground: Ground;
let gateways: readonly GatewayUnderTest[];
let first: GatewayClient;
let second: GatewayClient;
let pool: pg.Pool;
let repository: IdempotentAnswerRepository;
const leaseMs = 1_000;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  const env = { CHORDA_IDEMPOTENCY_LEASE_MS: String(leaseMs) };
  gateways = await Promise.all([
    startGatewayOn(ground, { ...env, REDIS_URL: inject('stack').redisUrl }),
    // Nobody answers there: Redis is away from the start.
    startGatewayOn(ground, { ...env, REDIS_URL: 'redis://127.0.0.1:1' }),
  ]);
  const key = await ground.issueKey(everyScope);
  first = new GatewayClient(gateways[0]?.url ?? '', key);
  second = new GatewayClient(gateways[1]?.url ?? '', key);
  pool = createPool(String(ground.env['DATABASE_URL']), { connectionsMax: 2 });
  repository = new IdempotentAnswerRepository(pool);
});

afterAll(async () => {
  await pool?.end();
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await ground?.close();
});

const withKey = (key: string, more: object = {}) => ({ headers: { 'idempotency-key': key }, ...more });
const withoutId = () => {
  const { id: _id, ...event } = executed();
  return event;
};
const isReplayed = ({ headers }: Answer) => headers.get('idempotency-replayed') === 'true';
const metricOf = (gateway: GatewayUnderTest | undefined, name: string) =>
  gateway?.host.metrics.getSingleMetricAsString(name);

describe('a request that comes again with its key', () => {
  it('gets the answer it had, from either gateway, and nothing is sent twice', async () => {
    const [key, event] = [newId(), withoutId()];
    const answers = [];
    for (const client of [first, first, second, second]) answers.push(await client.send(event, withKey(key)));
    expect(answers.map(isReplayed)).toEqual([false, true, true, true]);
    for (const { status, body, headers } of answers) {
      expect(status).toBe(201);
      // The position names the one record there is.
      expect(body).toEqual(answers[0]?.body);
      expect(headers.get('location')).toBe(answers[0]?.headers.get('location'));
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
    expect(answers[0]?.body['id']).toBe(derivedId('default', key, 0));
  });

  it('gets a whole batch again, refused items and all', async () => {
    const [key, events] = [newId(), [withoutId(), executed({ source: '' }), withoutId()]];
    const one = await first.send(events, withKey(key));
    expect(one.status).toBe(207);
    const two = await second.send(events, withKey(key));
    expect({ status: two.status, body: two.body, isReplayed: isReplayed(two) }).toEqual({
      status: 207,
      body: one.body,
      isReplayed: true,
    });
  });

  it('gets large answers again, which are kept compressed', async () => {
    const [key, events] = [newId(), Array.from({ length: 300 }, withoutId)];
    const one = await first.send(events, withKey(key));
    const { rows } = await pool.query<{ body: Buffer }>('SELECT body FROM idempotent_answers WHERE key = $1', [key]);
    expect(JSON.parse(gunzipSync(rows[0]?.body ?? Buffer.of()).toString())).toEqual(one.body);
    const two = await second.send(events, withKey(key));
    expect(two.body).toEqual(one.body);
    expect(two.headers.get('x-kept-encoding')).toBeNull();
  });

  it('may ask to be answered otherwise', async () => {
    const [key, event] = [newId(), withoutId()];
    const one = await first.send(event, withKey(key));
    const two = await first.send(event, withKey(`"${key}"`, { query: '?wait=100' }));
    expect(two.body).toEqual(one.body);
  });

  it('is told to wait while the first is being answered, and how long', async () => {
    const [key, event] = [newId(), withoutId()];
    const fingerprint = await fingerprintBySending(event);
    const claim = { tenantId: defaultTenant, operation: 'POST /v1/events', key, fingerprint, token: randomUUID() };
    expect(await repository.claim([claim], 60_000, 60_000)).toEqual([{ kind: 'claimed' }]);
    const { status, body, headers } = await first.send(event, withKey(key));
    expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'IDEMPOTENCY_KEY_IN_FLIGHT' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(50);
  });

  it('takes over from a gateway that is gone, once its lease is over', async () => {
    const [key, event] = [newId(), withoutId()];
    const fingerprint = await fingerprintBySending(event);
    const claim = { tenantId: defaultTenant, operation: 'POST /v1/events', key, fingerprint, token: randomUUID() };
    await repository.claim([claim], 1, 60_000);
    // Another body is refused all the same: the request that is gone may have had its effect.
    const other = await first.send(executed(), withKey(key));
    expect(other.body['code']).toBe('IDEMPOTENCY_KEY_REUSED');
    const { status, body } = await first.send(event, withKey(key));
    expect({ status, id: body['id'] }).toEqual({ status: 201, id: derivedId('default', key, 0) });
    // The one that was gone comes back: its claim is not worth anything any more.
    const late = { ...claim, answer: { status: 500, headers: {}, body: Buffer.from('late') } };
    expect(await repository.save([late], 60_000)).toEqual(new Set());
    expect((await second.send(event, withKey(key))).body).toEqual(body);
  });

  it('has one effect when forty come at once', async () => {
    const [key, event] = [newId(), withoutId()];
    const clients = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? first : second));
    const answers = await Promise.all(clients.map((client) => client.send(event, withKey(key))));
    const made = answers.filter((answer) => answer.status === 201 && !isReplayed(answer));
    expect(made).toHaveLength(1);
    for (const { status, body } of answers) {
      if (status === 201) expect(body).toEqual(made[0]?.body);
      else expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'IDEMPOTENCY_KEY_IN_FLIGHT' });
    }
  });

  it('as NDJSON gets its lines again', async () => {
    const key = newId();
    const text = `${JSON.stringify(withoutId())}\n{"type":1}\n`;
    const send = (client: GatewayClient) => client.text(text, { ...withKey(key), type: 'application/x-ndjson' });
    const one = await send(first);
    const two = await send(second);
    expect(two.body).toBe(one.body);
    expect(two.headers.get('idempotency-replayed')).toBe('true');
    expect(two.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect((await first.text(`${text}\n{}`, { ...withKey(key), type: 'application/x-ndjson' })).status).toBe(422);
  });
});

describe('a key', () => {
  it('stands for one body, one content type and one set of attributes', async () => {
    const [key, event] = [newId(), withoutId()];
    await first.send(event, withKey(key));
    const others = [
      first.send({ ...event, subject: 'AGENT-1' }, withKey(key)),
      second.send([event], withKey(key)),
      second.send(event, withKey(key, { query: '?validate=all' })),
    ];
    for (const { status, body } of await Promise.all(others)) {
      expect({ status, code: body['code'] }).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    }
  });

  it('is free again after a request that had no effect', async () => {
    const key = newId();
    expect((await first.send(executed({ source: '' }), withKey(key))).status).toBe(422);
    expect((await first.send('{', withKey(key))).status).toBe(400);
    expect((await first.send([executed({ source: '' })], withKey(key))).status).toBe(422);
    const good = await first.send(withoutId(), withKey(key));
    expect({ status: good.status, isReplayed: isReplayed(good) }).toEqual({ status: 201, isReplayed: false });
  });

  it('of another tenant is another key', async () => {
    const [key, event] = [newId(), withoutId()];
    const other = new GatewayClient(gateways[0]?.url ?? '', await ground.issueKey(everyScope, otherTenant));
    const mine = await first.send(event, withKey(key));
    const theirs = await other.send(event, withKey(key));
    expect(isReplayed(theirs)).toBe(false);
    expect(theirs.body['id']).not.toBe(mine.body['id']);
  });

  it('is not claimed by a dry run', async () => {
    const key = newId();
    await first.send(executed(), withKey(key, { query: '?dry_run=true' }));
    expect((await first.send(withoutId(), withKey(key))).status).toBe(201);
  });

  it.each(['a b', '"a', 'x'.repeat(256), 'ä', ''])('must not be %j', async (key) => {
    const { status, body } = await first.send(executed(), withKey(key));
    expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'INVALID_REQUEST' });
  });

  it('that is left out costs no statement', async () => {
    const count = async () => (await pool.query<{ n: string }>('SELECT count(*) AS n FROM idempotent_answers')).rows;
    const [before, metric] = [await count(), await metricOf(gateways[0], 'chorda_idempotency_requests_total')];
    await first.send(executed());
    expect(await count()).toEqual(before);
    expect(await metricOf(gateways[0], 'chorda_idempotency_requests_total')).toBe(metric);
  });
});

describe('answers', () => {
  it('survive a flush of Redis, which is only in front', async () => {
    const redis = new Redis(inject('stack').redisUrl);
    const [key, event] = [newId(), withoutId()];
    const one = await first.send(event, withKey(key));
    await pool.query('UPDATE idempotent_answers SET status = 299 WHERE key = $1', [key]);
    // The database was changed beneath it, so the answer can only have come from Redis.
    expect((await first.send(event, withKey(key))).status).toBe(201);
    await pool.query('UPDATE idempotent_answers SET status = 201 WHERE key = $1', [key]);
    for (const kept of await redis.keys('chorda:answer:*')) await redis.del(kept);
    redis.disconnect();
    const two = await first.send(event, withKey(key));
    expect({ body: two.body, isReplayed: isReplayed(two) }).toEqual({ body: one.body, isReplayed: true });
  });

  it('make room when their time is over, and are pruned in steps', async () => {
    const [key, event] = [newId(), withoutId()];
    await second.send(event, withKey(key));
    await pool.query(`UPDATE idempotent_answers SET expires_at = now() - interval '1 s' WHERE key = $1`, [key]);
    const again = await second.send(executed(), withKey(key));
    expect({ status: again.status, isReplayed: isReplayed(again) }).toEqual({ status: 201, isReplayed: false });
    await pool.query(`INSERT INTO idempotent_answers
      SELECT 'default', 'old', 'k' || n, sha256('x'), gen_random_uuid(), NULL, 200, '{}', '', now() - interval '1 s'
      FROM generate_series(1, 2500) AS n`);
    expect([await repository.prune(), await repository.prune(), await repository.prune()]).toEqual([1000, 1000, 500]);
    expect((await second.send(executed(), withKey(key))).status).toBe(422);
  });

  it('of requests that are still being answered are not pruned, and their leases are renewed', async () => {
    const key = newId();
    const claim = { tenantId: defaultTenant, operation: 'x', key, fingerprint: sha256('x'), token: randomUUID() };
    await repository.claim([claim], 60_000, -1_000);
    await repository.prune();
    expect(await repository.standing(claim)).toMatchObject({ kind: 'in_flight' });
    await repository.lease([claim], 0);
    await repository.prune();
    expect(await repository.standing(claim)).toMatchObject({ kind: 'in_flight', leaseMs: 1 });
    expect((await pool.query('SELECT FROM idempotent_answers WHERE key = $1', [key])).rowCount).toBe(0);
  });

  it('cannot be read by the role that reads for tenants', async () => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN; SET LOCAL ROLE chorda_reader');
      await expect(client.query('SELECT FROM idempotent_answers')).rejects.toThrow(/permission denied/);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});

describe('while Postgres does not answer', () => {
  it('a request with a key is told to come again before anything is sent, and one without goes on', async () => {
    const lock = await pool.connect();
    try {
      await lock.query('BEGIN; LOCK TABLE idempotent_answers');
      const waiting = first.send(withoutId(), withKey(newId()));
      expect((await first.send(executed())).status).toBe(201);
      await untilTrue(async () => {
        const { rows } = await pool.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'chorda gateway answers' AND wait_event_type = 'Lock' AND datname = current_database()`,
        );
        return rows.length > 0;
      }, 5_000);
      const { status, body, headers } = await waiting;
      expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'UNAVAILABLE' });
      expect(headers.get('retry-after')).toBe('1');
    } finally {
      await lock.query('ROLLBACK');
      lock.release();
    }
  });
});

const sha256 = (text: string) => createHash('sha256').update(text).digest();

/** What the gateway makes of this request, taken from where it keeps it. */
async function fingerprintBySending(event: unknown): Promise<Buffer> {
  const key = newId();
  await second.send(event, withKey(key));
  const { rows } = await pool.query<{ fingerprint: Buffer }>(
    'SELECT fingerprint FROM idempotent_answers WHERE key = $1',
    [key],
  );
  return rows[0]?.fingerprint ?? Buffer.of();
}

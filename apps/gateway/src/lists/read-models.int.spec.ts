import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { deadLetterTopic, encodePosition } from '@chorda/contracts';
import { newId } from '@chorda/kernel';
import { createKafkaDriver, redriveTopic } from '@chorda/messaging';
import { createPool, dayOf, ensureDayPartitions } from '@chorda/read-models';
import type pg from 'pg';
import {
  otherTenant,
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
let pool: pg.Pool;
const hour = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000);
const names = ['agents', 'executions', 'runs', 'steps', 'tasks', 'usage', 'rates', 'services'];

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  pool = createPool(ground.env['DATABASE_URL'] ?? '');
  await ensureDayPartitions(pool, 'rates_v1', [dayOf(Date.now())]);
  await fill();
  gateway = await startGatewayOn(ground);
  client = new GatewayClient(gateway.url, await ground.issueKey(['admin']));
});

afterAll(async () => {
  await gateway?.stop();
  await pool?.end();
  await ground?.close();
});

async function fill(): Promise<void> {
  for (let index = 0; index < 5; index += 1) {
    await pool.query(
      `INSERT INTO executions_v1 (tenant_id, execution_id, agent_id, managed, status, started_at, correlation_id,
         input_data, cost_usd, prompt_tokens, start_version, fact_is_ours, foreign_facts)
       VALUES ('default', $1, 'AGENT-1', true, $2, now() - $3 * interval '1 minute', 'c', $4, $5, 12, $6, false, 0)`,
      [
        `X-${index}`,
        index % 2 === 0 ? 'completed' : 'failed',
        index,
        '{"n":0.10000000000000000000001}',
        '0.1000000001',
        '9007199254740993',
      ],
    );
  }
  for (const [model, cost] of [
    ['m-1', '0.1'],
    ['m-1', '0.2'],
    ['m-2', '123456789012345678.000000001'],
  ] as const) {
    await pool.query(
      `INSERT INTO usage_v1 VALUES ('default', $1, 'AGENT-1', $4, 'p', $2, 0, 1, 1, 0, 0, 0, 0, 9007199254740993, 0, 1, $3, 5)`,
      [hour, model, cost, `run-${cost}`],
    );
  }
  await pool.query(
    `INSERT INTO rates_v1 VALUES ('default', $1, 'agent.events', 'agent.executed', 0, 3, 300),
       ('default', $1, 'agent.events', 'agent.failed', 1, 1, 100)`,
    [minute],
  );
}

/** All projections stand at the start of one partition, and go on. */
async function begin(stoppedReason: string | null = null): Promise<void> {
  for (const name of [...names, 'journal']) {
    await pool.query(`INSERT INTO projections VALUES ($1, 1, '{agent.events}') ON CONFLICT DO NOTHING`, [name]);
    await pool.query(
      `INSERT INTO checkpoints (projection, version, topic, partition, next_offset, owner_epoch, owner, updated_at, stopped_reason)
       VALUES ($1, 1, 'agent.events', 0, 0, 1, 'spec', now(), $2)
       ON CONFLICT (projection, version, topic, partition) DO UPDATE SET stopped_reason = $2`,
      [name, stoppedReason],
    );
  }
}

const items = (body: Record<string, unknown>) => body['items'] as Record<string, unknown>[];

describe('a list', () => {
  it.each(['agents', 'executions', 'runs', 'steps', 'tasks', 'runs/none/steps', 'usage', 'metrics/summary'])(
    'of %s says that it is not complete before its projection has begun',
    async (path) => {
      const { status, body } = await client.get(`/v1/${path}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ complete: false, reason: 'lagging' });
      expect(JSON.stringify(body['incomplete'])).toContain('not begun');
    },
  );

  it('says so too of an item that it has not', async () => {
    const { status, body } = await client.get('/v1/agents/nobody');
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'NOT_FOUND', complete: false, reason: 'lagging', projection: 'agents' });
  });

  it('is complete, with its position and lag, once the projection runs', async () => {
    await begin();
    await untilTrue(async () => (await client.get('/v1/agents')).body['complete'] === true);
    const { body, headers } = await client.get('/v1/executions');
    expect(body).toMatchObject({ complete: true, next_cursor: null });
    expect(items(body)).toHaveLength(5);
    expect(headers.get('projection-lag-ms')).toBe('0');
    expect(headers.get('cache-control')).toBe('private, no-cache');
  });

  it('says which projection stopped and why', async () => {
    await begin('a fault of ours');
    await untilTrue(async () => (await client.get('/v1/agents')).body['reason'] === 'stopped');
    const { body } = await client.get('/v1/agents');
    expect(body).toMatchObject({ complete: false, projection: 'agents' });
    expect(JSON.stringify(body['incomplete'])).toContain('a fault of ours');
    await begin();
    await untilTrue(async () => (await client.get('/v1/agents')).body['complete'] === true);
  });

  it('waits for a position, and says why it is not reached: lagging, parked, dead-lettered', async () => {
    const position = encodePosition([{ topic: 'agent.events', partition: 0, offset: 5n }]);
    const read = (wait: number) => client.get(`/v1/agents?min_position=${position}&wait=${wait}`);
    expect((await read(0)).body).toMatchObject({ complete: false, reason: 'lagging', projection: 'agents' });
    const waiting = read(20_000);
    await pool.query(`UPDATE checkpoints SET next_offset = 6 WHERE projection = 'agents'`);
    expect((await waiting).body).toMatchObject({ complete: true });
    await pool.query(
      `INSERT INTO parked_events (tenant_id, sequence_id, projection, version, topic, partition, "offset", order_offset,
         record_time, headers, parked_at) VALUES ('default', 's', 'agents', 1, 'agent.events', 0, 5, 5, now(), '', now())`,
    );
    expect((await read(0)).body).toMatchObject({ complete: false, reason: 'parked', projection: 'agents' });
    await pool.query('DELETE FROM parked_events');
    await pool.query(`INSERT INTO dead_lettered_records VALUES ('agent.events', 0, 5, 'undecodable', now())`);
    expect((await read(0)).body).toMatchObject({ complete: false, reason: 'dead_lettered' });
    await pool.query('DELETE FROM dead_lettered_records');
    await pool.query(`UPDATE checkpoints SET next_offset = 0`);
  });

  it('shows numbers exactly, and payloads of a single item alone', async () => {
    const [first] = items((await client.get('/v1/executions?limit=1')).body);
    expect(first).toMatchObject({ cost_usd: '0.1000000001', prompt_tokens: 12, start_version: '9007199254740993' });
    expect(first).not.toHaveProperty('input_data');
    const response = await fetch(`${gateway.url}/v1/executions/X-0`, {
      headers: { authorization: `Bearer ${await ground.issueKey(['events:read'])}` },
    });
    expect(await response.text()).toContain('"input_data":{"n":0.10000000000000000000001}');
  });

  it('filters, sorts, pages and counts', async () => {
    const path = '/v1/executions?status=failed&sort=started_at&count=exact&limit=1';
    const { body } = await client.get(path);
    expect(body).toMatchObject({ items: [{ execution_id: 'X-3' }], count: { value: '2', kind: 'exact' } });
    const next = await client.get(`${path}&cursor=${String(body['next_cursor'])}`);
    expect(next.body).toMatchObject({ items: [{ execution_id: 'X-1' }], next_cursor: null });
    const both = await client.get('/v1/executions?status=in.failed,%22completed%22&count=estimated');
    expect(items(both.body)).toHaveLength(5);
    expect(both.body).toMatchObject({ count: { kind: 'estimated' } });
    const between = await pool.query<{ at: Date }>(
      `SELECT max(started_at) - interval '150 seconds' AS at FROM executions_v1 WHERE tenant_id = 'default'`,
    );
    const from = between.rows[0]?.at.toISOString() ?? '';
    expect(items((await client.get(`/v1/executions?started_at=gte.${from}`)).body)).toHaveLength(3);
    expect(items((await client.get('/v1/executions?agent_id=eq.eq.x')).body)).toEqual([]);
  });

  it.each([
    ['colour=red', '/colour', /not a filter of this list; it has agent_id/],
    ['input_data=x', '/input_data', /not a filter/],
    ['__proto__=x', '/__proto__', /not a filter/],
    ['status=gt.a', '/status', /operators eq and in/],
    ['status=a&status=b', '/status', /eq once/],
    ['status=', '/status', /1 to 1024 characters/],
    ['status=%00', '/status', /U\+0000/],
    [`status=${'x'.repeat(1_025)}`, '/status', /1 to 1024/],
    [`status=in.${Array.from({ length: 201 }, (_, index) => index).join(',')}`, '/status', /at most 200 values/],
    ['status=in.%22a', '/status', /quotation mark/],
    ['started_at=gte.yesterday', '/started_at', /RFC 3339/],
    ['sort=cost_usd', '/sort', /must be one of -started_at, started_at/],
    ['sort=-started_at&sort=started_at', '/sort', /once/],
    ['count=all', '/count', /none, estimated, exact/],
    ['limit=0', '/limit', /from 1 to 500/],
    ['limit=501', '/limit', /from 1 to 500/],
    ['limit=1;DROP', '/limit', /whole number/],
    ['wait=30001', '/wait', /from 0 to 30000/],
    ['cursor=', '/cursor', /characters/],
    ['cursor=xyz', '/cursor', /next_cursor of a page with the same filters/],
    ['min_position=', '/min_position', /positions that writes answered with/],
    ['min_position=xyz', '/min_position', /positions that writes answered with/],
  ])('refuses %s and names the parameter and the rule', async (query, pointer, rule) => {
    const { status, body } = await client.get(`/v1/executions?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'INVALID_REQUEST' });
    const [issue] = body['errors'] as { pointer: string; detail: string }[];
    expect(issue?.pointer).toBe(pointer);
    expect(issue?.detail).toMatch(rule);
  });

  it('refuses a range of a field that it is not sorted by, since no index would bound it', async () => {
    const { body } = await client.get('/v1/tasks?due_at=lt.2030-01-01T00:00:00Z');
    expect(body).toMatchObject({ errors: [{ pointer: '/due_at', detail: /add sort=-due_at/ }] });
    expect((await client.get('/v1/tasks?due_at=lt.2030-01-01T00:00:00Z&sort=due_at')).status).toBe(200);
  });

  it('is answered 304 where the client has it already, and anew when it has changed', async () => {
    const path = '/v1/executions?agent_id=AGENT-1';
    const etag = (await client.get(path)).headers.get('etag') ?? '';
    const again = await client.get(path, { 'if-none-match': `"other", W/${etag}` });
    expect(again.status).toBe(304);
    expect(again.headers.get('etag')).toBe(etag);
    await pool.query(`UPDATE executions_v1 SET status = 'cancelled' WHERE execution_id = 'X-4'`);
    expect((await client.get(path, { 'if-none-match': etag })).status).toBe(200);
  });

  it('shows nothing of another tenant, and takes no cursor of one', async () => {
    const other = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
    const { body } = await client.get('/v1/executions?limit=1');
    expect(items((await other.get('/v1/executions')).body)).toEqual([]);
    expect((await other.get('/v1/executions/X-0')).status).toBe(404);
    expect((await other.get(`/v1/executions?limit=1&cursor=${String(body['next_cursor'])}`)).status).toBe(400);
    expect((await other.get('/v1/usage')).body).toMatchObject({ items: [], total: { cost_usd: '0' } });
    expect((await other.get('/v1/metrics/summary')).body).toMatchObject({ topics: [], types: [] });
  });
});

describe('usage', () => {
  it('is summed exactly by what is asked for', async () => {
    const { body } = await client.get(`/v1/usage?group_by=model,hour&from=${hour.toISOString()}`);
    expect(items(body)).toMatchObject([
      { model: 'm-2', cost_usd: '123456789012345678.000000001', prompt_tokens: '9007199254740993' },
      { model: 'm-1', cost_usd: '0.3', attempts: '2', prompt_tokens: '18014398509481986' },
    ]);
    expect(body).toMatchObject({
      total: { cost_usd: '123456789012345678.300000001', attempts: '3' },
      truncated: false,
    });
    expect((await client.get('/v1/usage?group_by=model&limit=1')).body).toMatchObject({ truncated: true });
    expect(items((await client.get('/v1/usage?group_by=tenant&model=m-1')).body)).toMatchObject([{ attempts: '2' }]);
  });

  it.each(['group_by=colour', 'group_by=model,model', 'from=x', 'limit=1001', 'from=2020-01-01T00:00:00Z', 'x=1'])(
    'refuses %s',
    async (query) => expect((await client.get(`/v1/usage?${query}`)).status).toBe(400),
  );
});

describe('the summary of metrics', () => {
  it('has rates by minute, totals, shares of errors, services and projections', async () => {
    const { body } = await client.get('/v1/metrics/summary?minutes=5');
    const [topic] = body['topics'] as { topic: string; events: string; events_per_minute: number[] }[];
    expect(topic).toMatchObject({ topic: 'agent.events', events: '4', bytes: '400' });
    expect(topic?.events_per_minute).toHaveLength(5);
    expect(topic?.events_per_minute.reduce((sum, each) => sum + each, 0)).toBe(4);
    expect(body).toMatchObject({
      errors: { executions: { failed: '1', ended: '4', share: 0.25 }, runs: { share: null } },
    });
    expect(JSON.stringify(body['projections'])).toContain('"agents"');
  });
});

describe('the story of a correlation id', () => {
  it('has causes before effects across topics, in pages', async () => {
    const correlation = newId();
    const [effect, cause, late] = [newId(), newId(), newId()];
    // The effect is sent first: only its causation id says where it belongs.
    await client.send(
      executed(
        { id: effect, correlationid: correlation, causationid: cause, subject: 'AGENT-9' },
        { agent_id: 'AGENT-9' },
      ),
    );
    await client.send({
      specversion: '1.0',
      id: cause,
      source: 'urn:spec',
      type: 'external.webhook',
      correlationid: correlation,
      data: { user_id: 'u', provider: 'p', event_name: 'e', body: 'b' },
    });
    await client.send(executed({ id: late, correlationid: correlation }));
    await ground.journal.catchUp();
    const path = `/v1/correlations/${correlation}/events`;
    const { body } = await client.get(path);
    expect(body).toMatchObject({ order: 'causal', next_cursor: null });
    expect(items(body).map(({ id, orderedby }) => [id, orderedby])).toEqual([
      [cause, 'time'],
      [effect, 'causation'],
      [late, 'time'],
    ]);
    const first = (await client.get(`${path}?limit=2`)).body;
    const second = (await client.get(`${path}?limit=2&cursor=${String(first['next_cursor'])}`)).body;
    expect([...items(first), ...items(second)].map(({ id }) => id)).toEqual([cause, effect, late]);
    expect(second['next_cursor']).toBeNull();
    expect((await client.get(`/v1/correlations/other/events?cursor=${String(first['next_cursor'])}`)).status).toBe(400);
    const other = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
    expect(items((await other.get(path)).body)).toEqual([]);
  });
});

describe('topics and schemas', () => {
  it('are shown as the brokers and the catalogue have them', async () => {
    const { body } = await client.get('/v1/topics/agent.events');
    expect(body).toMatchObject({ name: 'agent.events', exists: true, partition_count: 12, key: 'tenant/agent' });
    expect(body['partitions']).toHaveLength(12);
    expect((await client.get('/v1/topics/nothing')).status).toBe(404);
    expect(items((await client.get('/v1/topics')).body).map(({ name }) => name)).toContain('audit.events');
    const schema = await client.get('/v1/schemas/agent.executed');
    expect(schema.body).toMatchObject({
      kind: 'fact',
      topic: 'agent.events',
      avro: { name: 'Executed' },
      versions: [{ version: 1 }],
    });
    expect((await client.get('/v1/schemas/agent.nothing')).status).toBe(404);
    expect(items((await client.get('/v1/schemas')).body).length).toBeGreaterThan(50);
  });
});

describe('dead letters', () => {
  const group = 'spec.group';
  const topic = deadLetterTopic('external.webhook', group);

  it('are listed, shown with their bytes, and sent through again once', async () => {
    const { KAFKA_BROKERS: brokers = '', CHORDA_TOPIC_PREFIX: topicPrefix = '' } = ground.env;
    const driver = createKafkaDriver({ brokers: brokers.split(','), topicPrefix, clientId: 'spec' });
    try {
      const admin = await driver.admin();
      await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, config: {} }]);
      await admin.createTopics([
        { name: redriveTopic('external.webhook', group), partitions: 3, replicationFactor: 1, config: {} },
      ]);
      const producer = await driver.createProducer();
      const { offset } = await producer.send({
        topic,
        partition: 0,
        key: Buffer.from('default/u'),
        value: Buffer.from('not avro'),
        headers: {
          'dlq-topic': 'external.webhook',
          'dlq-partition': '1',
          'dlq-offset': '7',
          'dlq-group': group,
          'dlq-attempts': '1',
          'dlq-first-at': new Date().toISOString(),
          'dlq-at': new Date().toISOString(),
          'dlq-stage': 'decode',
          'dlq-reason': 'undecodable',
          'dlq-class': 'Error',
          'dlq-message': 'bad',
        },
      });
      await pool.query(
        `INSERT INTO dead_letters_v1 (tenant_id, topic, partition, "offset", record_time, source_topic, source_partition,
           source_offset, consumer_group, stage, reason, error_class, error_message, attempts, value_bytes)
         VALUES ('default', $1, 0, $2, now(), 'external.webhook', 1, 7, $3, 'decode', 'undecodable', 'Error', 'bad', 1, 8)`,
        [topic, offset, group],
      );
      const { body } = await client.get(`/v1/dead-letters?consumer_group=${group}`);
      expect(items(body)).toMatchObject([{ topic, partition: 0, offset: String(offset), reason: 'undecodable' }]);
      const shown = await client.get(`/v1/dead-letters/${topic}/0/${offset}`);
      expect(shown.body).toMatchObject({
        in_log: true,
        event: null,
        value_base64: Buffer.from('not avro').toString('base64'),
      });
      const place = { topic, partition: 0, offset: String(offset) };
      const post = (sender: GatewayClient, wish: unknown) =>
        sender.request('POST', '/v1/dead-letters/redrive', {
          body: JSON.stringify(wish),
          headers: { 'content-type': 'application/json' },
        });
      const other = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
      expect((await other.get(`/v1/dead-letters/${topic}/0/${offset}`)).status).toBe(404);
      expect((await post(other, { items: [place] })).body).toMatchObject({ sent: 0, items: [{ status: 'not_found' }] });
      const filter = { source_topic: 'external.webhook', consumer_group: group };
      expect((await post(client, { filter, dry_run: true })).body).toMatchObject({
        sent: 0,
        items: [{ status: 'planned' }],
      });
      expect((await post(client, { filter })).body).toMatchObject({ sent: 1, items: [{ ...place, status: 'sent' }] });
      // The receipt in the log says so, before the read model does.
      expect((await post(client, { items: [place] })).body).toMatchObject({ sent: 0 });
      expect((await post(client, {})).status).toBe(400);
    } finally {
      await driver.close();
    }
  });
});

describe('when the database is away', () => {
  it('a read is answered 503, and 504 where it takes too long', async () => {
    const holder = await pool.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE runs_v2 IN ACCESS EXCLUSIVE MODE');
      const { status, body, headers } = await client.get('/v1/runs');
      expect(status).toBe(504);
      expect(body).toMatchObject({ code: 'QUERY_TIMEOUT' });
      expect(headers.get('retry-after')).toBe('1');
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
  });
});

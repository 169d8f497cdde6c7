import { ChordaClient } from '@chorda/client';
import { createPool } from '@chorda/read-models';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';

/** Where projections stand, from checkpoints in Postgres and the ends of a real log. */
describe('GET /v1/projections', () => {
  let ground: Ground;
  let gateway: GatewayUnderTest;
  let pool: pg.Pool;
  let key: string;

  beforeAll(async () => {
    ground = await prepareGround(inject('stack'));
    gateway = await startGatewayOn(ground);
    pool = createPool(ground.env['DATABASE_URL'] ?? '');
    key = await ground.issueKey(['events:write', 'system:read']);
    await pool.query(`INSERT INTO projections VALUES ('spec', 2, '{agent.events}')`);
  });

  afterAll(async () => {
    await pool?.end();
    await gateway?.stop();
    await ground?.close();
  });

  async function standAt(partition: number, nextOffset: number, stoppedReason: string | null): Promise<void> {
    await pool.query(
      `INSERT INTO checkpoints (projection, version, topic, partition, next_offset, owner_epoch, owner, updated_at,
         stopped_reason)
       VALUES ('spec', 2, 'agent.events', $1, $2, 1, 'one', now(), $3)
       ON CONFLICT (projection, version, topic, partition)
         DO UPDATE SET next_offset = excluded.next_offset, stopped_reason = excluded.stopped_reason`,
      [partition, nextOffset, stoppedReason],
    );
  }

  const spec = async () => {
    const { projections } = await new ChordaClient({ url: gateway.url, apiKey: key }).projections();
    return projections.find(({ name }) => name === 'spec');
  };

  it('tells how far each partition is behind, since when, and why it stopped', async () => {
    const client = new GatewayClient(gateway.url, key);
    const sent = await client.send([executed(), executed(), executed()]);
    expect(sent.status).toBeLessThan(300);
    for (let partition = 0; partition < 12; partition++) await standAt(partition, 0, null);
    await expect.poll(spec, { timeout: 30_000 }).toMatchObject({ version: 2, state: 'running' });
    const standing = await spec();
    expect(standing?.partitions).toHaveLength(12);
    const behind = standing?.partitions.filter(({ lag_events }) => lag_events !== '0') ?? [];
    expect(behind).toEqual([
      {
        topic: 'agent.events',
        partition: expect.any(Number),
        next_offset: '0',
        end_offset: '3',
        lag_events: '3',
        lag_seconds: expect.any(Number),
        oldest_unapplied: { offset: '0', recorded_at: expect.stringMatching(/^20.*Z$/) },
        no_progress_ms: expect.any(Number),
        stopped_reason: null,
        owner: 'one',
      },
    ]);
    await standAt(behind[0]?.partition ?? 0, 1, 'no such field');
    await expect.poll(spec, { timeout: 30_000 }).toMatchObject({ state: 'stopped' });
    const stopped = (await spec())?.partitions.find(({ stopped_reason }) => stopped_reason !== null);
    expect(stopped).toMatchObject({ lag_events: '2', stopped_reason: 'no such field' });
  });

  it('needs the scope system:read', async () => {
    const without = new GatewayClient(gateway.url, await ground.issueKey(['events:read']));
    expect(await without.get('/v1/projections')).toMatchObject({ status: 403 });
  });

  it('answers in the shape that the OpenAPI document gives', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
      components: { schemas: Record<string, { required: string[] }> };
    };
    const [partition] = (await spec())?.partitions ?? [];
    const required = document.components.schemas['ProjectionPartition']?.required ?? [];
    expect(Object.keys(partition ?? {}).sort()).toEqual(required.toSorted());
  });
});

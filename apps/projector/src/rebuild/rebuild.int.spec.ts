import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  areSame,
  hashOf,
  prepareRebuildGround,
  RestlessReader,
  tablesOf,
  type RebuildGround,
} from './rebuild-ground.spec.js';

const request = { swap: 'when_equal', requestedBy: 'spec' } as const;

/** Guarantee 8: new tables beside the live ones, shown when they hold the same, and back again. */
describe('a rebuild', { timeout: 120_000 }, () => {
  let ground: RebuildGround;

  beforeAll(async () => {
    ground = await prepareRebuildGround(inject('stack'));
    const projector = ground.startProjector();
    await projector.until('it runs', () => projector.output().includes('"Started"'), 60_000);
    await ground.send(1_000);
    await ground.send(200, 'other');
    await ground.caughtUp();
  }, 120_000);

  afterAll(async () => {
    await ground?.endProjectors();
    await ground?.close();
  });

  it.each(['journal', 'executions', 'rates'])('of %s holds the same rows and takes over', async (projection) => {
    const before = await hashOf(ground.pool, projection);
    expect(before.rows).toBeGreaterThan(0);
    await using reader = new RestlessReader(ground.pool, projection);
    const asked = await ground.rebuilds.request({ projection, ...request });
    expect(asked).toMatchObject({ kind: 'requested', rebuild: { state: 'requested', from_version: 1 } });
    const swapped = await ground.until(projection, 'swapped');
    expect(swapped.report).toMatchObject({ by_row: true, equal: true, rows_old: expect.stringMatching(/^[1-9]/) });
    expect(BigInt(swapped.events_done)).toBe(BigInt(swapped.events_total));
    if (projection === 'executions') expect(await hashOf(ground.pool, projection)).toEqual(before);
    await ground.send(100);
    await ground.caughtUp();
    await reader.end();
    expect(reader.faults).toEqual([]);
    expect(reader.looks).toBeGreaterThan(0);
    const [made] = (await tablesOf(ground.pool)).filter((name) => name.startsWith(`${projection}_v1_r`));
    // Both are kept up, in one transaction a batch.
    await expect.poll(() => areSame(ground.pool, `${projection}_v1`, made ?? ''), { timeout: 20_000 }).toBe(true);
  });

  it('can be swapped back at once, and the old dropped only when asked', async () => {
    expect(await ground.rebuilds.request({ projection: 'executions', ...request })).toMatchObject({ kind: 'open' });
    expect(await ground.rebuilds.ask('executions', 'swap_back')).toMatchObject({ kind: 'asked' });
    await ground.until('executions', 'swapped_back');
    await using reader = new RestlessReader(ground.pool, 'executions');
    await ground.send(50);
    await ground.caughtUp();
    expect(await ground.rebuilds.ask('executions', 'drop_old')).toMatchObject({ kind: 'asked' });
    await ground.until('executions', 'done');
    await ground.send(50);
    await ground.caughtUp();
    await reader.end();
    expect(reader.faults).toEqual([]);
    expect((await tablesOf(ground.pool)).filter((name) => name.startsWith('executions'))).toEqual([]);
    const { rows } = await ground.pool.query(`SELECT FROM checkpoints WHERE projection = 'executions' AND version > 1`);
    expect(rows).toEqual([]);
  });

  it('that finds other rows stops before the swap, names them, and swaps when a person says so', async () => {
    await ground.pool.query(
      `UPDATE agents_v2 SET executions_completed = executions_completed + 1
       WHERE agent_id = 'AGENT-20261121-120000-0001-0007' AND tenant_id = 'other'`,
    );
    await ground.rebuilds.request({ projection: 'agents', ...request });
    const mismatch = await ground.until('agents', 'mismatch', 'swapped');
    expect(mismatch.state).toBe('mismatch');
    expect(mismatch.report).toMatchObject({
      equal: false,
      tenants_that_differ: [{ tenant: 'other' }],
      rows_that_differ: [
        {
          tenant: 'other',
          found: 'different',
          key: { agent_id: 'AGENT-20261121-120000-0001-0007', tenant_id: 'other' },
        },
      ],
    });
    expect(await ground.rebuilds.ask('agents', 'drop_old')).toMatchObject({ kind: 'not_in_this_state' });
    expect(await ground.rebuilds.ask('agents', 'swap')).toMatchObject({ kind: 'asked' });
    // It stays what it was until the projector has seen what was asked.
    const state = async () => (await ground.rebuilds.latest('agents'))?.state;
    await expect.poll(state, { timeout: 60_000, interval: 100 }).toBe('swapped');
  });

  it('is swapped only where both stand at the same offsets, however far the new tables are behind', async () => {
    // So slow that what comes now is not in the new tables for seconds.
    const slow = { projection: 'executions', swap: 'manual', eventsPerSecondMax: 400, requestedBy: 'spec' } as const;
    await ground.rebuilds.request(slow);
    await ground.until('executions', 'ready');
    await using reader = new RestlessReader(ground.pool, 'executions');
    await ground.send(300);
    const rows = async () => (await hashOf(ground.pool, 'executions')).rows;
    const before = await rows();
    await expect.poll(rows, { timeout: 20_000, interval: 20 }).toBeGreaterThan(before + 150);
    await ground.rebuilds.ask('executions', 'swap');
    // More comes than is filled, also while the swap is asked for.
    for (let count = 0; count < 12; count += 1) await ground.send(100);
    await ground.until('executions', 'swapped');
    await ground.caughtUp();
    await reader.end();
    expect(reader.faults).toEqual([]);
  });

  it('that is cancelled leaves nothing behind', async () => {
    await ground.rebuilds.request({ projection: 'usage', swap: 'manual', eventsPerSecondMax: 50, requestedBy: 'spec' });
    await ground.until('usage', 'filling');
    expect(await tablesOf(ground.pool)).toContain('usage_v1_r1001');
    expect(await ground.rebuilds.ask('usage', 'cancel')).toMatchObject({ kind: 'asked' });
    await ground.until('usage', 'cancelled');
    expect((await tablesOf(ground.pool)).filter((name) => name.startsWith('usage'))).toEqual([]);
    for (const table of ['checkpoints', 'projection_generations']) {
      const { rows } = await ground.pool.query(`SELECT FROM ${table} WHERE projection = 'usage' AND version > 1`);
      expect(rows).toEqual([]);
    }
  });
});

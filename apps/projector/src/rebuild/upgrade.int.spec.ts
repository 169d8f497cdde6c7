import { createAppHost, type RunningApp } from '@chorda/platform';
import { silentLogger } from '@chorda/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTableStatements } from '../bulk/create-table.js';
import { defineTable } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { Projection } from '../runner/projection.js';
import type { ExecutedEvent } from './rebuild-ground.spec.js';
import { prepareRebuildGround, RestlessReader, type RebuildGround } from './rebuild-ground.spec.js';
import { startProjector } from '../start-projector.js';

const columns = { tenant_id: 'text', agent_id: 'text', executions: 'count' } as const;

function counting(version: number, step: number): Projection {
  const table = defineTable({ name: `executed_v${version}`, key: ['tenant_id', 'agent_id'], columns });
  return defineProjection<ExecutedEvent>()({
    name: 'executed',
    version,
    topics: ['agent.events'],
    table,
    begin: ({ data }, { metadata }) => ({ tenant_id: metadata.tenantId, agent_id: data.agent_id, executions: 0 }),
    evolve: { 'agent.executed': (row) => ({ ...row, executions: row.executions + step }) },
  });
}

const first = counting(1, 1);
/** Counts in tens: its rows show which code made them. */
const second = counting(2, 10);

/** What somebody sees who deploys newer code of a projection. */
describe('newer code', { timeout: 180_000 }, () => {
  let ground: RebuildGround;
  let projector: RunningApp | undefined;

  beforeAll(async () => {
    ground = await prepareRebuildGround(inject('stack'));
    for (const statement of createTableStatements(first.table, { view: 'executed' }))
      await ground.pool.query(statement);
    for (const statement of createTableStatements(second.table)) await ground.pool.query(statement);
  }, 120_000);

  afterEach(async () => {
    await projector?.stop();
    projector = undefined;
  });

  afterAll(async () => {
    await ground?.close();
  });

  async function start(...codes: readonly Projection[]): Promise<void> {
    const host = {
      ...createAppHost({ name: 'projector', sharesProcess: true, instance: 'spec' }),
      logger: silentLogger,
    };
    projector = await startProjector(ground.projectorEnv, host, codes);
  }

  const counted = async () => {
    const { rows } = await ground.pool.query<{ sum: number }>(
      'SELECT coalesce(sum(executions), 0)::int AS sum FROM executed',
    );
    return rows[0]?.sum ?? 0;
  };

  it('fills its own tables while the old code goes on, and then readers see them', async () => {
    await start(first);
    await ground.send(200);
    await ground.caughtUp();
    const before = await counted();
    expect(before).toBeGreaterThan(100);
    await projector?.stop();
    await start(second, first);
    await using reader = new RestlessReader(ground.pool, 'executed');
    const swapped = await ground.until('executed', 'swapped');
    expect(swapped).toMatchObject({
      requested_by: 'upgrade',
      from_version: 1,
      to_version: 2,
      report: { by_row: false },
    });
    await ground.send(100);
    await ground.caughtUp();
    const after = await counted();
    expect(after).toBeGreaterThan(before * 10);
    await reader.end();
    expect(reader.faults).toEqual([]);
    // The old code is here, so its tables are kept up too: back is where it was.
    await ground.rebuilds.ask('executed', 'swap_back');
    await ground.until('executed', 'swapped_back');
    expect(await counted()).toBe(after / 10);
    await ground.rebuilds.ask('executed', 'swap');
    await ground.until('executed', 'swapped');
    await ground.rebuilds.ask('executed', 'drop_old');
    await ground.until('executed', 'done');
    expect((await ground.pool.query('SELECT FROM executed_v1')).rowCount).toBe(0);
    expect(await counted()).toBe(after);
  });
});

import { createAppHost, type RunningApp } from '@chorda/platform';
import { silentLogger } from '@chorda/kernel';
import { migrate } from '@chorda/read-models';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTableStatements } from '../bulk/create-table.js';
import { defineTable } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import { journalProjection } from '../journal/journal.projection.js';
import { DayPartitions } from '../runner/day-partitions.js';
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

  it('of the same version finds rows that lack a column, and takes over with them filled', async () => {
    const { pool, database, rebuilds } = ground;
    const journal = () => journalProjection(new DayPartitions('journal_v1', Infinity));
    const rows = async (which: string) => (await pool.query(`SELECT FROM journal WHERE ${which}`)).rowCount;
    const eventually = { timeout: 30_000, interval: 100 };
    await start(journal());
    await ground.sendDecided(30);
    await expect.poll(() => rows(`topic = 'workflow.events'`), eventually).toBe(30);
    await projector?.stop();
    // As releases left it in which the journal had no streams.
    await pool.query(`DROP VIEW journal; ALTER TABLE journal_v1 DROP COLUMN stream; DROP TABLE filled_columns;
      CREATE VIEW journal WITH (security_invoker = true) AS SELECT * FROM journal_v1;
      GRANT SELECT ON journal TO chorda_reader; DELETE FROM chorda_migrations WHERE id IN ('0017', '0024')`);
    expect(await migrate(database.url)).toEqual(['0017', '0024']);
    await start(journal());
    await ground.sendDecided(12);
    await expect.poll(() => rows('stream IS NOT NULL'), eventually).toBe(12);
    await rebuilds.request({ projection: 'journal', swap: 'when_equal', requestedBy: 'spec' });
    expect((await ground.until('journal', 'swapped')).report).toMatchObject({
      by_row: true,
      equal: true,
      columns_filled: [{ column: 'stream', rows: '30' }],
    });
    expect(await rows('stream IS NOT NULL')).toBe(42);
    // The tables that are shown now have had the column from their first row on.
    await rebuilds.ask('journal', 'drop_old');
    await ground.until('journal', 'done');
    await rebuilds.request({ projection: 'journal', swap: 'when_equal', requestedBy: 'spec' });
    expect((await ground.until('journal', 'swapped')).report).toMatchObject({ equal: true, columns_filled: [] });
  });
});

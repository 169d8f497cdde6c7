import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate, migrations } from './migrate.js';
import { prepareReaderRole } from './reader-role.js';

/** An installation as older code left it, and what its readers see once newer migrations have run. */
describe('newer versions of agents and runs, and columns of the journal', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    pool = createPool(database.url);
  });

  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  const shownTable = async (view: string) => {
    const { rows } = await pool.query<{ name: string }>(
      `SELECT DISTINCT source.relname AS name FROM pg_depend d
       JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class source ON source.oid = d.refobjid
       WHERE r.ev_class = $1::regclass AND source.oid <> r.ev_class`,
      [view],
    );
    return rows.map(({ name }) => name);
  };

  it('are of version 2 where nothing was there before', async () => {
    await migrate(database.url);
    expect(await shownTable('agents')).toEqual(['agents_v2']);
    expect(await shownTable('runs')).toEqual(['runs_v2']);
    expect(await shownTable('journal')).toEqual(['journal_v1']);
  });

  it('are empty in rows of before, which stay in view, whatever generation of them is live', async () => {
    const client = await pool.connect();
    await prepareReaderRole(client);
    for (const { id, statements } of migrations) {
      if (id >= '0023') break;
      for (const statement of statements) await client.query(statement);
    }
    for (const [name, table] of [
      ['agents', 'agents_v1_r1'],
      ['journal', 'journal_v1_r1'],
      ['runs', 'runs_v1_r1'],
    ]) {
      await client.query(`INSERT INTO projections (name, live_version, topics) VALUES ('${name}', 1001, '{}')`);
      await client.query(
        `INSERT INTO projection_generations (projection, version, code_version, table_name, made_by, role)
         VALUES ('${name}', 1, 1, '${name}_v1', 'migration', 'idle'), ('${name}', 1001, 1, '${table}', 'rebuild', 'serving')`,
      );
      const cut = name === 'journal' ? 'PARTITION BY RANGE (record_time)' : '';
      await client.query(`CREATE TABLE ${table} (LIKE ${name}_v1 INCLUDING ALL) ${cut}`);
      await client.query(`CREATE OR REPLACE VIEW ${name} AS SELECT * FROM ${table}`);
    }
    const counts = (
      await client.query<{ name: string }>(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'agents_v1'::regclass AND attnum > 0 AND attnotnull
         AND format_type(atttypid, NULL) IN ('bigint', 'numeric')`,
      )
    ).rows.map(({ name }) => name);
    await client.query(
      `INSERT INTO agents_v1_r1 (tenant_id, agent_id, managed, capabilities, tools, first_seen, last_active, ${counts.join(', ')})
       VALUES ('default', 'AGENT-1', true, '{}', '{}', now(), now(), ${counts.map(() => '1').join(', ')})`,
    );
    for (const { id, statements } of migrations) {
      if (id < '0023') continue;
      for (const statement of statements) await client.query(statement);
    }
    client.release();

    expect(await shownTable('agents')).toEqual(['agents_v1_r1']);
    expect(await shownTable('runs')).toEqual(['runs_v1_r1']);
    expect(await shownTable('journal')).toEqual(['journal_v1_r1']);
    const { rows } = await pool.query('SELECT agent_id, instructions, limits, concurrency_max FROM agents');
    expect(rows).toEqual([{ agent_id: 'AGENT-1', instructions: null, limits: null, concurrency_max: null }]);
    expect((await pool.query('SELECT stream FROM journal')).rows).toEqual([]);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, startSourceProcess, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { parkAndRetry, type ParkAndRetry } from './park-and-retry.fixture.spec.js';
import { createFoldedTable, emptyTables, parkedIn, tableHash } from './parking-harness.spec.js';

/** Guarantees 2 and 4: what is parked is parked with the checkpoint or not at all, wherever the process is killed. */
describe('a process that is killed while it parks, or retries what is parked', { timeout: 180_000 }, () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let folder: string;
  let withoutFault: string;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    await createFoldedTable(pool);
    folder = mkdtempSync(join(tmpdir(), 'chorda-parking-'));
    await parkAndRetry(database.url, { isMended: true });
    withoutFault = await tableHash(pool);
  });

  beforeEach(() => emptyTables(pool));

  afterAll(async () => {
    await pool.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  async function killed(crashAt: string, how: ParkAndRetry = {}): Promise<void> {
    const child = startSourceProcess(new URL('./park-and-retry.child.spec.ts', import.meta.url), {
      NODE_ENV: 'test',
      ...(process.env['CHORDA_PLANT'] ? { CHORDA_PLANT: process.env['CHORDA_PLANT'] } : {}),
      DATABASE_URL: database.url,
      IS_MENDED: how.isMended === true ? 'yes' : 'no',
      IS_RETRY: how.isRetry === true ? 'yes' : 'no',
      CHORDA_CRASH_AT: crashAt,
      CHORDA_CRASH_LOG: join(folder, 'hit'),
    });
    expect((await child.ended).signal, child.output()).toBe('SIGKILL');
    expect(readFileSync(join(folder, 'hit'), 'utf8')).toBe(`${crashAt.split(':')[0]}\n`);
    rmSync(join(folder, 'hit'));
  }

  it.each(['after-rows-folded:4', 'after-parked:1', 'before-commit:4', 'after-commit:4'])(
    'at %s loses nothing and applies nothing twice: after a retry the table is that of a run without a fault',
    async (crashAt) => {
      await killed(crashAt);
      expect(await parkedAheadOfCheckpoint(pool)).toBe(0);
      await parkAndRetry(database.url, {});
      expect(await parkedIn(pool)).toMatchObject([{ key: 'default/hot', reason: 'apply' }]);
      await parkAndRetry(database.url, { isMended: true, isRetry: true });
      expect(await parkedIn(pool)).toEqual([]);
      expect(await tableHash(pool)).toBe(withoutFault);
    },
  );

  it.each(['retry-after-rows:1', 'retry-before-commit:2', 'retry-after-commit:1'])(
    'at %s goes on with the retry where it stood',
    async (crashAt) => {
      await parkAndRetry(database.url, {});
      await killed(crashAt, { isMended: true, isRetry: true });
      const [left] = await parkedIn(pool);
      expect(left?.events).toBeGreaterThan(0);
      // Asked for by the one that was killed: nobody has to ask again.
      const { rows } = await pool.query('SELECT FROM parked_sequences WHERE retry_requested_at IS NOT NULL');
      expect(rows).toHaveLength(1);
      await parkAndRetry(database.url, { isMended: true, isRetry: true });
      expect(await tableHash(pool)).toBe(withoutFault);
    },
  );
});

/** Events that are parked though the checkpoint has not passed them: they would be brought again, and be there twice. */
async function parkedAheadOfCheckpoint(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `SELECT FROM parked_events e JOIN checkpoints c USING (projection, version, topic, partition)
     WHERE e."offset" >= c.next_offset`,
  );
  return rowCount ?? 0;
}

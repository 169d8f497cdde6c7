import { encodePosition } from '@chorda/contracts';
import { InvalidInputError } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import { checkpointChannel, formatAdvances } from './checkpoint-listener.js';
import { CheckpointRepository } from './checkpoint.repository.js';

const place = { topic: 'agent.events', partition: 3 };
const position = encodePosition([{ ...place, offset: 41n }]);

/** Guarantee 9: a query that brings a position waits until its projections have passed it. */
describe('waiting for a position', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let checkpoints: CheckpointRepository;

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    checkpoints = new CheckpointRepository(pool, database.url);
    await pool.query(`INSERT INTO projections VALUES ('journal', 1, '{agent.events,system.events}'),
      ('services', 1, '{system.events}')`);
  });

  afterEach(async () => {
    await checkpoints.close();
    await pool.end();
    await database.drop();
  });

  async function moveTo(nextOffset: bigint, { notify = true, stoppedReason = null as string | null } = {}) {
    await pool.query(
      `INSERT INTO checkpoints VALUES ('journal', 1, $1, $2, $3, 1, 'me', NULL, now(), $4)
       ON CONFLICT (projection, version, topic, partition) DO UPDATE SET next_offset = $3, stopped_reason = $4`,
      [place.topic, place.partition, nextOffset, stoppedReason],
    );
    if (!notify) return;
    const advance = { projection: 'journal', version: 1, ...place, nextOffset };
    await pool.query('SELECT pg_notify($1, $2)', [checkpointChannel, formatAdvances([advance])]);
  }

  it('ends at once when it is passed', async () => {
    await moveTo(42n);
    expect(await checkpoints.waitUntil(position, ['journal'], 0)).toEqual({ complete: true });
  });

  it('does not end at the record itself: the checkpoint is the next offset', async () => {
    await moveTo(41n);
    expect(await checkpoints.waitUntil(position, ['journal'], 50)).toEqual({
      complete: false,
      reason: 'lagging',
      projection: 'journal',
    });
  });

  it('is woken by the notification of a batch', async () => {
    // What it sees when it looks by itself.
    vi.spyOn(checkpoints, 'ofProjection').mockResolvedValue([]);
    await moveTo(40n);
    // The first wait opens the listening connection.
    await checkpoints.waitUntil(position, ['journal'], 300);
    const waiting = checkpoints.waitUntil(position, ['journal'], 5_000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await moveTo(42n);
    expect(await waiting).toEqual({ complete: true });
  });

  it('ends without a notification too', async () => {
    await moveTo(40n);
    const waiting = checkpoints.waitUntil(position, ['journal'], 5_000);
    await moveTo(42n, { notify: false });
    expect(await waiting).toEqual({ complete: true });
  });

  it('goes on when its listening connection is cut', async () => {
    await moveTo(40n);
    await checkpoints.waitUntil(position, ['journal'], 300);
    const waiting = checkpoints.waitUntil(position, ['journal'], 5_000);
    const { rowCount } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'chorda checkpoints' AND datname = current_database()`,
    );
    expect(rowCount).toBe(1);
    await moveTo(42n);
    expect(await waiting).toEqual({ complete: true });
  });

  it('says that the partition stands still rather than wait in vain', async () => {
    await moveTo(10n, { stoppedReason: 'a fault' });
    expect(await checkpoints.waitUntil(position, ['journal'], 5_000)).toEqual({
      complete: false,
      reason: 'stopped',
      projection: 'journal',
    });
  });

  it('says that tables of newer code are filled, where they have passed it and the live ones stand still', async () => {
    await moveTo(41n);
    await pool.query(
      `INSERT INTO projection_generations VALUES ('journal', 2, 2, 'journal_v2', 'migration', 'filling')`,
    );
    await pool.query(`INSERT INTO checkpoints VALUES ('journal', 2, $1, $2, 42, 1, 'rebuild:me', NULL, now())`, [
      place.topic,
      place.partition,
    ]);
    expect(await checkpoints.waitUntil(position, ['journal'], 50)).toEqual({
      complete: false,
      reason: 'rebuilding',
      projection: 'journal',
    });
  });

  it('does not wait for a projection that does not read the topic, and does for one that nobody has started', async () => {
    expect(await checkpoints.waitUntil(position, ['services'], 0)).toEqual({ complete: true });
    expect(await checkpoints.waitUntil(position, ['unheard_of'], 50)).toMatchObject({ complete: false });
  });

  it('refuses what is no position', async () => {
    await expect(checkpoints.waitUntil('nonsense', ['journal'], 0)).rejects.toThrow(InvalidInputError);
  });
});

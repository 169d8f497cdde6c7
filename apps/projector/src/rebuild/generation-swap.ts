import { sleep } from '@chorda/kernel';
import { crashPoint } from '@chorda/platform';
import { inTransaction } from '@chorda/read-models';
import type pg from 'pg';
import type { RebuildParts } from './rebuild-parts.js';
import { makeTableLike, emptyTable, dropTable, showInView, viewOf } from './generation-tables.js';
import type { Generation } from './generations.js';

/** So long, and no longer, does a swap stand in the queue of a view's lock, and every reader behind it. */
const lockTimeoutMs = 150;
export const swapTriesMax = 20;

/** Readers held the view through every try of a swap. */
export class SwapBlockedError extends Error {}

/** A transaction whose locks live waits for: the server ends it after seconds. */
export async function underLock<Result>(pool: pg.Pool, work: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
  return inTransaction(pool, async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = '1s'`);
    return work(tx);
  });
}

/** Holds back the batches of these versions until the transaction ends: their checkpoints stand still meanwhile. */
export async function holdCheckpoints(
  tx: pg.ClientBase,
  projection: string,
  versions: readonly number[],
): Promise<void> {
  await tx.query(
    `SELECT FROM checkpoints WHERE projection = $1 AND version = ANY ($2)
     ORDER BY topic, partition, version FOR UPDATE`,
    [projection, versions],
  );
}

/**
 * Lets readers see another generation: view, live version and role in the transaction that holds the checkpoints. The
 * caller has made sure that both stand at the same offsets in it.
 */
export async function showGeneration(tx: pg.ClientBase, shown: Generation, topics: readonly string[]): Promise<void> {
  crashPoint('rebuild-before-swap');
  await tx.query(`SET LOCAL lock_timeout = '${lockTimeoutMs}ms'`);
  await showInView(tx, viewOf(shown.tableName), shown.tableName);
  await tx.query('UPDATE projections SET live_version = $2, topics = $3 WHERE name = $1', [
    shown.projection,
    shown.version,
    topics,
  ]);
  await tx.query(`UPDATE projection_generations SET role = 'serving' WHERE projection = $1 AND version = $2`, [
    shown.projection,
    shown.version,
  ]);
}

/**
 * Tries a swap until no reader is in its way. Between the tries readers go on.
 *
 * @throws {@link SwapBlockedError} when one was, each time.
 */
export async function untilUnlocked<Result>(
  { metrics }: Pick<RebuildParts, 'metrics'>,
  projection: string,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      const result = await attempt();
      metrics.swaps.inc({ projection, outcome: 'done' });
      return result;
    } catch (error) {
      // Lock not available, or a deadlock that this side lost.
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== '55P03' && code !== '40P01') throw error;
      metrics.swaps.inc({ projection, outcome: 'locked' });
      if (tries >= swapTriesMax) throw new SwapBlockedError(`Readers held the view through ${tries} tries; ask again`);
      await sleep(Math.min(50 * tries, 1_000));
    }
  }
}

/** Makes the tables of a generation and its row; what an earlier rebuild left of it goes. */
export async function beginGeneration(tx: pg.ClientBase, made: Generation, model: string): Promise<void> {
  await forgetCheckpoints(tx, made);
  if (made.tableName === model || (await exists(tx, made.tableName))) await emptyTable(tx, made.tableName);
  else await makeTableLike(tx, model, made.tableName);
  await tx.query(
    `INSERT INTO projection_generations (projection, version, code_version, table_name, made_by, role)
     VALUES ($1, $2, $3, $4, $5, 'filling') ON CONFLICT (projection, version) DO UPDATE SET role = 'filling'`,
    [made.projection, made.version, made.codeVersion, made.tableName, made.madeBy],
  );
}

/** Rows, checkpoints and what was parked go in one transaction; a table that a migration made stays, empty. */
export async function removeGeneration(tx: pg.ClientBase, gone: Generation): Promise<void> {
  await forgetCheckpoints(tx, gone);
  if (gone.madeBy === 'migration') {
    await emptyTable(tx, gone.tableName);
    await tx.query(`UPDATE projection_generations SET role = 'idle' WHERE projection = $1 AND version = $2`, [
      gone.projection,
      gone.version,
    ]);
    return;
  }
  await dropTable(tx, gone.tableName);
  await tx.query('DELETE FROM projection_generations WHERE projection = $1 AND version = $2', [
    gone.projection,
    gone.version,
  ]);
}

async function forgetCheckpoints(tx: pg.ClientBase, { projection, version }: Generation): Promise<void> {
  for (const table of ['checkpoints', 'filled_columns', 'parked_events', 'parked_sequences']) {
    await tx.query(`DELETE FROM ${table} WHERE projection = $1 AND version = $2`, [projection, version]);
  }
}

async function exists(tx: pg.ClientBase, table: string): Promise<boolean> {
  const { rows } = await tx.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return rows[0]?.there === true;
}

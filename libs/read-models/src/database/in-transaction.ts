import type pg from 'pg';
import { isUnanswered } from './is-database-away.js';

/** Runs `work` in a transaction of the pool's own role: all of it is committed, or none. */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (tx: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const tx = await pool.connect();
  // Without an answer to COMMIT or ROLLBACK the session's state is unknown: it is closed, which rolls back.
  let isLost = true;
  try {
    await tx.query('BEGIN');
    try {
      const result = await work(tx);
      await tx.query('COMMIT');
      isLost = false;
      return result;
    } catch (error) {
      if (isUnanswered(error)) throw error;
      // Where this fails too, what failed first is the reason.
      isLost = await tx.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      throw error;
    }
  } finally {
    tx.release(isLost);
  }
}

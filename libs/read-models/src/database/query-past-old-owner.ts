import type { Logger } from '@chorda/kernel';
import pg from 'pg';

/**
 * Runs a statement that waits for the transactions of old owners on the rows that it takes from them, as long as a
 * transaction may take (the session's `transaction_timeout`). Sessions that hold the rows even then, because their
 * time-out is longer or hangs, are ended, and the statement is run once more.
 *
 * Who holds a row stands in its `xmax`. A pid that the old owner had stored with its claim would name one connection of
 * its pool, which need not be the one that writes, and might by now be somebody else's.
 *
 * @param held Selects the `xmax` of the rows.
 */
export async function queryPastOldOwner<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: pg.QueryConfig,
  held: pg.QueryConfig,
  logger: Pick<Logger, 'warn'>,
): Promise<readonly Row[]> {
  const tx = await pool.connect();
  let isLost = true;
  try {
    for (let hasEnded = false; ; hasEnded = true) {
      isLost = true;
      await tx.query('BEGIN');
      await tx.query(waitAsTransactionsLast);
      try {
        const { rows } = await tx.query<Row>(statement);
        await tx.query('COMMIT');
        isLost = false;
        return rows;
      } catch (error) {
        await tx.query('ROLLBACK');
        isLost = false;
        if (hasEnded || !isLockTimeout(error)) throw error;
      }
      const ended = await endHolders(tx, held);
      logger.warn('Ended sessions that held a claim for longer than a transaction may take', { ended });
    }
  } finally {
    tx.release(isLost);
  }
}

/**
 * This transaction's own time-out would end the session that waits, together with the one that it waits for. In its place
 * it may not rest for longer: of a process that is stopped before this COMMIT nobody could find the session, since rows
 * that were new are not to be seen.
 */
const waitAsTransactionsLast = `SELECT set_config('lock_timeout', current_setting('transaction_timeout'), true),
  set_config('idle_in_transaction_session_timeout', current_setting('transaction_timeout'), true),
  set_config('transaction_timeout', '0', true), set_config('statement_timeout', '0', true)`;

function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '55P03';
}

async function endHolders(tx: pg.ClientBase, held: pg.QueryConfig): Promise<readonly number[]> {
  const { rows } = await tx.query<{ pid: number }>({
    ...held,
    text: `SELECT DISTINCT a.pid, pg_terminate_backend(a.pid, 5000)
      FROM (${held.text}) held JOIN pg_stat_activity a ON a.backend_xid = held.xmax WHERE a.pid <> pg_backend_pid()`,
  });
  return rows.map(({ pid }) => pid);
}

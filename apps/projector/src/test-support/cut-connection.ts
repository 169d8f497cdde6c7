import type pg from 'pg';
import { interceptCommits } from './batch-commit.js';

/** Where the connection of a transaction is cut: before the server heard of COMMIT, or after it did it. */
export type CutAt = 'before' | 'after';

export interface ConnectionCutter {
  /** The next COMMIT of a batch meets a backend that is ended by pg_terminate_backend, once. */
  cutNext(at: CutAt): void;
  /** How many connections were cut. */
  readonly count: number;
}

/** Stands between a pool's callers and its connections; nothing is cut until it is asked for. */
export function cutterOf(pool: pg.Pool): ConnectionCutter {
  let wanted: CutAt | undefined;
  let count = 0;
  interceptCommits(pool, async (client, commit) => {
    const at = wanted;
    if (at === undefined) return commit();
    wanted = undefined;
    count++;
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    if (at === 'after') await commit();
    await pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid ?? 0]);
    return at === 'before' ? commit() : client.query('SELECT 1');
  });
  return {
    cutNext: (at) => void (wanted = at),
    get count() {
      return count;
    },
  };
}

import type pg from 'pg';

/** Where the connection of a transaction is cut: before the server heard of COMMIT, or after it did it. */
export type CutAt = 'before' | 'after';

export interface ConnectionCutter {
  /** The next COMMIT of this pool meets a backend that is ended by pg_terminate_backend, once. */
  cutNext(at: CutAt): void;
  /** How many connections were cut. */
  readonly count: number;
}

/** Stands between a pool's callers and its connections; nothing is cut until it is asked for. */
export function cutterOf(pool: pg.Pool): ConnectionCutter {
  let wanted: CutAt | undefined;
  let count = 0;
  const connect: typeof pool.connect = pool.connect.bind(pool);
  const cut = new WeakSet<pg.PoolClient>();
  Object.assign(pool, {
    connect: async (callback?: Parameters<typeof connect>[0]) => {
      // The pool's own queries connect by callback, and are none of those that are cut.
      if (callback) return connect(callback);
      const client = await connect();
      if (cut.has(client)) return client;
      cut.add(client);
      const query = client.query.bind(client);
      let isBatch = false;
      Object.assign(client, {
        query: async (...given: Parameters<typeof client.query>) => {
          // Transactions that make tables ready go through the pool too; those are not meant.
          if (isAdvance(given[0])) isBatch = true;
          const at = wanted;
          if (String(given[0]) !== 'COMMIT' || at === undefined || !isBatch) return query(...given);
          [wanted, isBatch] = [undefined, false];
          count++;
          const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          if (at === 'after') await query('COMMIT');
          await pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid ?? 0]);
          return query(at === 'before' ? 'COMMIT' : 'SELECT 1');
        },
      });
      return client;
    },
  });
  return {
    cutNext: (at) => void (wanted = at),
    get count() {
      return count;
    },
  };
}

function isAdvance(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'name' in query && query.name === 'advance checkpoints';
}

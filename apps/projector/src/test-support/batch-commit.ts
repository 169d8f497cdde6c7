import type pg from 'pg';

/** Stands in for the COMMIT of a batch; `commit` is the real one. */
export type AtCommit = (client: pg.PoolClient, commit: () => Promise<unknown>) => Promise<unknown>;

/**
 * Has every COMMIT of a batch's transaction that goes through this pool done by `atCommit`. Transactions that make
 * tables ready or claim go through the pool too; those are left alone.
 */
export function interceptCommits(pool: pg.Pool, atCommit: AtCommit): void {
  const connect: typeof pool.connect = pool.connect.bind(pool);
  const known = new WeakSet<pg.PoolClient>();
  Object.assign(pool, {
    connect: async (callback?: Parameters<typeof connect>[0]) => {
      // The pool's own queries connect by callback, and have no transaction.
      if (callback) return connect(callback);
      const client = await connect();
      if (!known.has(client)) intercept(client, atCommit);
      known.add(client);
      return client;
    },
  });
}

function intercept(client: pg.PoolClient, atCommit: AtCommit): void {
  const query = client.query.bind(client);
  let isBatch = false;
  Object.assign(client, {
    query: (...given: Parameters<typeof client.query>) => {
      if (isAdvance(given[0])) isBatch = true;
      if (String(given[0]) !== 'COMMIT' || !isBatch) return query(...given);
      isBatch = false;
      return atCommit(client, async () => query(...given));
    },
  });
}

function isAdvance(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'name' in query && query.name === 'advance checkpoints';
}

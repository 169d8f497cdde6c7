import pg from 'pg';
import { GatheringSocket } from './gathering-socket.js';

export interface PoolOptions {
  /** Shown in pg_stat_activity. Default 'chorda'. */
  readonly applicationName?: string;
  /** Default 10. */
  readonly connectionsMax?: number;
  /** A statement that takes longer is cancelled by the server. Default 10 s. */
  readonly statementTimeoutMs?: number;
  /** A transaction that takes longer is ended by the server, so that no lock outlives its writer. Default none. */
  readonly transactionTimeoutMs?: number;
  /**
   * The session does nothing but look rows up by their keys. Plans are kept with the statements, and one that was made
   * while a table was empty reads all of it for ever: such sessions are told to go by the index whatever the size.
   */
  readonly keyLookupsOnly?: boolean;
  /**
   * Plans of prepared statements are made anew when they are a second old, then two, four, and so on up to this. A plan is
   * of the tables as they were: on an empty one every index costs the same, and the plan that was kept may go by one that
   * has to be read whole for each key. Default never.
   */
  readonly replanMsMax?: number;
  /** How long a caller waits for a free connection. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /**
   * How long a statement's answer is waited for. A server that has stopped, or a network that loses everything, ends no
   * statement by `statementTimeoutMs`: its callers would wait for ever, and their connections with them. Default none.
   */
  readonly answerTimeoutMs?: number;
  /**
   * Statements are sent as they come, without waiting for the answer to the one before, and those of one turn of the event
   * loop in one write. COPY and cursors are refused then. Who sends several at once waits for all of them, also where one
   * fails: the ones behind it fail too, in the same transaction. Default no.
   */
  readonly isPipelined?: boolean;
}

/** A bounded pool. A connection that is lost while idle is dropped by the pool, and another opened when it is needed. */
export function createPool(databaseUrl: string, options: PoolOptions = {}): pg.Pool {
  const settings = [`-c statement_timeout=${options.statementTimeoutMs ?? 10_000}`];
  if (options.transactionTimeoutMs !== undefined) {
    settings.push(`-c transaction_timeout=${options.transactionTimeoutMs}`);
  }
  if (options.keyLookupsOnly) {
    const off = ['seqscan', 'hashjoin', 'mergejoin'].map((way) => `-c enable_${way}=off`);
    // For lists as parameters a plan of their own always looks cheaper than the kept one, by more than it costs to make.
    settings.push(...off, '-c jit=off', '-c plan_cache_mode=force_generic_plan');
  }
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: options.applicationName ?? 'chorda',
    max: options.connectionsMax ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    ...(options.answerTimeoutMs === undefined ? {} : { query_timeout: options.answerTimeoutMs }),
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    options: settings.join(' '),
    ...(options.isPipelined ? { pipeline: true, stream: () => new GatheringSocket() } : {}),
  });
  pool.on('error', () => undefined);
  // A connection that is cut while it is lent out and has no query to fail tells nobody but its own listeners; without
  // one, Node ends the process. Its next query fails, which is where it is dealt with.
  pool.on('connect', (client) => client.on('error', () => undefined));
  if (options.replanMsMax !== undefined) replanAsTablesGrow(pool, options.replanMsMax);
  return pool;
}

const replanMsMin = 1_000;

function replanAsTablesGrow(pool: pg.Pool, ageMsMax: number): void {
  const plansOf = new WeakMap<pg.PoolClient, { ageMs: number; untilMs: number }>();
  pool.on('connect', (client) => plansOf.set(client, { ageMs: replanMsMin, untilMs: performance.now() + replanMsMin }));
  pool.on('acquire', (client) => {
    const plans = plansOf.get(client);
    if (plans === undefined || performance.now() < plans.untilMs) return;
    plans.ageMs = Math.min(plans.ageMs * 2, ageMsMax);
    plans.untilMs = performance.now() + plans.ageMs;
    // Sent before whatever the new holder sends. Where it fails, so does that, and its holder is told.
    client.query('DISCARD PLANS').catch(() => undefined);
  });
}

import { createPool } from '@chorda/read-models';
import type { FreshDatabase, StackAddresses } from '@chorda/testing';
import { emmettStore } from './emmett.js';
import { engineGround } from './ground.js';

/** A way to decide commands. */
export interface Arm {
  readonly name: string;
  /** Processes of its own beside this one. */
  readonly pids: readonly number[];
  /** Resolves when the caller may be told. */
  decide(subject: string): Promise<void>;
  stop(): Promise<void>;
}

const waitMs = 60_000;
const connectionsMax = 32;

/** The engine: log, turn, log, answer. */
export async function engineArm(stack: StackAddresses, database: FreshDatabase, folder: string): Promise<Arm> {
  const ground = await engineGround(stack, database, folder);
  return {
    name: 'engine',
    pids: [ground.enginePid()],
    decide: (subject) => ground.give(subject),
    stop: () => ground.stop(),
  };
}

/** One append with an expected version for each command, tried again on a conflict: what most people write. */
export async function appendArm(database: FreshDatabase): Promise<Arm> {
  const pool = createPool(database.url, { connectionsMax, connectTimeoutMs: waitMs });
  await pool.query(
    `CREATE TABLE appended (stream text NOT NULL, version bigint NOT NULL, type text NOT NULL, data jsonb NOT NULL,
       at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (stream, version))`,
  );
  const load = `SELECT version, data FROM appended WHERE stream = $1 ORDER BY version DESC LIMIT 1`;
  const append = `INSERT INTO appended (stream, version, type, data) VALUES ($1, $2, 'counter.added', $3) ON CONFLICT DO NOTHING`;
  return {
    name: 'append',
    pids: [],
    async decide(subject) {
      for (;;) {
        const { rows } = await pool.query<{ version: string; data: { total: number } }>({
          ...{ name: 'load', text: load },
          values: [subject],
        });
        const total = (rows[0]?.data.total ?? 0) + 1;
        const version = BigInt(rows[0]?.version ?? 0) + 1n;
        const values = [subject, version, JSON.stringify({ by: 1, total })];
        if ((await pool.query({ name: 'append', text: append, values })).rowCount === 1) return;
      }
    },
    stop: () => pool.end(),
  };
}

/**
 * Emmett's append alone, at its cheapest: no state is read before it and no version expected, so it decides nothing. A
 * conflict of two callers on one stream is tried again.
 */
export async function emmettArm(database: FreshDatabase, progress: (line: string) => void): Promise<Arm> {
  const store = await emmettStore(database.url, progress);
  return {
    name: 'emmett',
    pids: [],
    async decide(subject) {
      for (;;) {
        try {
          await store.appendToStream(`counter-${subject}`, [{ type: 'counter.added', data: { by: 1 } }]);
          return;
        } catch (error) {
          if (!(error instanceof Error) || !error.constructor.name.includes('Version')) throw error;
        }
      }
    },
    stop: () => store.close(),
  };
}

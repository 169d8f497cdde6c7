import { sleep } from '@chorda/kernel';
import type { TestStack } from '@chorda/testing';
import pg from 'pg';

export type KilledServer = 'postgres' | 'kafka';

export interface ServerKill {
  readonly server: KilledServer;
  readonly killedMs: number;
  readonly backMs: number;
  /** Transactions of the apps that were open when it was killed; of Kafka, undefined. */
  readonly openTransactions: number | undefined;
}

const downMs = 1_000;
const startTriesMax = 60;
const watchMs = 10_000;

/**
 * Kills a server of the stack and starts it again. Postgres is killed while a transaction of an app is seen to be open in
 * it: that is the moment at which a commit is lost or is not, and nobody can say which.
 */
export async function killServer(stack: TestStack, server: KilledServer): Promise<ServerKill> {
  const openTransactions = server === 'postgres' ? await untilTransactionIsOpen(stack.databaseUrl) : undefined;
  const killedMs = Date.now();
  await stack.server(server).kill();
  await sleep(downMs);
  for (let tries = 1; ; tries++) {
    try {
      await stack.server(server).start();
      break;
    } catch (error) {
      // Sessions of a killed Postgres outlive it for a moment, and while they do it does not start.
      if (tries === startTriesMax) throw error;
      await sleep(300);
    }
  }
  return { server, killedMs, backMs: Date.now(), openTransactions };
}

/** @returns How many were open a moment before. */
async function untilTransactionIsOpen(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const untilMs = Date.now() + watchMs; Date.now() < untilMs;) {
      const { rows } = await client.query<{ open: number }>(
        `SELECT count(*)::int AS open FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND backend_xid IS NOT NULL`,
      );
      if ((rows[0]?.open ?? 0) > 0) return rows[0]?.open ?? 0;
      await sleep(2);
    }
    return 0;
  } finally {
    void client.end().catch(() => undefined);
  }
}

import { databaseEnv, readEnv } from '@chorda/platform';
import { createPool } from '@chorda/read-models';
import { z } from 'zod';

type Pool = ReturnType<typeof createPool>;

/** @throws {@link EnvironmentError} naming what is missing. */
export function databaseUrlOf(environment: NodeJS.ProcessEnv): string {
  return readEnv(z.object(databaseEnv), environment).DATABASE_URL;
}

export async function withDatabase<Result>(
  environment: NodeJS.ProcessEnv,
  work: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  const pool = createPool(databaseUrlOf(environment), { applicationName: 'chorda-cli', connectionsMax: 2 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

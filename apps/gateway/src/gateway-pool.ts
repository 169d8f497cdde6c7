import { createPool, type PoolOptions } from '@chorda/read-models';
import type pg from 'pg';

/** Longer than a statement may take, so that it is met where the server says nothing any more. */
const answerTimeoutMs = 15_000;

/** Connections for one purpose of the gateway's, none of which waits without end for a server that has stopped. */
export function gatewayPool(databaseUrl: string, purpose: string, options: PoolOptions = {}): pg.Pool {
  const applicationName = purpose === '' ? 'chorda gateway' : `chorda gateway ${purpose}`;
  return createPool(databaseUrl, { applicationName, answerTimeoutMs, ...options });
}

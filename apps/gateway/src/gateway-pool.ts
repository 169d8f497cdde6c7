import { createPool, type PoolOptions } from '@chorda/read-models';
import type pg from 'pg';
import type { GatewayEnv } from './gateway.env.js';

/** Statements are cancelled by the server first, where there is one that answers. */
const statementMarginMs = 500;
const statementTimeoutMsMax = 10_000;

/** Connections for one purpose of the gateway's, none of which waits without end for a server that has stopped. */
export function gatewayPool(
  { DATABASE_URL, CHORDA_DATABASE_ANSWER_MS: answerTimeoutMs }: GatewayPoolEnv,
  purpose: string,
  options: PoolOptions = {},
): pg.Pool {
  const applicationName = purpose === '' ? 'chorda gateway' : `chorda gateway ${purpose}`;
  const statementTimeoutMs = Math.min(statementTimeoutMsMax, answerTimeoutMs - statementMarginMs);
  return createPool(DATABASE_URL, { applicationName, answerTimeoutMs, statementTimeoutMs, ...options });
}

export type GatewayPoolEnv = Pick<GatewayEnv, 'DATABASE_URL' | 'CHORDA_DATABASE_ANSWER_MS'>;

import { databaseEnv, kafkaEnv, loggingEnv, readEnv, registryEnv, selfReportEnv, wholeNumber } from '@chorda/platform';
import { z } from 'zod';
import { executorEnv } from './executors/executors.env.js';

const schema = z.object({
  ...kafkaEnv,
  ...registryEnv,
  ...databaseEnv,
  ...loggingEnv,
  ...selfReportEnv,
  ...executorEnv,
  /** Connections to Postgres of the engine: as many partitions decide at once. */
  CHORDA_DECISIONS_CONNECTIONS: wholeNumber(2, 100).default(6),
  /** Commands decided in one transaction. */
  CHORDA_DECISIONS_TURN_COMMANDS: wholeNumber(1, 10_000).default(500),
  /** A stream's state is kept after so many events, so that a restart folds no more than those that follow it. */
  CHORDA_DECISIONS_SNAPSHOT_EVERY: wholeNumber(1, 100_000).default(100),
  /** The broker gives an engine's partitions to others when it hears nothing of it for so long. */
  CHORDA_DECISIONS_SESSION_TIMEOUT_MS: wholeNumber(6_000, 300_000).default(6_000),
  /** How long a stop or a rebalance waits for the turns in hand. */
  CHORDA_DECISIONS_DRAIN_TIMEOUT_MS: wholeNumber(100, 60_000).default(5_000),
});

export type AgentRuntimeEnv = z.infer<typeof schema>;

export function readAgentRuntimeEnv(source: NodeJS.ProcessEnv): AgentRuntimeEnv {
  return readEnv(schema, source);
}

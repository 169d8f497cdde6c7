import {
  databaseEnv,
  kafkaEnv,
  loggingEnv,
  payloadsEnv,
  readEnv,
  registryEnv,
  selfReportEnv,
  wholeNumber,
} from '@chorda/platform';
import { z } from 'zod';
import { webhookEnv } from './steps/webhook/webhook.env.js';

const schema = z.object({
  ...kafkaEnv,
  ...registryEnv,
  ...databaseEnv,
  ...loggingEnv,
  ...selfReportEnv,
  ...payloadsEnv,
  /** Steps that one process does at once. */
  CHORDA_STEP_SLOTS: wholeNumber(1, 1_000).default(100),
  /** Steps that may wait in the inbox of all executors and workers; past it they stay on the log. */
  CHORDA_STEP_INBOX_MAX: wholeNumber(100, 10_000_000).default(100_000),
  ...webhookEnv,
  /** Of llm steps that name none; left out: what an inference worker offers. */
  CHORDA_MODEL: z.string().max(200).optional(),
  /** An `llm` step fails at once, to be tried again, where no inference worker was heard of for so long; 0: it waits. */
  CHORDA_INFERENCE_ABSENT_MS: wholeNumber(0, 86_400_000).default(30_000),
  CHORDA_DECISIONS_CONNECTIONS: wholeNumber(2, 100).default(6),
  CHORDA_DECISIONS_TURN_COMMANDS: wholeNumber(1, 10_000).default(500),
  CHORDA_DECISIONS_SNAPSHOT_EVERY: wholeNumber(1, 100_000).default(100),
  CHORDA_DECISIONS_SESSION_TIMEOUT_MS: wholeNumber(6_000, 300_000).default(6_000),
  CHORDA_DECISIONS_DRAIN_TIMEOUT_MS: wholeNumber(100, 60_000).default(5_000),
});

export type OrchestratorEnv = z.infer<typeof schema>;

export function readOrchestratorEnv(source: NodeJS.ProcessEnv): OrchestratorEnv {
  return readEnv(schema, source);
}

import {
  databaseEnv,
  flag,
  httpEnv,
  kafkaEnv,
  loggingEnv,
  payloadsEnv,
  redisEnv,
  registryEnv,
  selfReportEnv,
  wholeNumber,
} from '@chorda/platform';
import { z } from 'zod';
import { accessEnv } from './auth/access.env.js';
import { inferenceEnv } from './inference/inference.env.js';
import { ingestEnv } from './ingest/ingest.env.js';

const mebibyte = 1024 * 1024;

const originList = z
  .string()
  .transform((text) => text.split(',').filter((origin) => origin !== ''))
  .refine((origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin), {
    error: 'must hold origins such as https://ops.example.org, separated by commas',
  });

/** Everything the gateway reads from its environment; nothing else in this app looks at it. */
export const gatewayEnv = z.object({
  ...kafkaEnv,
  ...registryEnv,
  ...databaseEnv,
  ...httpEnv,
  ...loggingEnv,
  /** Without it, limits and kept answers are shared by nobody in front of Postgres. */
  REDIS_URL: redisEnv.REDIS_URL.optional(),
  ...accessEnv,
  /** Event types that other teams may register in the whole deployment. */
  CHORDA_EXTERNAL_TYPES_MAX: wholeNumber(0, 10_000).default(200),
  ...selfReportEnv,
  ...ingestEnv,
  ...inferenceEnv,
  ...payloadsEnv,
  /** How long the caller of a command waits for its outcome who does not say; then it is answered 202. */
  CHORDA_COMMAND_WAIT_MS: wholeNumber(0, 60_000).default(10_000),
  /** How long Postgres may say nothing to a statement. Its callers are told 503 then, and the connection is closed. */
  CHORDA_DATABASE_ANSWER_MS: wholeNumber(1_000, 120_000).default(11_000),
  /** Events and bytes that the live tail keeps in memory; older ones are read from the journal. */
  CHORDA_TAIL_EVENTS_MAX: wholeNumber(10, 10_000_000).default(20_000),
  CHORDA_TAIL_BYTES_MAX: wholeNumber(mebibyte, 64 * 1024 * mebibyte).default(64 * mebibyte),
  /** Clients of the tail at once, of this gateway: all, those of one tenant, those of one key. */
  CHORDA_TAIL_CLIENTS_MAX: wholeNumber(1, 1_000_000).default(2000),
  CHORDA_TAIL_TENANT_CLIENTS_MAX: wholeNumber(1, 1_000_000).default(1000),
  CHORDA_TAIL_KEY_CLIENTS_MAX: wholeNumber(1, 1_000_000).default(1000),
  /** Subscriptions of one WebSocket. */
  CHORDA_TAIL_SUBSCRIPTIONS_MAX: wholeNumber(1, 10_000).default(64),
  /** Bytes that may wait for one client; past it, it reads by itself until it is level again. */
  CHORDA_TAIL_CLIENT_BYTES_MAX: wholeNumber(1024, 1024 * mebibyte).default(mebibyte),
  /** How long topics are still followed after the last client of the tail left. */
  CHORDA_TAIL_REST_AFTER_MS: wholeNumber(0, 86_400_000).default(60_000),
  CHORDA_TAIL_HEARTBEAT_MS: wholeNumber(50, 60_000).default(15_000),
  /** What the filters of one tenant may cost in a second: a part of an expression costs one, about 0.1 µs. */
  CHORDA_TAIL_FILTER_COST_MAX: wholeNumber(1000, 1_000_000_000).default(2_000_000),
  /** Origins of pages that may open a WebSocket, separated by commas; the gateway's own always may. */
  CHORDA_WS_ORIGINS: originList.default([]),
  /** Origins of pages that may call the API with a key of their own, separated by commas. */
  CHORDA_CORS_ORIGINS: originList.default([]),
  /** How long a client of the tail may leave its socket full before it is dropped. */
  CHORDA_TAIL_SLOW_MS_MAX: wholeNumber(10, 600_000).default(15_000),
  /**
   * Demo stacks only: decisions from `urn:chorda:demo` sources are taken as events
   * (docs/decisions/0004-simulated-decisions.md).
   */
  CHORDA_SIMULATED_DECISIONS: flag.default(false),
});

export type GatewayEnv = z.infer<typeof gatewayEnv>;

import { z } from 'zod';
import { hasClearSslMode, withStrictSslMode } from './database-url.js';

/** `true`/`false`, also `1`/`0`. */
export const flag = z
  .enum(['true', 'false', '1', '0'], { error: 'must be true or false' })
  .transform((text) => text === 'true' || text === '1');

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: 'must be a whole number', abort: true })
    .transform(Number)
    .pipe(
      z
        .number()
        .min(min, { error: `must be at least ${min}` })
        .max(max, { error: `must be at most ${max}` }),
    );
}

/** 0 asks the operating system for a free port; tests use it. */
export const port = wholeNumber(0, 65_535);

function urlOf(...protocols: readonly string[]) {
  const wanted = protocols.map((protocol) => `${protocol}//`).join(' or ');
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL that begins with ${wanted}`,
  });
}

function pem(name: string) {
  return z
    .string()
    .transform((text) => text.replaceAll('\\n', '\n')) // One-line PEM, as many secret stores hand it out.
    .refine((text) => text.includes('-----BEGIN '), { error: `must be PEM text; for a file set ${name}_FILE` });
}

const brokerList = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((broker) => broker.trim())
      .filter((broker) => broker !== ''),
  )
  .refine((brokers) => brokers.length > 0 && brokers.every((broker) => /^(\[[^\]]+\]|[^\s:]+):\d{1,5}$/.test(broker)), {
    error: 'must be HOST:PORT, several separated by commas',
  });

export const kafkaEnv = {
  KAFKA_BROKERS: brokerList,
  /** TLS with the machine's own certificate authorities; any other KAFKA_SSL_ key means TLS too. */
  KAFKA_SSL: flag.optional(),
  KAFKA_SSL_CA: pem('KAFKA_SSL_CA').optional(),
  KAFKA_SSL_CERT: pem('KAFKA_SSL_CERT').optional(),
  KAFKA_SSL_KEY: pem('KAFKA_SSL_KEY').optional(),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']).optional(),
  /** With oauthbearer: the client id. */
  KAFKA_SASL_USERNAME: z.string().optional(),
  /** With oauthbearer: the client secret. */
  KAFKA_SASL_PASSWORD: z.string().optional(),
  /** With oauthbearer: where client credentials become a token (OAuth 2.0 client credentials grant). */
  CHORDA_KAFKA_TOKEN_URL: urlOf('https:', 'http:').optional(),
  /** Before every topic and group. */
  CHORDA_TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,100}$/, { error: 'must hold letters, digits, ".", "_" and "-" alone, 100 at most' })
    .default(''),
} as const;

export const registryEnv = {
  SCHEMA_REGISTRY_URL: urlOf('http:', 'https:'),
  SCHEMA_REGISTRY_USERNAME: z.string().optional(),
  SCHEMA_REGISTRY_PASSWORD: z.string().optional(),
  SCHEMA_REGISTRY_CA: pem('SCHEMA_REGISTRY_CA').optional(),
} as const;

export const databaseEnv = {
  DATABASE_URL: urlOf('postgres:', 'postgresql:')
    .refine((text) => !URL.canParse(text) || hasClearSslMode(text), {
      error: 'must have sslmode disable, verify-full (also written require or verify-ca) or no-verify, or none',
    })
    .transform((text) => (URL.canParse(text) ? withStrictSslMode(text) : text)),
} as const;

export const redisEnv = { REDIS_URL: urlOf('redis:', 'rediss:') } as const;

/** Without configuration nothing listens beyond loopback. */
export const httpEnv = {
  CHORDA_LISTEN_HOST: z.string().default('127.0.0.1'),
  PORT: port.default(4600),
} as const;

export const metricsEnv = {
  CHORDA_LISTEN_HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: port.default(4690),
} as const;

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export const loggingEnv = { LOG_LEVEL: z.enum(logLevels).default('info') } as const;

export const tracingEnv = {
  OTEL_SDK_DISABLED: flag.optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf('http:', 'https:').optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: urlOf('http:', 'https:').optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number({ error: 'must be a share from 0 to 1' }).min(0).max(1).default(1),
} as const;

export const selfReportEnv = {
  /** How often an app reports about itself on system.events. */
  CHORDA_SELF_REPORT_INTERVAL_MS: wholeNumber(100, 3_600_000).default(5_000),
} as const;

export const processEnv = {
  /** How long a stop may take before the process ends anyway. */
  CHORDA_DRAIN_TIMEOUT_MS: wholeNumber(0, 600_000).default(20_000),
  /** Names this instance in logs, metrics and reports. Default: host name and pid. */
  CHORDA_INSTANCE: z.string().max(200).optional(),
} as const;

import type { z } from 'zod';
import type { kafkaEnv, registryEnv } from './shapes.js';
import { clientCredentialsToken } from './oauth-token.js';

type KafkaEnv = z.infer<z.ZodObject<typeof kafkaEnv>>;
type RegistryEnv = z.infer<z.ZodObject<typeof registryEnv>>;

/** What the messaging driver needs to reach Kafka; the same shape as `KafkaConnection` of `@chorda/messaging`. */
export interface KafkaConnectionSettings {
  readonly brokers: string[];
  readonly topicPrefix: string;
  readonly clientId: string;
  readonly ssl?: { readonly caPem?: string; readonly certPem?: string; readonly keyPem?: string };
  readonly sasl?: KafkaSaslSettings;
}

export type KafkaSaslSettings =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> };

export function kafkaConnection(env: KafkaEnv, clientId: string): KafkaConnectionSettings {
  const usesTls = env.KAFKA_SSL ?? Boolean(env.KAFKA_SSL_CA ?? env.KAFKA_SSL_CERT);
  const sasl = saslOf(env);
  return {
    brokers: env.KAFKA_BROKERS,
    topicPrefix: env.CHORDA_TOPIC_PREFIX,
    clientId,
    ...(usesTls && { ssl: tlsOf(env) }),
    ...(sasl && { sasl }),
  };
}

function tlsOf(env: KafkaEnv): NonNullable<KafkaConnectionSettings['ssl']> {
  return {
    ...(env.KAFKA_SSL_CA && { caPem: env.KAFKA_SSL_CA }),
    ...(env.KAFKA_SSL_CERT && { certPem: env.KAFKA_SSL_CERT }),
    ...(env.KAFKA_SSL_KEY && { keyPem: env.KAFKA_SSL_KEY }),
  };
}

function saslOf(env: KafkaEnv): KafkaSaslSettings | undefined {
  const username = env.KAFKA_SASL_USERNAME ?? '';
  const password = env.KAFKA_SASL_PASSWORD ?? '';
  if (env.KAFKA_SASL_MECHANISM === undefined) return undefined;
  if (env.KAFKA_SASL_MECHANISM !== 'oauthbearer') return { mechanism: env.KAFKA_SASL_MECHANISM, username, password };
  const url = env.CHORDA_KAFKA_TOKEN_URL ?? '';
  return { mechanism: 'oauthbearer', token: clientCredentialsToken({ url, clientId: username, secret: password }) };
}

/** The options of `EventCodec.connect` that come from the environment. */
export function registryConnection(env: RegistryEnv): {
  readonly registryUrl: string;
  readonly username?: string;
  readonly password?: string;
  readonly caPem?: string;
} {
  return {
    registryUrl: env.SCHEMA_REGISTRY_URL,
    ...(env.SCHEMA_REGISTRY_USERNAME && { username: env.SCHEMA_REGISTRY_USERNAME }),
    ...(env.SCHEMA_REGISTRY_PASSWORD && { password: env.SCHEMA_REGISTRY_PASSWORD }),
    ...(env.SCHEMA_REGISTRY_CA && { caPem: env.SCHEMA_REGISTRY_CA }),
  };
}

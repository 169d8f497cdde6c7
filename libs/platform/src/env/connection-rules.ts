import type { Issue } from '@chorda/kernel';

type Given = Readonly<Record<string, string | undefined>>;

/**
 * Rules between keys. They look at what was given, not at what was parsed, so that they are reported together with the
 * faults of single keys; a rule rests where the app's schema has no such key.
 */
export function connectionRules(given: Given, shape: Readonly<Record<string, unknown>>): readonly Issue[] {
  const issues: Issue[] = [];
  const needs = (key: string, other: string) => {
    if (key in shape && given[key] && !given[other]) issues.push({ pointer: other, detail: `is needed with ${key}` });
  };
  needs('KAFKA_SSL_CERT', 'KAFKA_SSL_KEY');
  needs('KAFKA_SSL_KEY', 'KAFKA_SSL_CERT');
  needs('KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME');
  needs('KAFKA_SASL_MECHANISM', 'KAFKA_SASL_PASSWORD');
  needs('KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM');
  needs('SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD');
  needs('SCHEMA_REGISTRY_PASSWORD', 'SCHEMA_REGISTRY_USERNAME');
  if (given['KAFKA_SASL_MECHANISM'] === 'oauthbearer') needs('KAFKA_SASL_MECHANISM', 'CHORDA_KAFKA_TOKEN_URL');
  return issues;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { kafkaConnection } from './connections.js';
import { EnvironmentError } from './environment-error.js';
import { readEnv } from './read-env.js';
import { databaseEnv, httpEnv, kafkaEnv, loggingEnv, redisEnv, registryEnv } from './shapes.js';

const schema = z.object({ ...kafkaEnv, ...registryEnv, ...databaseEnv, ...redisEnv, ...httpEnv, ...loggingEnv });
const sound = {
  KAFKA_BROKERS: 'one:9092, two:9092',
  SCHEMA_REGISTRY_URL: 'http://registry:8081/apis/ccompat/v7',
  DATABASE_URL: 'postgres://user:s3cret@db/chorda?sslmode=verify-full',
  REDIS_URL: 'rediss://:s3cret@cache:6379',
};

describe('the environment', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chorda-env-'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read with its defaults: nothing listens beyond loopback', () => {
    expect(readEnv(schema, sound)).toMatchObject({
      KAFKA_BROKERS: ['one:9092', 'two:9092'],
      CHORDA_TOPIC_PREFIX: '',
      CHORDA_LISTEN_HOST: '127.0.0.1',
      PORT: 4600,
      LOG_LEVEL: 'info',
    });
  });

  it('reports every fault at once, and no value', () => {
    const faults = {
      ...sound,
      KAFKA_BROKERS: 'secret-broker',
      DATABASE_URL: 'mysql://user:secret@db',
      REDIS_URL: '',
      PORT: 'secret',
      LOG_LEVEL: 'secret',
      KAFKA_SSL_CA: '/secret/path',
      KAFKA_SASL_MECHANISM: 'plain',
      CHORDA_TOPIC_PREFIX: 'secret/',
    };
    const error = thrownBy(() => readEnv(schema, faults));
    expect(error.issues.map(({ pointer }) => pointer).toSorted()).toEqual([
      'CHORDA_TOPIC_PREFIX',
      'DATABASE_URL',
      'KAFKA_BROKERS',
      'KAFKA_SASL_PASSWORD',
      'KAFKA_SASL_USERNAME',
      'KAFKA_SSL_CA',
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
    ]);
    expect(error.message).not.toContain('secret');
    expect(error.message).toContain('REDIS_URL is missing');
    expect(error.message).toContain('for a file set KAFKA_SSL_CA_FILE');
  });

  it('takes a value from the file that <KEY>_FILE names, without its last line break', () => {
    const path = join(folder, 'url');
    writeFileSync(path, `${sound.DATABASE_URL}\n`);
    const { DATABASE_URL: _, ...rest } = sound;
    expect(readEnv(schema, { ...rest, DATABASE_URL_FILE: path }).DATABASE_URL).toBe(sound.DATABASE_URL);
  });

  it('takes sslmode require and verify-ca for verify-full, whatever pg makes of them one day', () => {
    const read = (query: string) => {
      const DATABASE_URL = `postgres://user:p%2Fw@db/chorda?${query}`;
      return readEnv(schema, { ...sound, DATABASE_URL }).DATABASE_URL.split('?')[1];
    };
    expect(read('sslmode=require&sslrootcert=/ca')).toBe('sslmode=verify-full&sslrootcert=/ca');
    expect(read('sslrootcert=/ca&sslmode=verify-ca')).toBe('sslrootcert=/ca&sslmode=verify-full');
    for (const query of ['sslmode=disable', 'sslmode=no-verify', 'uselibpqcompat=true&sslmode=require']) {
      expect(read(query)).toBe(query);
    }
    expect(() => read('sslmode=prefer')).toThrow(/DATABASE_URL must have sslmode/);
  });

  it('refuses a key that is given twice, and a file that is not there', () => {
    const error = thrownBy(() =>
      readEnv(schema, {
        ...sound,
        DATABASE_URL_FILE: '/x',
        REDIS_URL: undefined,
        REDIS_URL_FILE: join(folder, 'none'),
      }),
    );
    expect(error.issues.map(({ pointer }) => pointer).toSorted()).toEqual(['DATABASE_URL', 'REDIS_URL']);
    expect(error.message).toContain('REDIS_URL_FILE names (ENOENT)');
  });

  it.each(['1', 'x', '70000', '-1', '1.5', '٣'])('takes only whole numbers in bounds as a port: %s', (text) => {
    const read = () => readEnv(schema, { ...sound, PORT: text });
    if (text === '1') expect(read().PORT).toBe(1);
    else expect(read).toThrow(EnvironmentError);
  });

  it('makes a Kafka connection: plain, TLS, SASL', () => {
    const connect = (more: Record<string, string>) => kafkaConnection(readEnv(schema, { ...sound, ...more }), 'me');
    expect(connect({})).toEqual({ brokers: ['one:9092', 'two:9092'], topicPrefix: '', clientId: 'me' });
    expect(connect({ KAFKA_SSL: 'true' }).ssl).toEqual({});
    expect(connect({ KAFKA_SSL_CA: '-----BEGIN CERTIFICATE-----\\nx' }).ssl).toEqual({
      caPem: '-----BEGIN CERTIFICATE-----\nx',
    });
    const user = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
    expect(connect({ ...user, KAFKA_SASL_MECHANISM: 'scram-sha-256' }).sasl).toEqual({
      mechanism: 'scram-sha-256',
      username: 'u',
      password: 'p',
    });
    const oauth = { ...user, KAFKA_SASL_MECHANISM: 'oauthbearer' };
    expect(() => connect(oauth)).toThrow(/CHORDA_KAFKA_TOKEN_URL is needed/);
    expect(connect({ ...oauth, CHORDA_KAFKA_TOKEN_URL: 'https://idp/token' }).sasl?.mechanism).toBe('oauthbearer');
  });
});

function thrownBy(read: () => unknown): EnvironmentError {
  try {
    read();
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
  }
  throw new Error('Nothing was refused');
}

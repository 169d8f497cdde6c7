import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askServer, kafkaConnection, kafkaEnv, readEnv } from '@chorda/platform';
import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createKafkaDriver } from './kafka-driver.js';

const secret = 'canary-of-the-client';
let stack: TestStack;
let endpoint: Server;
let asked = 0;
let lifeSeconds = 3600;
let status = 200;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as Kafka's own unsecured validator takes it: subject and expiry, no signature. */
function unsecuredToken(): string {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  return `${part({ alg: 'none' })}.${part({ sub: 'chorda', iat: nowSeconds - 100, exp: nowSeconds + lifeSeconds })}.`;
}

beforeAll(async () => {
  stack = await startStack({ servers: ['kafka'], kafkaSasl: true });
  endpoint = createServer((_request, response) => {
    asked += 1;
    response.writeHead(status).end(JSON.stringify({ access_token: unsecuredToken(), expires_in: 3600 }));
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  endpoint?.close();
  await stack?.stop();
});

function driver() {
  const env = readEnv(z.object(kafkaEnv), {
    KAFKA_BROKERS: stack.kafkaSasl().brokers,
    KAFKA_SSL_CA: stack.kafkaSasl().caPem,
    KAFKA_SASL_MECHANISM: 'oauthbearer',
    KAFKA_SASL_USERNAME: 'chorda',
    KAFKA_SASL_PASSWORD: secret,
    CHORDA_KAFKA_TOKEN_URL: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`,
  });
  return createKafkaDriver(kafkaConnection(env, 'spec'));
}

async function failureOf(work: () => Promise<unknown>): Promise<string> {
  const error: unknown = await askServer('kafka', work).catch((thrown: unknown) => thrown);
  return error instanceof Error ? error.message : 'no error';
}

describe('a Kafka that asks for OAUTHBEARER', () => {
  it('lets in by a token that the endpoint gave, which every connection shares', async () => {
    const kafka = driver();
    const admin = await kafka.admin();
    await admin.createTopics([{ name: 'signed-in', partitions: 1, replicationFactor: 1, config: {} }]);
    const producer = await kafka.createProducer();
    const key = Buffer.from('a');
    expect(await producer.send({ topic: 'signed-in', key, value: key, headers: {} })).toMatchObject({ offset: 0n });
    await kafka.close();
    expect(asked).toBe(1);
  });

  it('refuses a token whose time is over: the settings are named, the secret is not', async () => {
    lifeSeconds = -60;
    const kafka = driver();
    const said = await failureOf(() => kafka.admin());
    await kafka.close();
    expect(said).toMatch(/Kafka \(KAFKA_BROKERS\) refused the credentials: check KAFKA_SASL_MECHANISM/);
    expect(said).not.toContain(secret);
  });

  it('is not reached where the endpoint gives no token', async () => {
    status = 401;
    const kafka = driver();
    const said = await failureOf(() => kafka.admin());
    await kafka.close();
    expect(said).toMatch(/the token endpoint answered 401: check CHORDA_KAFKA_TOKEN_URL/);
    expect(said).not.toContain(secret);
  });
});

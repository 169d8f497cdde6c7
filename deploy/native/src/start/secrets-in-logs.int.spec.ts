import { Writable } from 'node:stream';
import { newId } from '@chorda/kernel';
import { createAppHost } from '@chorda/platform';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { startBackbone, type Backbone } from './backbone.fixture.spec.js';
import { loadApps } from './running-apps.js';

const payloadCanary = 'canary-payload-of-a-person';
const wrongKey = `chd_${'c'.repeat(16)}_${'Canary7'.repeat(6)}`;
const registryPassword = 'canary-registry-password';
const otherPassword = 'canary-other-password';

/** Everything that was logged, and everything that went past the logger. */
let output = '';
const destination = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    output += chunk.toString();
    done();
  },
});
let backbone: Backbone;
let secrets: readonly string[];

beforeAll(async () => {
  watchProcessOutput();
  backbone = await startBackbone(inject('stack'), {
    logDestination: destination,
    logLevel: 'debug',
    env: { SCHEMA_REGISTRY_USERNAME: 'spec', SCHEMA_REGISTRY_PASSWORD: registryPassword },
  });
  secrets = [
    backbone.apiKey,
    wrongKey,
    payloadCanary,
    registryPassword,
    otherPassword,
    new URL(backbone.databaseUrl).password,
    new URL(inject('stack').redisUrl).password,
  ];
});

afterAll(async () => {
  await backbone?.stop();
  vi.restoreAllMocks();
});

/** What an app or a library prints past the logger counts too. */
function watchProcessOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    vi.spyOn(stream, 'write').mockImplementation((chunk: string | Uint8Array, ...rest) => {
      output += String(chunk);
      return write(chunk, ...(rest as []));
    });
  }
}

function expectNoSecret(): void {
  expect(secrets.every((secret) => secret.length >= 8)).toBe(true);
  for (const secret of secrets) {
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), secret.slice(-16)];
    for (const form of forms) expect(output.includes(form), `a secret of ${secret.length} characters`).toBe(false);
  }
}

function request(path: string, init: { key?: string; body?: string; type?: string } = {}): Promise<Response> {
  const { key = backbone.apiKey, body, type = 'application/cloudevents+json' } = init;
  return fetch(backbone.url + path, {
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
}

const event = {
  specversion: '1.0',
  source: 'urn:spec',
  type: 'agent.executed',
  data: {
    agent_id: newId(),
    execution_id: newId(),
    input_data: payloadCanary,
    output_data: payloadCanary,
    execution_time_ms: 1,
    status: 'completed',
  },
};

async function untilLogged(pattern: RegExp): Promise<void> {
  const endMs = Date.now() + 50_000;
  while (!pattern.test(output)) {
    if (Date.now() > endMs) throw new Error(`Nothing that matches ${pattern} was logged`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** An app either says why it does not start, or starts and says why it is not ready. */
async function tryToStart(env: Readonly<Record<string, string>>): Promise<void> {
  for (const { name, start } of await loadApps()) {
    const host = createAppHost({ name, sharesProcess: true, logDestination: destination, logLevel: 'debug' });
    try {
      const app = await start(env, host);
      const reasons = await app.notReady();
      await app.stop();
      expect(reasons).not.toEqual([]);
      output += reasons.join('\n');
    } catch (error) {
      host.logger.error('Could not start', { error });
      // What a process prints of an error that nobody caught is not cleaned by anybody.
      output += error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    }
  }
}

describe('logs hold no secret and no payload', { timeout: 180_000 }, () => {
  it('of requests that are answered, refused, or cannot be read', async () => {
    const good = await request('/v1/events?ack=projected', { body: JSON.stringify({ ...event, id: newId() }) });
    expect(good.status).toBe(201);
    const answers = await Promise.all([
      request('/v1/system', { key: wrongKey }),
      request(`/v1/events?api_key=${backbone.apiKey}`),
      request(`/v1/events/${backbone.apiKey}`),
      request(`/v1/${wrongKey}`),
      request('/v1/events', { body: JSON.stringify({ ...event, data: { [payloadCanary]: payloadCanary } }) }),
      request('/v1/events', { body: `{"password":"${payloadCanary}` }),
      request('/v1/events', { body: payloadCanary, type: 'text/plain' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 400, 404, 404, 422, 400, 415]);
    expectNoSecret();
  });

  it('of a database that throws its clients out and lets none in', async () => {
    const name = new URL(backbone.databaseUrl).pathname.slice(1);
    const admin = new pg.Client({ connectionString: inject('stack').databaseUrl });
    await admin.connect();
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    const { rowCount } = await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [name],
    );
    expect(rowCount).toBeGreaterThan(0);
    const answers = await Promise.all([
      request('/v1/events', { body: JSON.stringify({ ...event, id: newId() }) }),
      request('/v1/system'),
    ]);
    expect(answers.some(({ status }) => status >= 500)).toBe(true);
    await untilLogged(/not currently accepting connections|terminating connection/);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await admin.end();
    expectNoSecret();
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = otherPassword)],
    ['a database that is not there', (url: URL) => (url.port = '1')],
  ])('of apps that start with %s', async (_name, change) => {
    const url = new URL(backbone.databaseUrl);
    change(url);
    await tryToStart({ ...backbone.env, DATABASE_URL: url.toString() });
    expectNoSecret();
  });

  it('of apps that start with a registry that is not there', async () => {
    const registryUrl = `http://u:${otherPassword}@127.0.0.1:1/apis/ccompat/v7`;
    await tryToStart({ ...backbone.env, SCHEMA_REGISTRY_URL: registryUrl });
    expectNoSecret();
  });

  it('of settings that are wrong', async () => {
    const env = {
      ...backbone.env,
      DATABASE_URL: otherPassword,
      REDIS_URL: otherPassword,
      KAFKA_BROKERS: otherPassword,
    };
    const before = output.length;
    await tryToStart(env);
    expect(output.slice(before)).toMatch(/DATABASE_URL/);
    expectNoSecret();
  });
});

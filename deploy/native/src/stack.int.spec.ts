import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerSchemas, checkSchemas } from '@chorda/contracts';
import { createKafkaDriver } from '@chorda/messaging';
import { startStack } from '@chorda/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DiskFullError, PortTakenError } from './errors.js';
import { freePorts } from './machine/ports.js';
import { identify, isAlive } from './machine/process-identity.js';
import { assertMachine, checkMachine } from './preflight.js';
import { stopOrphan } from './servers/orphans.js';
import { readSettings } from './settings.js';
import {
  prepareStack,
  serversOf,
  startStackServers,
  stopStackServers,
  type ServerName,
  type StackPorts,
} from './stack.js';

let ports: StackPorts;
const homes: string[] = [];

function freshHome(mode = 0o755): string {
  const home = mkdtempSync(join(tmpdir(), 'chorda-native-'));
  chmodSync(home, mode);
  homes.push(home);
  return home;
}

/** A port of somebody else: the system chooses it, so that nothing can be faster. */
async function takenPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => other.close() };
}

function stackAt(home: string, servers: readonly ServerName[], own: Partial<StackPorts> = {}) {
  return prepareStack({
    home,
    ports: { ...ports, ...own },
    servers,
    env: process.env,
    progress: () => undefined,
    kafkaHeapMib: 384,
  });
}

beforeAll(async () => {
  const [kafka, kafkaController, registry, registryManagement, postgres, redis] = (await freePorts(6)) as number[];
  ports = { kafka, kafkaController, registry, registryManagement, postgres, redis } as StackPorts;
});

// Whatever a failed test left: found by the pid files, as a later start would.
afterAll(async () => {
  for (const home of homes) {
    for (const name of ['registry', 'kafka', 'postgres', 'redis'])
      await stopOrphan(join(home, 'run', `${name}.pid`), 0);
    rmSync(home, { recursive: true, force: true });
  }
});

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('a second start', () => {
  const home = freshHome();
  let first: Awaited<ReturnType<typeof stackAt>>;
  const pidsOf = (servers: typeof first) => serversOf(servers).map((server) => server.pid);

  it('reads what was written before the first one stopped', { timeout: 180_000 }, async () => {
    first = await stackAt(home, ['kafka', 'registry', 'postgres', 'redis']);
    await startStackServers(first, () => undefined);
    const kafka = { brokers: [first.kafka?.brokers ?? ''], topicPrefix: '', clientId: 'spec' };
    const registryUrl = first.registry?.url ?? '';
    await writeRecord(kafka);
    const ids = await registerSchemas({ registryUrl });
    await query(first.postgres?.url ?? '', 'create table kept as select 42 as answer');

    await stopStackServers(first);
    expect(serversOf(first).some((server) => server.isRunning)).toBe(false);
    await startStackServers(first, () => undefined);

    expect(await endOffset(kafka)).toBe(1n);
    expect((await checkSchemas({ registryUrl })).map(({ id }) => id)).toEqual(ids.map(({ id }) => id));
    expect(await query(first.postgres?.url ?? '', 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('takes over servers whose supervisor was killed', { timeout: 60_000 }, async () => {
    const second = await stackAt(home, ['kafka', 'registry', 'postgres', 'redis']);
    const said: string[] = [];
    await startStackServers(second, (line) => said.push(line));
    expect(pidsOf(second)).toEqual(pidsOf(first));
    expect(said).toHaveLength(4);
    expect(said).toContain(`kafka: found running (process ${first.kafka?.pid}), taken over`);
    await stopStackServers(second);
    expect(serversOf(second).map((server) => server.pid)).toEqual([undefined, undefined, undefined, undefined]);
  });

  async function writeRecord(kafka: Parameters<typeof createKafkaDriver>[0]): Promise<void> {
    const driver = createKafkaDriver(kafka);
    const admin = await driver.admin();
    await admin.createTopics([{ name: 'kept', partitions: 1, replicationFactor: 1, config: {} }]);
    const producer = await driver.createProducer();
    await producer.send({ topic: 'kept', key: Buffer.from('a'), value: Buffer.from('b'), headers: {} });
    await driver.close();
  }

  async function endOffset(kafka: Parameters<typeof createKafkaDriver>[0]): Promise<bigint | undefined> {
    const driver = createKafkaDriver(kafka);
    const [offsets] = await (await driver.admin()).offsets('kept');
    await driver.close();
    return offsets?.end;
  }
});

describe('a pid file', () => {
  it('that names a process of somebody else leads to no signal for it', async () => {
    const home = freshHome();
    const stranger = spawn('sleep', ['120']);
    const identity = identify(stranger.pid ?? 0);
    mkdirSync(join(home, 'run'));
    const pidFile = join(home, 'run', 'redis.pid');
    // The same pid, started at another time: what a reboot or a wrapped pid counter leaves.
    writeFileSync(pidFile, JSON.stringify({ ...identity, startedAt: `${identity?.startedAt}0` }));

    const stack = await stackAt(home, ['redis']);
    await startStackServers(stack, () => undefined);
    expect(stack.redis?.pid).not.toBe(stranger.pid);
    await stopStackServers(stack);
    writeFileSync(pidFile, JSON.stringify({ ...identity, startedAt: 'another boot' }));
    expect(await stopOrphan(pidFile)).toBe(false);

    expect(identity !== undefined && isAlive(identity)).toBe(true);
    stranger.kill('SIGKILL');
  });

  it('that was cut off is as good as none', async () => {
    const home = freshHome();
    mkdirSync(join(home, 'run'));
    writeFileSync(join(home, 'run', 'redis.pid'), '{"pid": 1, "sta');
    const stack = await stackAt(home, ['redis']);
    await startStackServers(stack, () => undefined);
    expect(JSON.parse(readFileSync(join(home, 'run', 'redis.pid'), 'utf8'))).toMatchObject({ pid: stack.redis?.pid });
    await stopStackServers(stack);
  });
});

describe('a server of the stack', () => {
  it('can be killed, and is found with its data at the same address when it is started again', async () => {
    const stack = await stackAt(freshHome(), ['postgres']);
    await startStackServers(stack, () => undefined);
    const { postgres } = stack;
    if (postgres === undefined) throw new Error('no postgres');
    await query(postgres.url, 'create table kept as select 1 as one');
    await postgres.kill();
    await expect(query(postgres.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await postgres.start();
    expect(await query(postgres.url, 'select one from kept')).toEqual([{ one: 1 }]);
    await stopStackServers(stack);
  });

  it('answers nothing while it is paused, and everything after', async () => {
    const stack = await stackAt(freshHome(), ['postgres']);
    await startStackServers(stack, () => undefined);
    const { postgres } = stack;
    if (postgres === undefined) throw new Error('no postgres');
    postgres.pause();
    let answered = false;
    const asking = query(postgres.url, 'select 1 as one').then((rows) => {
      answered = true;
      return rows;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(answered).toBe(false);
    postgres.resume();
    expect(await asking).toEqual([{ one: 1 }]);
    await stopStackServers(stack);
  });

  it('that cannot start says so with the end of its log', async () => {
    const { port, close } = await takenPort();
    onTestFinished(close);
    const stack = await stackAt(freshHome(), ['redis'], { redis: port });
    await expect(startStackServers(stack, () => undefined)).rejects.toThrow(/Redis ended.*Its log is.*in use/s);
  });

  it('that is Postgres runs also below a folder that no other user can enter', async () => {
    const stack = await stackAt(freshHome(0o700), ['postgres']);
    await startStackServers(stack, () => undefined);
    expect(await query(stack.postgres?.url ?? '', 'select 1 as one')).toEqual([{ one: 1 }]);
    await stopStackServers(stack);
  });
});

describe('a Kafka that asks for TLS and a password', () => {
  it(
    'takes a client that has both, refuses one that has not, and keeps the schemas of our registry',
    { timeout: 180_000 },
    async () => {
      const stack = await startStack({ servers: ['kafka'], kafkaSasl: true });
      const { brokers, mechanism, username, password, caPem } = stack.kafkaSasl();
      const ssl = { caPem };
      const sasl = { mechanism, username, password };
      const trusted = { brokers: [brokers], topicPrefix: '', clientId: 'spec', ssl, sasl };
      const registry = await startStack({ servers: ['registry'], registryKafka: { brokers: [brokers], ssl, sasl } });
      const response = await fetch(`${registry.registryUrl}/subjects/kept/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ schema: '"string"' }),
      });
      expect(response.status).toBe(200);
      const driver = createKafkaDriver(trusted);
      expect(await (await driver.admin()).listTopics()).toContain('kafkasql-journal');
      await driver.close();

      const stranger = createKafkaDriver({ ...trusted, sasl: { ...sasl, password: 'guessed' } });
      await expect(stranger.admin().then((admin) => admin.listTopics())).rejects.toThrow(/refused the credentials/);
      await stranger.close();
      await registry.stop();
      await stack.stop();
    },
  );
});

describe('the machine is checked before anything starts', () => {
  const options = { env: process.env, progress: () => undefined };
  const environment = (redis = ports.redis) => ({
    ...process.env,
    CHORDA_HOME: freshHome(),
    PORT: String(ports.kafka),
    METRICS_PORT: String(ports.registry),
    CHORDA_REDIS_PORT: String(redis),
    KAFKA_BROKERS: 'a:1',
    SCHEMA_REGISTRY_URL: 'http://a',
    DATABASE_URL: 'postgres://a',
    VLLM_URLS: 'http://a',
  });

  it('a taken port: which, by whom, and the setting that moves it', async () => {
    const { port, close } = await takenPort();
    onTestFinished(close);
    const asserting = assertMachine(readSettings(environment(port)), options);
    await expect(asserting).rejects.toThrow(PortTakenError);
    const message = new RegExp(
      `Port ${port}, wanted for Redis, is taken by process ${process.pid} .*CHORDA_REDIS_PORT`,
    );
    await expect(asserting).rejects.toThrow(message);
  });

  it('a full disk: how much is free, how much is needed, and the setting that moves the folder', async () => {
    const freeBytes = () => Promise.resolve(300 * 1024 * 1024);
    const asserting = assertMachine(readSettings(environment()), { ...options, freeBytes });
    await expect(asserting).rejects.toThrow(DiskFullError);
    await expect(asserting).rejects.toThrow(/300 MiB free and 1024 MiB are needed.*CHORDA_HOME/);
  });

  it('tells a doctor all of it at once', async () => {
    const { port, close } = await takenPort();
    onTestFinished(close);
    const env = environment(port);
    const checks = await checkMachine(readSettings(env), env, { freeBytes: () => Promise.resolve(1) });
    const broken = checks.filter(({ state }) => state === 'broken');
    expect(broken.map(({ name }) => name)).toEqual(['disk', `port ${port}`]);
    for (const { fix } of broken) expect(fix).toMatch(/CHORDA_/);
  });
});

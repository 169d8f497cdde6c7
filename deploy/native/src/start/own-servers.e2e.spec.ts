import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChordaClient } from '@chorda/client';
import { newId } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { freshTopicPrefix, selfSignedCertificate, startStack, type TestStack } from '@chorda/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../machine/ports.js';

type Environment = Readonly<Record<string, string>>;

const clone = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'chorda-own-servers-'));
const wrong = 'canary-wrong-password';
const registryPassword = 'canary-registry-password';
const rolePassword = 'canary/role@password';
const readyMsMax = 120_000;
/** Loading the programs on a busy machine, and no more than 12 s for a server that says nothing. */
const refusedMsMax = 90_000;

let stack: TestStack;
let registry: TlsServer;
let silent: Server;
let registryCaPem: string;
let registryUrl: string;
let silentPort: number;
const answered = { served: 0, refused: 0 };
/** What somebody sets who has all servers, each with TLS or a password, the secrets in files. */
let own: Environment;
let secrets: readonly string[];

beforeAll(async () => {
  stack = await startStack({ kafkaSasl: true });
  await startRegistryWithTls();
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  silentPort = (silent.address() as AddressInfo).port;
  const kafka = stack.kafkaSasl();
  const databaseUrl = await ownDatabase();
  secrets = [kafka.password, registryPassword, rolePassword, new URL(stack.redisUrl).password, wrong];
  own = {
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_SSL_CA_FILE: file('kafka-ca', kafka.caPem),
    KAFKA_SASL_MECHANISM: kafka.mechanism,
    KAFKA_SASL_USERNAME: kafka.username,
    KAFKA_SASL_PASSWORD_FILE: file('kafka-password', `${kafka.password}\n`),
    SCHEMA_REGISTRY_URL: registryUrl,
    SCHEMA_REGISTRY_USERNAME: 'chorda',
    SCHEMA_REGISTRY_PASSWORD_FILE: file('registry-password', registryPassword),
    SCHEMA_REGISTRY_CA_FILE: file('registry-ca', registryCaPem),
    DATABASE_URL_FILE: file('database-url', databaseUrl),
    REDIS_URL_FILE: file('redis-url', stack.redisUrl),
    CHORDA_TOPIC_PREFIX: freshTopicPrefix(),
  };
}, 180_000);

afterAll(async () => {
  registry?.close();
  silent?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** In a folder of its own: specs run side by side. */
function file(name: string, content: string): string {
  const path = join(mkdtempSync(join(folder, 'file-')), name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** The registry of the stack behind TLS and basic authentication, as a hosted one is. */
async function startRegistryWithTls(): Promise<void> {
  const { certPem, keyPem } = selfSignedCertificate();
  const wanted = `Basic ${Buffer.from(`chorda:${registryPassword}`).toString('base64')}`;
  const upstream = new URL(stack.registryUrl);
  registry = createTlsServer({ cert: certPem, key: keyPem }, (incoming, outgoing) => {
    if (incoming.headers.authorization !== wanted) {
      answered.refused += 1;
      outgoing.writeHead(401).end('<html>Who are you?</html>');
      return;
    }
    answered.served += 1;
    const { authorization: _, ...headers } = incoming.headers;
    const onward = httpRequest(
      { host: upstream.hostname, port: upstream.port, path: incoming.url, method: incoming.method, headers },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  registryCaPem = certPem;
  registryUrl = `https://localhost:${(registry.address() as AddressInfo).port}${upstream.pathname}`;
}

/** A database of its own and a role that owns it and is no superuser, as the guide asks for. */
async function ownDatabase(): Promise<string> {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  await client.query(`CREATE ROLE chorda LOGIN CREATEROLE PASSWORD '${rolePassword}'`);
  await client.query('CREATE DATABASE chorda OWNER chorda');
  await client.end();
  const url = new URL(stack.databaseUrl);
  url.username = 'chorda';
  url.password = encodeURIComponent(rolePassword);
  url.pathname = '/chorda';
  return url.toString();
}

/** The built start with nothing but these settings, in a home of its own. */
class Start {
  output = '';
  readonly home: string;
  private readonly process;
  private readonly exited: Promise<number | null>;
  private readonly startedMs = Date.now();

  private constructor(readonly env: Environment) {
    this.home = env['CHORDA_HOME'] ?? '';
    const entry = join(clone, 'deploy', 'native', 'dist', 'start', 'main.js');
    this.process = spawn(process.execPath, [entry], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (data: Buffer) => (this.output += data.toString('utf8')));
    }
    this.exited = once(this.process, 'close').then(([code]) => code as number | null);
  }

  static async with(settings: Environment): Promise<Start> {
    const home = mkdtempSync(join(folder, 'home-'));
    mkdirSync(join(home, 'run'));
    const [gateway, metrics, registryPort, management, postgres, redis, simulator] = (await freePorts(7)).map(String);
    return new Start({
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      ...(process.env['CHORDA_CACHE_DIR'] && { CHORDA_CACHE_DIR: process.env['CHORDA_CACHE_DIR'] }),
      CHORDA_HOME: home,
      PORT: gateway ?? '',
      METRICS_PORT: metrics ?? '',
      CHORDA_REGISTRY_PORT: registryPort ?? '',
      CHORDA_REGISTRY_MANAGEMENT_PORT: management ?? '',
      CHORDA_POSTGRES_PORT: postgres ?? '',
      CHORDA_REDIS_PORT: redis ?? '',
      CHORDA_SIMULATOR_PORT: simulator ?? '',
      ...settings,
    });
  }

  async ready(): Promise<void> {
    while (!this.output.includes('Ready after')) {
      const over = this.process.exitCode !== null || Date.now() > this.startedMs + readyMsMax;
      if (over) throw new Error(`Not ready:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async ended(): Promise<{ readonly code: number | null; readonly tookMs: number }> {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), refusedMsMax * 2);
    const code = await this.exited;
    clearTimeout(timer);
    return { code, tookMs: Date.now() - this.startedMs };
  }

  async stop(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return (await this.ended()).code;
  }

  /** Servers that this start runs itself. */
  get embedded(): readonly string[] {
    return readdirSync(join(this.home, 'run'))
      .filter((name) => name.endsWith('.pid'))
      .map((name) => name.replace('.pid', ''))
      .toSorted();
  }

  /** Every process that has our home in its environment, or writes to a log there. */
  get processes(): readonly number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`CHORDA_HOME=${this.home}\0`);
        } catch {
          return false; // Ended meanwhile.
        }
      });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get client(): ChordaClient {
    const stackFile = JSON.parse(readFileSync(join(this.home, 'run', 'stack.json'), 'utf8')) as Record<string, string>;
    const { gatewayUrl: url = '', apiKey = '' } = stackFile;
    return new ChordaClient({ url, apiKey, source: 'urn:spec' });
  }

  get logs(): string {
    const logs = join(this.home, 'logs');
    if (!existsSync(logs)) return '';
    return readdirSync(logs)
      .map((name) => readFileSync(join(logs, name), 'utf8'))
      .join('\n');
  }
}

interface Examined {
  readonly healthy: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly state: string;
    readonly detail: string;
    readonly fix?: string;
  }[];
}

/** `chorda doctor` with that environment. */
async function doctor(env: Environment): Promise<Examined & { readonly printed: string }> {
  const entry = join(clone, 'apps', 'cli', 'dist', 'main.js');
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    // It ends with 1 where something is broken, which is no fault of this call.
    const options = { env, cwd: folder, timeout: 60_000 };
    execFile(process.execPath, [entry, 'doctor', '--json'], options, (_error, out, err) =>
      resolve({ stdout: out, stderr: err }),
    );
  });
  return { ...(JSON.parse(stdout) as Examined), printed: stdout + stderr };
}

function expectNoSecret(text: string): void {
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      expect(text.includes(form), `a secret of ${secret.length} characters in:\n${text}`).toBe(false);
    }
  }
}

/** In by HTTP, out by id, and out of a tail that was open before. */
async function expectEventGoesThrough(client: ChordaClient): Promise<void> {
  const id = newId();
  const stop = AbortSignal.timeout(30_000);
  let opened: () => void = () => undefined;
  const open = new Promise<void>((resolve) => (opened = resolve));
  const seen = (async () => {
    const messages = client.tail({
      types: ['agent.executed'],
      signal: stop,
      onConnection: (state) => state === 'open' && opened(),
    });
    for await (const message of messages) if (message.kind === 'event' && message.event.id === id) return true;
    return false;
  })();
  await open;
  const data = { agent_id: newId(), execution_id: newId(), input_data: 1, output_data: 2, execution_time_ms: 3 };
  const { position } = await client.events.send({ id, type: 'agent.executed', data: { ...data, status: 'completed' } });
  expect(await client.events.get(id, { minPosition: position, waitMs: 20_000 })).toMatchObject({ id, data });
  expect(await seen).toBe(true);
}

describe('a start with servers of the user, all of them', () => {
  let start: Start;

  beforeAll(async () => {
    start = await Start.with(own);
    await start.ready();
  }, readyMsMax + 10_000);

  afterAll(async () => {
    await start?.stop();
  });

  it('starts no server of ours', () => {
    expect(start.embedded).toEqual([]);
    expect(start.processes).toEqual([start.pid]);
  });

  it('uses each of them: an event goes in by HTTP and comes out by id and out of the tail', async () => {
    await expectEventGoesThrough(start.client);
    expect(answered.served).toBeGreaterThan(0);
    expect(answered.refused).toBe(0);
  });

  it('has its topics under the prefix on the Kafka that was given', async () => {
    const { brokers, mechanism, username, password, caPem } = stack.kafkaSasl();
    const sasl = { mechanism, username, password };
    const driver = createKafkaDriver({ brokers: [brokers], topicPrefix: '', clientId: 'spec', ssl: { caPem }, sasl });
    const names = await (await driver.admin()).listTopics();
    await driver.close();
    const prefix = own['CHORDA_TOPIC_PREFIX'] ?? '';
    expect(names).toContain(`${prefix}agent.events`);
    expect(names.filter((name) => !/^(__|kafkasql-|registry-)/.test(name) && !name.startsWith(prefix))).toEqual([]);
  });

  it('is found well by chorda doctor with the same environment', { timeout: 90_000 }, async () => {
    const { healthy, checks, printed } = await doctor(start.env);
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(healthy).toBe(true);
    for (const name of ['kafka', 'registry', 'postgres', 'redis', 'probe: in the journal']) {
      expect(checks.map((check) => check.name)).toContain(name);
    }
    expectNoSecret(printed);
  });

  it('prints no secret and logs none, and ends well', async () => {
    expect(start.output).toMatch(/^postgres postgres:\/\/chorda:\*\*\*@/m);
    // A connection that a client opened ahead and never used keeps nobody waiting.
    const unused = connect(Number(start.env['PORT']), '127.0.0.1');
    await once(unused, 'connect');
    expect(await start.stop()).toBe(0);
    expect(start.output).not.toMatch(/did not drain|fault/);
    expectNoSecret(start.output + start.logs);
  });
});

describe('a start with a Kafka of the user alone', () => {
  it('runs the other servers itself, and keeps its schemas in that Kafka', { timeout: readyMsMax * 2 }, async () => {
    const kafka = Object.fromEntries(Object.entries(own).filter(([name]) => name.startsWith('KAFKA_')));
    const start = await Start.with({ ...kafka, CHORDA_TOPIC_PREFIX: freshTopicPrefix() });
    await start.ready();
    expect(start.embedded).toEqual(['postgres', 'redis', 'registry']);
    await expectEventGoesThrough(start.client);
    expect(await start.stop()).toBe(0);
    expect(start.output).not.toMatch(/did not drain|fault/);
    expectNoSecret(start.output + start.logs);
  });
});

/** What is changed, and the one thing that is then said. */
const faults: readonly (readonly [what: string, change: () => Environment, said: RegExp])[] = [
  [
    'a wrong password for Kafka',
    () => ({ KAFKA_SASL_PASSWORD_FILE: file('wrong', wrong) }),
    /Kafka \(KAFKA_BROKERS\) refused the credentials: check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/g,
  ],
  [
    'a Kafka whose certificate nobody vouches for',
    () => ({ KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '' }),
    /Kafka \(KAFKA_BROKERS\) has a certificate that is not trusted .* KAFKA_SSL_CA/g,
  ],
  [
    'a Kafka that is not there',
    () => ({ KAFKA_BROKERS: '127.0.0.1:1' }),
    /Kafka \(KAFKA_BROKERS\) cannot be reached: ECONNREFUSED/g,
  ],
  [
    'a Kafka whose name nobody knows',
    () => ({ KAFKA_BROKERS: 'kafka.invalid:9092' }),
    /Kafka \(KAFKA_BROKERS\) cannot be reached: (ENOTFOUND|EAI_AGAIN) kafka\.invalid/g,
  ],
  [
    'a Kafka that says nothing',
    () => ({ KAFKA_BROKERS: `127.0.0.1:${silentPort}` }),
    /Kafka \(KAFKA_BROKERS\) cannot be reached: no answer/g,
  ],
  [
    'a wrong password for the registry',
    () => ({ SCHEMA_REGISTRY_PASSWORD_FILE: file('wrong', wrong) }),
    /The schema registry \(SCHEMA_REGISTRY_URL\) refused the credentials: check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD/g,
  ],
  [
    'a registry whose certificate nobody vouches for',
    () => ({ SCHEMA_REGISTRY_CA_FILE: '' }),
    /The schema registry \(SCHEMA_REGISTRY_URL\) has a certificate that is not trusted .* SCHEMA_REGISTRY_CA/g,
  ],
  [
    'a registry that is not there',
    () => ({ SCHEMA_REGISTRY_URL: 'https://127.0.0.1:1/apis' }),
    /The schema registry \(SCHEMA_REGISTRY_URL\) cannot be reached: ECONNREFUSED/g,
  ],
  [
    'a registry that says nothing',
    () => ({ SCHEMA_REGISTRY_URL: `http://127.0.0.1:${silentPort}` }),
    /The schema registry \(SCHEMA_REGISTRY_URL\) cannot be reached: /g,
  ],
  [
    'a wrong password for Postgres',
    () => ({
      DATABASE_URL_FILE: file('wrong', `postgres://chorda:${wrong}@${new URL(stack.databaseUrl).host}/chorda`),
    }),
    /Postgres \(DATABASE_URL\) refused the credentials: check user and password in DATABASE_URL/g,
  ],
  [
    'a Postgres that is not there',
    () => ({ DATABASE_URL_FILE: file('wrong', `postgres://chorda:${wrong}@127.0.0.1:1/chorda`) }),
    /Postgres \(DATABASE_URL\) cannot be reached: ECONNREFUSED/g,
  ],
  [
    'a Postgres that says nothing',
    () => ({ DATABASE_URL_FILE: file('wrong', `postgres://chorda:${wrong}@127.0.0.1:${silentPort}/chorda`) }),
    /Postgres \(DATABASE_URL\) cannot be reached: /g,
  ],
  [
    'a Postgres without TLS, where TLS is asked for',
    () => ({ DATABASE_URL_FILE: file('wrong', `${stack.databaseUrl}?sslmode=require`) }),
    /Postgres \(DATABASE_URL\) does not speak TLS as it is asked to/g,
  ],
];

// Most of their time is waiting for a server that says nothing: they wait side by side.
describe('a server of the user that cannot be used', () => {
  it.concurrent.each(faults)(
    '%s: a start says so once, in time, and starts nothing',
    { timeout: refusedMsMax * 3 },
    async (_what, change, said) => {
      const start = await Start.with({ ...own, ...change() });
      const { code, tookMs } = await start.ended();
      expect(code, start.output).toBe(1);
      expect(start.output.match(said), start.output).toHaveLength(1);
      expect(start.output).not.toMatch(/^\s+at /m);
      expect(start.output.trim().split('\n')).toHaveLength(1);
      expect(tookMs).toBeLessThan(refusedMsMax);
      expect(start.embedded).toEqual([]);
      expectNoSecret(start.output + start.logs);
    },
  );

  it.concurrent.each(faults)('%s: chorda doctor says so', { timeout: 120_000 }, async (_what, change, said) => {
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      CHORDA_HOME: folder,
      CHORDA_URL: 'http://127.0.0.1:1',
    };
    const { checks, printed } = await doctor({ ...env, ...own, ...change() });
    const found = checks.filter(({ state, detail }) => state === 'broken' && new RegExp(said.source).test(detail));
    expect(found, printed).toHaveLength(1);
    expectNoSecret(printed);
  });

  it('several of them: all are named at once', { timeout: refusedMsMax * 3 }, async () => {
    const start = await Start.with({ ...own, KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_CA_FILE: '' });
    expect((await start.ended()).code).toBe(1);
    expect(start.output).toMatch(/KAFKA_BROKERS\) cannot be reached/);
    expect(start.output).toMatch(/SCHEMA_REGISTRY_URL\) has a certificate that is not trusted/);
  });

  it('settings of a Kafka that is not given are refused by name', async () => {
    const start = await Start.with({
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'me',
      KAFKA_SASL_PASSWORD: wrong,
    });
    expect((await start.ended()).code).toBe(1);
    expect(start.output).toMatch(/KAFKA_SASL_PASSWORD is given without KAFKA_BROKERS/);
    expectNoSecret(start.output);
  });
});

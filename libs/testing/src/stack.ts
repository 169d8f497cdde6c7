import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePorts,
  prepareStack,
  Reaper,
  type RegistryKafka,
  startStackServers,
  stopStackServers,
  type SaslAccess,
  type Server,
  type ServerName,
  type StackServers,
} from '@chorda/native-stack';

/** Where the servers of a run are. Plain values: vitest hands them to its workers. */
export interface StackAddresses {
  /** `HOST:PORT`. */
  readonly kafkaBrokers: string;
  /** `http://HOST:PORT/apis/ccompat/v7`. */
  readonly registryUrl: string;
  /**
   * The same registry, by a door behind which the catalogue's subjects need not be registered for each spec. For those
   * that use schemas and say nothing of them; a stack of a spec's own has none.
   */
  readonly sharedRegistryUrl?: string;
  /** Superuser, database `postgres`. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** A stack of a spec's own, to be killed, paused and restarted at will. */
export interface TestStack extends StackAddresses {
  /** @throws when the stack was started without that server. */
  server(name: ServerName): Server;
  /** The SASL_SSL listener. @throws when the stack was started without `kafkaSasl`. */
  kafkaSasl(): SaslAccess;
  /** Data, logs and pid files; gone after `stop`. */
  readonly home: string;
  stop(): Promise<void>;
}

export interface TestStackOptions {
  /** Left out: all four. An address of a server that was not started is ''. */
  readonly servers?: readonly ServerName[];
  /** Adds a listener with TLS and SCRAM-SHA-512. */
  readonly kafkaSasl?: boolean;
  /** For a registry without a Kafka of its own. */
  readonly registryKafka?: RegistryKafka;
}

const everyServer: readonly ServerName[] = ['kafka', 'registry', 'postgres', 'redis'];

/** Starts servers on free ports with data of their own. They end with this process, whatever ends it. */
export async function startStack(options: TestStackOptions = {}): Promise<TestStack> {
  const home = mkdtempSync(join(tmpdir(), 'chorda-test-'));
  chmodSync(home, 0o755); // Postgres runs as another user where we are root.
  const [kafka, kafkaController, registry, registryManagement, postgres, redis, sasl] = await freePorts(7);
  const reaper = new Reaper(home);
  const servers = await prepareStack({
    home,
    env: process.env,
    progress: (line) => process.stderr.write(`${line}\n`),
    servers: options.servers ?? everyServer,
    ports: {
      kafka: kafka ?? 0,
      kafkaController: kafkaController ?? 0,
      registry: registry ?? 0,
      registryManagement: registryManagement ?? 0,
      postgres: postgres ?? 0,
      redis: redis ?? 0,
    },
    kafkaHeapMib: 512,
    reaper,
    ...(options.kafkaSasl && sasl !== undefined ? { kafkaSaslPort: sasl } : {}),
    ...(options.registryKafka === undefined ? {} : { registryKafka: options.registryKafka }),
  });
  try {
    await startStackServers(servers, () => undefined);
  } catch (error) {
    await reaper.close();
    throw error;
  }
  return describe(servers, home, reaper);
}

function describe(servers: StackServers, home: string, reaper: Reaper): TestStack {
  return {
    home,
    kafkaBrokers: servers.kafka?.brokers ?? '',
    registryUrl: servers.registry?.url ?? '',
    databaseUrl: servers.postgres?.url ?? '',
    redisUrl: servers.redis?.url ?? '',
    server(name) {
      const server = servers[name];
      if (server === undefined) throw new Error(`The stack was started without ${name}`);
      return server;
    },
    kafkaSasl() {
      if (servers.kafka === undefined) throw new Error('The stack was started without kafka');
      return servers.kafka.sasl();
    },
    async stop() {
      await stopStackServers(servers);
      await reaper.close();
    },
  };
}

/** `t<random>.`: before every topic and group of a spec, so that specs share a broker and nothing else. */
export function freshTopicPrefix(): string {
  return `t${randomBytes(5).toString('hex')}.`;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureJava, kafkaJars, redisProgram, registryJar, type ArtifactOptions } from './artifacts/artifacts.js';
import { KafkaServer } from './servers/kafka-server.js';
import { postgresUser } from './servers/postgres-programs.js';
import { PostgresServer } from './servers/postgres-server.js';
import type { Reaper } from './servers/reaper.js';
import { RedisServer } from './servers/redis-server.js';
import type { RegistryKafka } from './servers/registry-kafka.js';
import { RegistryServer } from './servers/registry-server.js';
import type { Server } from './servers/server.js';

export interface StackPorts {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly registry: number;
  readonly registryManagement: number;
  readonly postgres: number;
  readonly redis: number;
}

export type ServerName = Server['name'];

export interface StackOptions extends ArtifactOptions {
  /** Data, logs and pid files. */
  readonly home: string;
  readonly ports: StackPorts;
  readonly servers: readonly ServerName[];
  readonly kafkaHeapMib: number;
  /** Adds a SASL_SSL listener on this port. */
  readonly kafkaSaslPort?: number;
  /** For a registry without the Kafka of this stack. */
  readonly registryKafka?: RegistryKafka;
  /** For a home that is started again and again. */
  readonly keepClasses?: boolean;
  /** Ends the servers when this process is killed. */
  readonly reaper?: Reaper;
}

/** The servers that were asked for. */
export interface StackServers {
  readonly kafka?: KafkaServer;
  readonly registry?: RegistryServer;
  readonly postgres?: PostgresServer;
  readonly redis?: RedisServer;
}

/**
 * Fetches what is missing and describes the servers; none runs yet.
 *
 * @throws {@link MachineError} saying what to do.
 */
export async function prepareStack(options: StackOptions): Promise<StackServers> {
  const { home, env, ports, servers } = options;
  const wants = (name: ServerName) => servers.includes(name);
  for (const folder of [home, join(home, 'run'), join(home, 'logs')]) mkdirSync(folder, { recursive: true });
  const keepClasses = options.keepClasses ?? false;
  const place = { home, env, keepClasses, ...(options.reaper === undefined ? {} : { reaper: options.reaper }) };
  // One after the other: two downloads at once are no faster, and their progress lines would mix.
  const java = wants('kafka') || wants('registry') ? await ensureJava(wants('registry') ? 21 : 17, options) : undefined;
  const classpath = wants('kafka') ? await kafkaJars(options) : undefined;
  const jar = wants('registry') ? await registryJar(options) : undefined;
  const program = wants('redis') ? await redisProgram(options) : undefined;
  const { kafkaSaslPort: saslPort, kafkaHeapMib: heapMib } = options;
  const registryKafka = options.registryKafka ?? { brokers: [`127.0.0.1:${ports.kafka}`] };
  const made: Made = {};
  if (java !== undefined && classpath !== undefined) {
    const own = { java, classpath, heapMib, port: ports.kafka, controllerPort: ports.kafkaController };
    made.kafka = new KafkaServer({ ...place, ...own, ...(saslPort === undefined ? {} : { saslPort }) });
  }
  if (java !== undefined && jar !== undefined) {
    const own = { java, jar, kafka: registryKafka, port: ports.registry, managementPort: ports.registryManagement };
    made.registry = new RegistryServer({ ...place, ...own });
  }
  if (wants('postgres')) {
    made.postgres = new PostgresServer({ ...place, port: ports.postgres, user: postgresUser(home) });
  }
  if (program !== undefined) made.redis = new RedisServer({ ...place, program, port: ports.redis });
  return made;
}

type Made = { -readonly [name in keyof StackServers]: StackServers[name] };

/**
 * Starts, or takes over, each server: the registry after Kafka, which holds its schemas; the others at once.
 *
 * @param signal Aborted: no further server is started. One that is starting is ended by `stopStackServers`.
 */
export async function startStackServers(
  servers: StackServers,
  said: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const up = async (server: Server | undefined) => {
    signal?.throwIfAborted();
    if (server === undefined) return;
    if (await server.adopt()) said(`${server.name}: found running (process ${server.pid}), taken over`);
    else await server.start();
  };
  const outcomes = await Promise.allSettled([
    up(servers.kafka).then(() => up(servers.registry)),
    up(servers.postgres),
    up(servers.redis),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return;
  await stopStackServers(servers);
  throw failed.reason;
}

/** The registry before Kafka: it could not end its consumer in order without. */
export async function stopStackServers(servers: StackServers): Promise<void> {
  await Promise.all([
    (async () => {
      await servers.registry?.stop();
      await servers.kafka?.stop();
    })(),
    servers.postgres?.stop(),
    servers.redis?.stop(),
  ]);
}

export function serversOf(servers: StackServers): readonly Server[] {
  return [servers.registry, servers.kafka, servers.postgres, servers.redis].filter((server) => server !== undefined);
}

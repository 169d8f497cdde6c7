import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MachineError } from './errors.js';
import { cacheFolder } from './artifacts/cache.js';
import type { ServerName } from './stack.js';

export class BadSettingsError extends MachineError {
  readonly code = 'BAD_SETTINGS';
}

/**
 * Every port of `npm start`, all on 127.0.0.1: what listens there, its default, the setting that moves it.
 *
 * Those of a server that is given by environment are not used.
 */
export const portTable = {
  gateway: { what: 'the gateway', port: 4600, setting: 'PORT' },
  metrics: { what: 'metrics and health', port: 4690, setting: 'METRICS_PORT' },
  kafka: { what: 'Kafka', port: 4610, setting: 'CHORDA_KAFKA_PORT' },
  kafkaController: { what: "Kafka's controller", port: 4611, setting: 'CHORDA_KAFKA_CONTROLLER_PORT' },
  registry: { what: 'the schema registry', port: 4620, setting: 'CHORDA_REGISTRY_PORT' },
  registryManagement: { what: "the registry's health", port: 4621, setting: 'CHORDA_REGISTRY_MANAGEMENT_PORT' },
  postgres: { what: 'Postgres', port: 4630, setting: 'CHORDA_POSTGRES_PORT' },
  redis: { what: 'Redis', port: 4640, setting: 'CHORDA_REDIS_PORT' },
  simulator: { what: 'the simulated model', port: 4650, setting: 'CHORDA_SIMULATOR_PORT' },
} as const;

export type PortName = keyof typeof portTable;
export type Ports = Readonly<Record<PortName, number>>;

/** The setting that names a server of the user's own, which is then used instead of ours. */
export const givenBy: Readonly<Record<ServerName, string>> = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  postgres: 'DATABASE_URL',
  redis: 'REDIS_URL',
};

/** The settings that name a model: any of them, and none is simulated. */
const givenModels = ['VLLM_URLS', 'OPENAI_API_KEY'];

export interface DevelopmentSettings {
  /** `.chorda/` of the clone: data, logs, pid files. */
  readonly home: string;
  readonly cache: string;
  readonly ports: Ports;
  /** The servers that we run ourselves. */
  readonly embedded: readonly ServerName[];
  /** No model is given by environment: a simulated one stands in, and says so. */
  readonly simulatesModel: boolean;
  readonly kafkaHeapMib: number;
}

const everyServer: readonly ServerName[] = ['kafka', 'registry', 'postgres', 'redis'];
const clone = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** @throws {@link BadSettingsError} naming every setting that is wrong. */
export function readSettings(env: NodeJS.ProcessEnv): DevelopmentSettings {
  const wrong: string[] = [];
  const ports = Object.fromEntries(
    Object.entries(portTable).map(([name, { port, setting }]) => [
      name,
      numberOf(env, setting, port, 1, 65_535, wrong),
    ]),
  ) as Record<PortName, number>;
  const kafkaHeapMib = numberOf(env, 'CHORDA_KAFKA_HEAP_MIB', 768, 256, 65_536, wrong);
  const embedded = everyServer.filter((name) => !isGiven(env, givenBy[name]));
  const simulatesModel = !givenModels.some((name) => isGiven(env, name));
  const taken = new Map<number, string>();
  for (const name of portsUsed({ embedded, simulatesModel })) {
    const other = taken.get(ports[name]);
    if (other !== undefined) wrong.push(`${portTable[name].setting} and ${other} name the same port`);
    taken.set(ports[name], portTable[name].setting);
  }
  if (wrong.length > 0) throw new BadSettingsError(`The environment is not valid: ${wrong.join('; ')}`);
  const home = resolve(env['CHORDA_HOME'] ?? join(clone, '.chorda'));
  return { home, cache: cacheFolder(env), ports, embedded, simulatesModel, kafkaHeapMib };
}

/** What must be free for a start. */
export function portsUsed(settings: Pick<DevelopmentSettings, 'embedded' | 'simulatesModel'>): readonly PortName[] {
  const { embedded, simulatesModel } = settings;
  const ports: PortName[] = ['gateway', 'metrics'];
  if (simulatesModel) ports.push('simulator');
  if (embedded.includes('kafka')) ports.push('kafka', 'kafkaController');
  if (embedded.includes('registry')) ports.push('registry', 'registryManagement');
  if (embedded.includes('postgres')) ports.push('postgres');
  if (embedded.includes('redis')) ports.push('redis');
  return ports;
}

/** Also as the path of a file that holds it. */
function isGiven(env: NodeJS.ProcessEnv, name: string): boolean {
  return Boolean(env[name] || env[`${name}_FILE`]);
}

function numberOf(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  min: number,
  max: number,
  wrong: string[],
): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    wrong.push(`${name} must be a whole number from ${min} to ${max}`);
    return fallback;
  }
  return value;
}

/** A path as a person would write it. */
export function shortPath(path: string): string {
  const home = homedir();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a running `npm start` writes for others to find it by. */
const stackFile = join('run', 'stack.json');

/**
 * The environment that a command works with: what the caller set, and where that says nothing, the addresses of the
 * Chorda that runs from this folder or one above it. An address that was set, be it as a
 * file, is never replaced.
 */
export function knownEnvironment(given: NodeJS.ProcessEnv, folder = process.cwd()): NodeJS.ProcessEnv {
  const set = withoutEmpty(given);
  const running = Object.entries(runningStack(folder, set['CHORDA_HOME']));
  return { ...Object.fromEntries(running.filter(([name]) => set[`${name}_FILE`] === undefined)), ...set };
}

function withoutEmpty(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
}

/** The settings of the stack that runs here, by the names of `docs/configuration.md`; none when none runs. */
export function runningStack(folder: string, home?: string): Readonly<Record<string, string>> {
  const file = home === undefined ? findUpwards(folder) : join(home, stackFile);
  if (file === undefined || !existsSync(file)) return {};
  const stack = parse(readFileSync(file, 'utf8'));
  // A stack that was killed leaves its file behind: its addresses may be a stranger's by now.
  return stack !== undefined && isAlive(stack.pid) ? settingsOf(stack) : {};
}

interface StackFile {
  readonly pid: number;
  readonly [name: string]: unknown;
}

const settingNames: Readonly<Record<string, string>> = {
  gatewayUrl: 'CHORDA_URL',
  apiKey: 'CHORDA_API_KEY',
  kafkaBrokers: 'KAFKA_BROKERS',
  registryUrl: 'SCHEMA_REGISTRY_URL',
  databaseUrl: 'DATABASE_URL',
  redisUrl: 'REDIS_URL',
  topicPrefix: 'CHORDA_TOPIC_PREFIX',
};

function settingsOf(stack: StackFile): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [field, name] of Object.entries(settingNames)) {
    const value = stack[field];
    if (typeof value === 'string' && value !== '') settings[name] = value;
  }
  return settings;
}

function findUpwards(folder: string): string | undefined {
  const file = join(folder, '.chorda', stackFile);
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  return parent === folder ? undefined : findUpwards(parent);
}

function parse(text: string): StackFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isStack = typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number';
    return isStack ? (value as StackFile) : undefined;
  } catch {
    // Half written, or by another version: the same as none, and the caller says where it looked.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

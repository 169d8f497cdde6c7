import { readPidFile } from './servers/server-process.js';
import { join } from 'node:path';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { isAvailable, type ArtifactOptions } from './artifacts/artifacts.js';
import { findMaven } from './artifacts/maven.js';
import { JavaMissingError, MachineError, MavenMissingError, PortTakenError, UnusableFolderError } from './errors.js';
import { liveHolder } from './machine/folder-lock.js';
import { checkDisk, freeBytesOf, type FreeBytes } from './machine/disk.js';
import { findJavas } from './machine/java.js';
import { isPortFree, ownerOfPort } from './machine/ports.js';
import { isAlive, type ProcessIdentity } from './machine/process-identity.js';
import { postgresUser } from './servers/postgres-programs.js';
import { portsUsed, portTable, shortPath, type DevelopmentSettings, type PortName } from './settings.js';
import type { ServerName } from './stack.js';

export interface MachineCheck {
  /** What was looked at: `java`, `port 4600`. */
  readonly name: string;
  /** `broken` keeps `npm start` from working; `warning` does not. */
  readonly state: 'ok' | 'warning' | 'broken';
  readonly detail: string;
  /** What to do; only where it is not well. */
  readonly fix?: string;
}

/** What stands in for the machine in tests. */
export interface MachineView {
  readonly freeBytes?: FreeBytes;
}

const mebibyte = 1024 * 1024;
/** Kafka and Postgres end in mid-write where the disk is full; an empty stack takes about 100 MiB. */
const homeBytesMin = 1024 * mebibyte;

/**
 * Everything that `npm start` needs of this machine, checked without starting anything.
 *
 * A server that an earlier start left behind holds its ports rightly: it will be taken over.
 */
export async function checkMachine(
  settings: DevelopmentSettings,
  env: NodeJS.ProcessEnv,
  view: MachineView = {},
): Promise<readonly MachineCheck[]> {
  const { embedded } = settings;
  const checks: MachineCheck[] = [nodeCheck()];
  if (embedded.includes('kafka') || embedded.includes('registry')) checks.push(await javaCheck(embedded, env));
  checks.push(...mavenCheck(embedded, env));
  checks.push(await attempt('home folder', shortPath(settings.home), () => usableFolder(settings.home)));
  checks.push(
    await attempt('disk', `enough space for ${shortPath(settings.home)}`, () =>
      checkDisk(settings.home, homeBytesMin, 'CHORDA_HOME', view.freeBytes ?? freeBytesOf),
    ),
  );
  if (embedded.includes('postgres')) {
    checks.push(await attempt('postgres user', 'Postgres can run here', () => void postgresUser(settings.home)));
  }
  for (const name of portsUsed(settings)) checks.push(await portCheck(name, settings));
  return checks;
}

/** @throws the first broken check's own error. */
export async function assertMachine(settings: DevelopmentSettings, options: ArtifactOptions): Promise<void> {
  const { embedded } = settings;
  usableFolder(settings.home);
  await checkDisk(settings.home, homeBytesMin, 'CHORDA_HOME', options.freeBytes ?? freeBytesOf);
  if (missingArtifacts(embedded, options.env).length > 0 && findMaven(options.env) === undefined) {
    throw new MavenMissingError();
  }
  for (const name of portsUsed(settings)) await assertPort(name, settings);
}

function nodeCheck(): MachineCheck {
  const major = Number(process.versions.node.split('.')[0]);
  const detail = `Node ${process.versions.node}`;
  if (major >= 24) return { name: 'node', state: 'ok', detail };
  return { name: 'node', state: 'broken', detail, fix: 'Run it as npm start or npm run chorda, which bring Node 24' };
}

async function javaCheck(embedded: readonly ServerName[], env: NodeJS.ProcessEnv): Promise<MachineCheck> {
  const versionMin = embedded.includes('registry') ? 21 : 17;
  const javas = await findJavas(env);
  const newest = javas[0];
  if (newest !== undefined && newest.version >= versionMin) {
    return { name: 'java', state: 'ok', detail: `Java ${newest.version} (${newest.program})` };
  }
  const seen = javas.map(({ version, program }) => `Java ${version} (${program})`);
  return {
    name: 'java',
    state: 'warning',
    detail: `No Java ${versionMin} or newer; npm start fetches a runtime with pip`,
    fix: new JavaMissingError(versionMin, seen).message,
  };
}

function mavenCheck(embedded: readonly ServerName[], env: NodeJS.ProcessEnv): readonly MachineCheck[] {
  const missing = missingArtifacts(embedded, env);
  const maven = findMaven(env);
  if (missing.length === 0) return [{ name: 'downloads', state: 'ok', detail: 'all in the cache' }];
  const detail = `to be fetched: ${missing.join(', ')}`;
  if (maven !== undefined) return [{ name: 'downloads', state: 'ok', detail: `${detail}, with ${maven}` }];
  return [{ name: 'downloads', state: 'broken', detail, fix: new MavenMissingError().message }];
}

function missingArtifacts(embedded: readonly ServerName[], env: NodeJS.ProcessEnv): readonly ServerName[] {
  return embedded.filter((name) => name !== 'postgres' && !isAvailable(name, env));
}

async function portCheck(name: PortName, settings: DevelopmentSettings): Promise<MachineCheck> {
  const { what } = portTable[name];
  return attempt(`port ${settings.ports[name]}`, `free for ${what}, or held by our own`, () =>
    assertPort(name, settings),
  );
}

async function assertPort(name: PortName, settings: DevelopmentSettings): Promise<void> {
  const port = settings.ports[name];
  if (await isPortFree(port)) return;
  if (leftBehind(name, settings.home)) return;
  const { what, setting } = portTable[name];
  throw new PortTakenError(port, what, setting, ownerOfPort(port));
}

const serverOfPort: Partial<Record<PortName, ServerName>> = {
  kafka: 'kafka',
  kafkaController: 'kafka',
  registry: 'registry',
  registryManagement: 'registry',
  postgres: 'postgres',
  redis: 'redis',
};

function leftBehind(name: PortName, home: string): boolean {
  const server = serverOfPort[name];
  if (server === undefined) return runningFrom(home) !== undefined;
  const identity = readPidFile(join(home, 'run', `${server}.pid`));
  return identity !== undefined && isAlive(identity);
}

/** The `npm start` that runs from that folder now. */
export function runningFrom(home: string): ProcessIdentity | undefined {
  return liveHolder(lockPath(home));
}

export function lockPath(home: string): string {
  return join(home, 'run', 'lock');
}

class FolderNotWritableError extends UnusableFolderError {}

function usableFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FolderNotWritableError(
      `${folder} cannot be written (${reason}): make it writable, or choose another with CHORDA_HOME`,
    );
  }
}

async function attempt(name: string, detail: string, look: () => void | Promise<void>): Promise<MachineCheck> {
  try {
    await look();
    return { name, state: 'ok', detail };
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    return { name, state: 'broken', detail: error.message.split(':')[0] ?? '', fix: error.message };
  }
}

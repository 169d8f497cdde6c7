import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Java {
  /** The `java` program. */
  readonly program: string;
  readonly version: number;
}

/** Where JVMs are commonly kept, beside JAVA_HOME and PATH; PATH's may be older than the newest there. */
const usualFolders = ['/usr/lib/jvm', '/usr/java', '/opt/java', '/Library/Java/JavaVirtualMachines'];

/** Every JVM of this machine, newest first. */
export async function findJavas(
  env: NodeJS.ProcessEnv,
  folders: readonly string[] = usualFolders,
): Promise<readonly Java[]> {
  const programs = new Set<string>();
  for (const candidate of candidates(env, folders)) {
    if (existsSync(candidate)) programs.add(realpathSync(candidate));
  }
  const found = await Promise.all([...programs].map(versionOf));
  return found.filter((java) => java !== undefined).sort((a, b) => b.version - a.version);
}

function* candidates(env: NodeJS.ProcessEnv, folders: readonly string[]): Iterable<string> {
  if (env['JAVA_HOME']) yield join(env['JAVA_HOME'], 'bin', 'java');
  for (const folder of (env['PATH'] ?? '').split(delimiter)) if (folder !== '') yield join(folder, 'java');
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder)) {
      yield join(folder, entry, 'bin', 'java');
      yield join(folder, entry, 'Contents', 'Home', 'bin', 'java');
    }
  }
}

async function versionOf(program: string): Promise<Java | undefined> {
  try {
    // `-version` has written to standard error since Java 1.
    const { stderr, stdout } = await run(program, ['-version'], { timeout: 10_000 });
    const version = parseJavaVersion(stderr + stdout);
    return version === undefined ? undefined : { program, version };
  } catch {
    return undefined; // A JVM that cannot say its version cannot run a server either.
  }
}

/** `1.8.0_292` is 8; `17.0.15` is 17; `25-ea` is 25. */
export function parseJavaVersion(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/**
 * Lets the JVM keep what it made of its classes, written when it first ends, for the next start. The file is checked by
 * the JVM and made anew where it does not fit.
 *
 * @param folder The server's own: two JVMs must not write one file.
 */
export function sharedClasses(java: Java, folder: string): readonly string[] {
  if (java.version < 19) return [];
  return [
    '-XX:+AutoCreateSharedArchive',
    `-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`,
    '-Xlog:cds=off',
    '-Xlog:cds+dynamic=off',
  ];
}

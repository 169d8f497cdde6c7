import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '@chorda/native-stack';

const run = promisify(execFile);
const recipes = fileURLToPath(new URL('../../rivals/', import.meta.url));
const files = ['package.json', 'package-lock.json'] as const;

/**
 * A rival that is fetched when it is asked for, by the lock file beside its recipe, which holds the integrity of each
 * package: it is in no lock file of the product. No script of a package is run.
 *
 * @param omitsOptional Where what is optional brings nothing: programs for a platform are.
 * @returns The folder with its `node_modules`.
 */
export async function installedRival(
  name: string,
  progress: (line: string) => void,
  omitsOptional = false,
): Promise<string> {
  const recipe = join(recipes, name);
  const lock = readFileSync(join(recipe, 'package-lock.json'));
  const cached = `rival-${name}-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`;
  const folder = join(cacheFolder(process.env), cached);
  if (existsSync(folder)) return folder;
  progress(`Fetching ${name}`);
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const file of files) copyFileSync(join(recipe, file), join(unfinished, file));
    const omitted = omitsOptional ? ['--omit=optional'] : [];
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...omitted], { cwd: unfinished });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

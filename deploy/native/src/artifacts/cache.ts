import { homedir } from 'node:os';
import { join } from 'node:path';

/** Downloads live outside the clone, so that a second clone and `git clean` cost nothing. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env['CHORDA_CACHE_DIR']) return env['CHORDA_CACHE_DIR'];
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return join(base, 'chorda');
}

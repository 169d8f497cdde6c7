import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The repository that holds `folder`, found by what only it has; undefined outside of one. */
export function repositoryRoot(folder = process.cwd()): string | undefined {
  if (existsSync(join(folder, 'schemas')) && existsSync(join(folder, 'libs', 'contracts'))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : repositoryRoot(parent);
}

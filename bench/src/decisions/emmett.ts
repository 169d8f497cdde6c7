import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '@chorda/native-stack';

const run = promisify(execFile);
const recipe = fileURLToPath(new URL('../../rivals/emmett/', import.meta.url));
const files = ['package.json', 'package-lock.json'] as const;

/** As much of the store's interface as is measured. */
export interface EmmettStore {
  appendToStream(name: string, events: readonly { type: string; data: unknown }[]): Promise<unknown>;
  close(): Promise<void>;
  readonly schema: { migrate(): Promise<unknown> };
}

interface EmmettModule {
  getPostgreSQLEventStore(databaseUrl: string, options?: object): EmmettStore;
}

/**
 * Emmett's Postgres event store, fetched when it is asked for, by the lock file beside its recipe, which holds the
 * integrity of each package. It is in no lock file of the product: its package names no licence.
 */
export async function emmettStore(databaseUrl: string, progress: (line: string) => void): Promise<EmmettStore> {
  const folder = await installed(progress);
  const entry = join(folder, 'node_modules', '@event-driven-io', 'emmett-postgresql', 'dist', 'index.js');
  const { getPostgreSQLEventStore } = (await import(pathToFileURL(entry).href)) as EmmettModule;
  const store = getPostgreSQLEventStore(databaseUrl);
  await store.schema.migrate();
  return store;
}

async function installed(progress: (line: string) => void): Promise<string> {
  const lock = readFileSync(join(recipe, 'package-lock.json'));
  const name = `rival-emmett-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`;
  const folder = join(cacheFolder(process.env), name);
  if (existsSync(folder)) return folder;
  progress("Fetching Emmett's Postgres store");
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const file of files) copyFileSync(join(recipe, file), join(unfinished, file));
    await run('npm', ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'], { cwd: unfinished });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

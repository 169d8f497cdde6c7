import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installedRival } from '../rivals/installed-rival.js';

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
  const folder = await installedRival('emmett', progress, true);
  const entry = join(folder, 'node_modules', '@event-driven-io', 'emmett-postgresql', 'dist', 'index.js');
  const { getPostgreSQLEventStore } = (await import(pathToFileURL(entry).href)) as EmmettModule;
  const store = getPostgreSQLEventStore(databaseUrl);
  await store.schema.migrate();
  return store;
}

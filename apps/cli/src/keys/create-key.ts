import type { CommandContext } from '../command-line/command-line.js';
import { keyStore, type KeyStoreOptions } from './key-store.js';

export interface CreateKeyOptions extends KeyStoreOptions {
  readonly scope: readonly string[];
  readonly expiresIn?: number;
}

const dayMs = 24 * 60 * 60 * 1_000;

export async function createKey(context: CommandContext, name: string, options: CreateKeyOptions): Promise<void> {
  const { output, environment } = context;
  const scopes = [...new Set(options.scope)];
  const expiresAt = options.expiresIn === undefined ? undefined : new Date(Date.now() + options.expiresIn * dayMs);
  const { id, key, tenant, expires_at } = await keyStore(environment, options).create({ name, scopes, expiresAt });
  output.result({ id, key, name, tenant, scopes, expires_at }, () => key);
  output.note(`Keep it now: it is not shown again. Tenant ${tenant}, scopes ${scopes.join(', ')}.`);
}

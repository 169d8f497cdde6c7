import { tenantId } from '@chorda/kernel';
import { createApiKey } from '@chorda/platform';
import { ApiKeyRepository } from '@chorda/read-models';
import type { CommandContext } from '../command-line/command-line.js';
import { withDatabase } from '../command-line/database.js';

export interface CreateKeyOptions {
  readonly tenant: string;
  readonly scope: readonly string[];
  readonly expiresIn?: number;
}

const dayMs = 24 * 60 * 60 * 1_000;

export async function createKey(context: CommandContext, name: string, options: CreateKeyOptions): Promise<void> {
  const { output, environment } = context;
  const tenant = tenantId(options.tenant);
  const scopes = [...new Set(options.scope)];
  const expiresAt = options.expiresIn === undefined ? undefined : new Date(Date.now() + options.expiresIn * dayMs);
  const { keyId, text, secretHash } = createApiKey();
  await withDatabase(environment, (pool) =>
    new ApiKeyRepository(pool).issue({ tenantId: tenant, keyId, name, secretHash, scopes, expiresAt }),
  );
  const result = { id: keyId, key: text, name, tenant, scopes, expires_at: expiresAt?.toISOString() ?? null };
  output.result(result, () => text);
  output.note(`Keep it now: it is not shown again. Tenant ${tenant}, scopes ${scopes.join(', ')}.`);
}

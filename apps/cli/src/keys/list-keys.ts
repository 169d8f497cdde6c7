import { tenantId } from '@chorda/kernel';
import { ApiKeyRepository, type ApiKeyRecord } from '@chorda/read-models';
import type { CommandContext } from '../command-line/command-line.js';
import { withDatabase } from '../command-line/database.js';

export async function listKeys(context: CommandContext, options: { readonly tenant: string }): Promise<void> {
  const { output, environment } = context;
  const tenant = tenantId(options.tenant);
  const keys = await withDatabase(environment, (pool) => new ApiKeyRepository(pool).list(tenant));
  const nowMs = Date.now();
  output.result({ keys: keys.map((key) => ({ ...keyJson(key), state: stateOf(key, nowMs) })) }, () =>
    keys.length === 0
      ? `Tenant ${tenant} has no keys.`
      : output.table(
          ['ID', 'NAME', 'STATE', 'SCOPES', 'CREATED'],
          keys.map((key) => [
            key.keyId,
            key.name,
            stateOf(key, nowMs),
            key.scopes.join(' '),
            key.createdAt.toISOString(),
          ]),
        ),
  );
}

function keyJson(key: ApiKeyRecord) {
  return {
    id: key.keyId,
    name: key.name,
    tenant: key.tenantId,
    scopes: key.scopes,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}

function stateOf(key: ApiKeyRecord, nowMs: number): 'valid' | 'revoked' | 'expired' {
  if (key.revokedAt !== undefined) return 'revoked';
  return key.expiresAt !== undefined && key.expiresAt.getTime() <= nowMs ? 'expired' : 'valid';
}

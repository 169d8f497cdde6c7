import type { TenantId } from '@chorda/kernel';
import { tenantId } from '@chorda/kernel';
import type pg from 'pg';
import { withoutTenant, withTenant } from '../database/with-tenant.js';

export interface ApiKeyRecord {
  readonly tenantId: TenantId;
  readonly keyId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  readonly revokedAt: Date | undefined;
}

export interface StoredApiKey extends ApiKeyRecord {
  /** SHA-256 of the key's text. */
  readonly secretHash: Buffer;
}

interface ApiKeyRow {
  readonly tenant_id: string;
  readonly key_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

const columns = 'tenant_id, key_id, name, scopes, created_at, expires_at, revoked_at';
const keysMax = 1_000;

/** Keys at rest. Making and checking their text is `@chorda/platform`'s (`createApiKey`, `apiKeyMatches`). */
export class ApiKeyRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Stores a new key, with the owner's role: the reader role cannot write. */
  async issue(key: {
    readonly tenantId: TenantId;
    readonly keyId: string;
    readonly name: string;
    readonly secretHash: Buffer;
    readonly scopes: readonly string[];
    readonly expiresAt?: Date | undefined;
  }): Promise<void> {
    await this.pool.query(
      `INSERT INTO api_keys (tenant_id, key_id, name, secret_hash, scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
      [key.tenantId, key.keyId, key.name, key.secretHash, key.scopes, key.expiresAt ?? null],
    );
  }

  /** By its visible part, before the tenant is known. Revoked and expired keys are found too: the caller says why not. */
  async find(keyId: string): Promise<StoredApiKey | undefined> {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<ApiKeyRow & { readonly secret_hash: Buffer }>(
        `SELECT ${columns}, secret_hash FROM find_api_key($1)`,
        [keyId],
      );
      return rows[0] && { ...toRecord(rows[0]), secretHash: rows[0].secret_hash };
    });
  }

  /** @returns Whether the tenant has such a key that was not revoked before. */
  async revoke(tenant: TenantId, keyId: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      'UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL',
      [tenant, keyId],
    );
    return rowCount === 1;
  }

  /** The tenant's keys, newest first, at most 1000, without their hashes. */
  async list(tenant: TenantId): Promise<readonly ApiKeyRecord[]> {
    return withTenant(this.pool, tenant, async (tx) => {
      const { rows } = await tx.query<ApiKeyRow>(
        `SELECT ${columns} FROM api_keys WHERE tenant_id = $1 ORDER BY created_at DESC, key_id LIMIT ${keysMax}`,
        [tenant],
      );
      return rows.map(toRecord);
    });
  }
}

function toRecord(row: ApiKeyRow): ApiKeyRecord {
  return {
    tenantId: tenantId(row.tenant_id),
    keyId: row.key_id,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
  };
}

import type { TenantId } from '@chorda/kernel';
import { tenantId } from '@chorda/kernel';
import type pg from 'pg';
import { inTransaction } from '../database/in-transaction.js';
import { withoutTenant, withTenant } from '../database/with-tenant.js';
import { AuditOutbox, type AuditActor } from './audit-outbox.js';
import { toTenant, type Limits, type TenantRecord, type TenantRow } from './tenant.repository.js';

export interface ApiKeyRecord extends Omit<Limits, 'eventsPerDay'> {
  readonly tenantId: TenantId;
  readonly keyId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  /** Id of the actor who made it; undefined for keys from before that was kept. */
  readonly createdBy: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly revokedAt: Date | undefined;
}

export interface StoredApiKey extends ApiKeyRecord {
  /** SHA-256 of the key's text. */
  readonly secretHash: Buffer;
  readonly tenant: TenantRecord;
}

export interface NewApiKeyRecord {
  readonly tenantId: TenantId;
  readonly keyId: string;
  readonly name: string;
  readonly secretHash: Buffer;
  readonly scopes: readonly string[];
  readonly expiresAt?: Date | undefined;
  readonly requestsPerMinute?: number | undefined;
  readonly eventsPerMinute?: number | undefined;
}

interface ApiKeyRow {
  readonly tenant_id: string;
  readonly key_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created_at: Date;
  readonly created_by: string | null;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly requests_per_minute: number | null;
  readonly events_per_minute: number | null;
}

type FoundRow = ApiKeyRow & { readonly secret_hash: Buffer; readonly tenant: TenantRow };

const columns =
  'tenant_id, key_id, name, scopes, created_at, created_by, expires_at, revoked_at, requests_per_minute, events_per_minute';
const keysMax = 1_000;

/** Who acts where a program of ours works on the database itself. */
export const operatorAtTheDatabase: AuditActor = { id: 'operator', type: 'service' };

/**
 * Keys at rest. Making and checking their text is `@chorda/platform`'s (`createApiKey`, `apiKeyMatches`). Every change
 * leaves an `audit.changed` event, in its own transaction.
 */
export class ApiKeyRepository {
  /** @param addAudit Left out: as it has to be. A test that plants a bug gives another. */
  constructor(
    private readonly pool: pg.Pool,
    private readonly addAudit: typeof AuditOutbox.add = AuditOutbox.add,
  ) {}

  /**
   * Stores a new key, with the owner's role: the reader role cannot write. A tenant that is not there yet is made: whoever
   * must not do that has asked for it before.
   */
  async issue(key: NewApiKeyRecord, actor: AuditActor = operatorAtTheDatabase): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      await tx.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [key.tenantId]);
      await tx.query(
        `INSERT INTO api_keys
           (tenant_id, key_id, name, secret_hash, scopes, expires_at, created_by, requests_per_minute, events_per_minute)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          key.tenantId,
          key.keyId,
          key.name,
          key.secretHash,
          key.scopes,
          key.expiresAt ?? null,
          actor.id,
          key.requestsPerMinute ?? null,
          key.eventsPerMinute ?? null,
        ],
      );
      const after = { name: key.name, scopes: [...key.scopes], expires_at: key.expiresAt?.toISOString() ?? null };
      await this.addAudit(tx, { ...changeOf(key.tenantId, key.keyId, actor), action: 'key.created', after });
    });
  }

  /** By its visible part, before the tenant is known. Revoked and expired keys are found too: the caller says why not. */
  async find(keyId: string): Promise<StoredApiKey | undefined> {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<FoundRow>(
        `SELECT k.*, to_jsonb(t) AS tenant FROM find_api_key($1) AS k CROSS JOIN LATERAL find_tenant(k.tenant_id) AS t`,
        [keyId],
      );
      const [row] = rows;
      return row && { ...toRecord(row), secretHash: row.secret_hash, tenant: toTenant(fromJson(row.tenant)) };
    });
  }

  /** @returns Whether the tenant has such a key that was not revoked before. */
  async revoke(tenant: TenantId, keyId: string, actor: AuditActor = operatorAtTheDatabase): Promise<boolean> {
    return inTransaction(this.pool, async (tx) => {
      const { rowCount } = await tx.query(
        'UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL',
        [tenant, keyId],
      );
      if (rowCount === 1) await this.addAudit(tx, { ...changeOf(tenant, keyId, actor), action: 'key.revoked' });
      return rowCount === 1;
    });
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

function changeOf(tenant: TenantId, keyId: string, actor: AuditActor) {
  return { tenantId: tenant, actor, resourceType: 'key', resourceId: keyId };
}

/** JSON has no dates. */
function fromJson(tenant: TenantRow): TenantRow {
  return {
    ...tenant,
    created_at: new Date(tenant.created_at),
    disabled_at: tenant.disabled_at && new Date(tenant.disabled_at),
  };
}

function toRecord(row: ApiKeyRow): ApiKeyRecord {
  return {
    tenantId: tenantId(row.tenant_id),
    keyId: row.key_id,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at,
    createdBy: row.created_by ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    requestsPerMinute: row.requests_per_minute ?? undefined,
    eventsPerMinute: row.events_per_minute ?? undefined,
  };
}

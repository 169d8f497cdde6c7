import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * API keys. A key is looked up before its tenant is known, so row-level security cannot choose the row. A function
 * with the owner's rights does it, one row by one exact key id: the gateway need not hold the owner's role for the one
 * query that every anonymous caller can cause. Its body is parsed when it is made (BEGIN ATOMIC), so no search path
 * changes what it reads.
 */
export const apiKeys: Migration = {
  id: '0002',
  name: 'api-keys',
  statements: [
    `CREATE TABLE api_keys (
       tenant_id text NOT NULL,
       key_id text NOT NULL UNIQUE,
       name text NOT NULL,
       secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
       scopes text[] NOT NULL,
       created_at timestamptz NOT NULL DEFAULT now(),
       expires_at timestamptz,
       revoked_at timestamptz,
       PRIMARY KEY (tenant_id, key_id)
     )`,
    ...tenantTable('api_keys', { readable: false }),
    'GRANT SELECT (tenant_id, key_id, name, scopes, created_at, expires_at, revoked_at) ON api_keys TO chorda_reader',
    `CREATE FUNCTION find_api_key(wanted_key_id text) RETURNS SETOF api_keys
       LANGUAGE sql STABLE SECURITY DEFINER
       BEGIN ATOMIC
         SELECT * FROM api_keys WHERE key_id = wanted_key_id;
       END`,
    'REVOKE ALL ON FUNCTION find_api_key(text) FROM PUBLIC',
    'GRANT EXECUTE ON FUNCTION find_api_key(text) TO chorda_reader',
  ],
};

import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/** Tenants and what each may use. Without a limit of its own a tenant or key has that of the gateway's settings. */
const tenants: readonly string[] = [
  `CREATE TABLE tenants (
     tenant_id text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9-]{1,63}$'),
     name text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     disabled_at timestamptz,
     requests_per_minute integer CHECK (requests_per_minute > 0),
     events_per_minute integer CHECK (events_per_minute > 0),
     events_per_day bigint CHECK (events_per_day > 0)
   )`,
  ...tenantTable('tenants'),
  `INSERT INTO tenants (tenant_id, name) SELECT DISTINCT tenant_id, tenant_id FROM api_keys
   UNION SELECT 'default', 'default'`,
  `ALTER TABLE api_keys
     ADD COLUMN created_by text,
     ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
     ADD COLUMN events_per_minute integer CHECK (events_per_minute > 0),
     ADD FOREIGN KEY (tenant_id) REFERENCES tenants`,
  'GRANT SELECT (created_by, requests_per_minute, events_per_minute) ON api_keys TO chorda_reader',
  // Made anew: its rows have the columns that the table had when its body was read.
  `CREATE OR REPLACE FUNCTION find_api_key(wanted_key_id text) RETURNS SETOF api_keys
     LANGUAGE sql STABLE SECURITY DEFINER
     BEGIN ATOMIC
       SELECT * FROM api_keys WHERE key_id = wanted_key_id;
     END`,
  // As with keys: asked before the tenant of a request is known to be one.
  `CREATE FUNCTION find_tenant(wanted_tenant_id text) RETURNS SETOF tenants
     LANGUAGE sql STABLE SECURITY DEFINER
     BEGIN ATOMIC
       SELECT * FROM tenants WHERE tenant_id = wanted_tenant_id;
     END`,
  'REVOKE ALL ON FUNCTION find_tenant(text) FROM PUBLIC',
  'GRANT EXECUTE ON FUNCTION find_tenant(text) TO chorda_reader',
];

/**
 * `audit.changed` events that are not on the log yet. A row is written in the transaction of the change that it tells
 * of, so that there is no change without its event; whoever publishes it deletes it.
 */
const auditOutbox: readonly string[] = [
  `CREATE TABLE audit_outbox (
     tenant_id text NOT NULL,
     event_id uuid NOT NULL,
     changed_at timestamptz NOT NULL,
     correlation_id text NOT NULL,
     data jsonb NOT NULL,
     PRIMARY KEY (tenant_id, event_id)
   )`,
  ...tenantTable('audit_outbox', { readable: false }),
];

export const access: Migration = {
  id: '0008',
  name: 'access',
  statements: [...tenants, ...auditOutbox],
};

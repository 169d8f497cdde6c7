import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * What starts runs of workflows when something happens. `revision` grows with every change of any of them: whoever
 * keeps them in memory sees by it that they are not the newest.
 */
export const triggers: Migration = {
  id: '0032',
  name: 'triggers',
  statements: [
    'CREATE SEQUENCE workflow_trigger_revisions',
    `CREATE TABLE workflow_triggers (
       tenant_id text NOT NULL REFERENCES tenants,
       trigger_id text NOT NULL,
       kind text NOT NULL CHECK (kind IN ('http', 'event')),
       title text,
       workflow_name text NOT NULL,
       workflow_version integer,
       topics text[] NOT NULL,
       filter text,
       input text,
       enabled boolean NOT NULL DEFAULT true,
       token_hash text,
       signing_secret text,
       revision bigint NOT NULL DEFAULT nextval('workflow_trigger_revisions'),
       created_at timestamptz NOT NULL DEFAULT now(),
       created_by text NOT NULL,
       deleted_at timestamptz,
       PRIMARY KEY (tenant_id, trigger_id)
     )`,
    'CREATE UNIQUE INDEX workflow_triggers_token ON workflow_triggers (token_hash) WHERE token_hash IS NOT NULL',
    'CREATE INDEX workflow_triggers_revision ON workflow_triggers (revision)',
    // Secrets are in it: read by the owner's role alone.
    ...tenantTable('workflow_triggers', { readable: false }),
    `CREATE TABLE workflow_trigger_fires (
       tenant_id text NOT NULL,
       trigger_id text NOT NULL,
       fires bigint NOT NULL DEFAULT 0,
       refusals bigint NOT NULL DEFAULT 0,
       last_fire_at timestamptz,
       last_run_id text,
       last_error_at timestamptz,
       last_error_code text,
       last_error text,
       PRIMARY KEY (tenant_id, trigger_id)
     )`,
    ...tenantTable('workflow_trigger_fires', { readable: false }),
  ],
};

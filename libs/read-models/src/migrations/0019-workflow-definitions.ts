import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * Definitions of workflows. A version is never changed or removed: runs are pinned to it by its hash. `form` is the text
 * that the hash is of, `source` what its author sent.
 */
export const workflowDefinitions: Migration = {
  id: '0019',
  name: 'workflow-definitions',
  statements: [
    `CREATE TABLE workflows (
       tenant_id text NOT NULL REFERENCES tenants,
       name text NOT NULL,
       archived_at timestamptz,
       created_at timestamptz NOT NULL DEFAULT now(),
       PRIMARY KEY (tenant_id, name)
     )`,
    ...tenantTable('workflows'),
    `CREATE TABLE workflow_versions (
       tenant_id text NOT NULL,
       name text NOT NULL,
       version integer NOT NULL CHECK (version > 0),
       hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
       title text,
       author_version text NOT NULL,
       form text NOT NULL,
       source text NOT NULL,
       source_format text NOT NULL CHECK (source_format IN ('chorda', 'serverless-workflow')),
       created_at timestamptz NOT NULL DEFAULT now(),
       created_by text NOT NULL,
       PRIMARY KEY (tenant_id, name, version),
       FOREIGN KEY (tenant_id, name) REFERENCES workflows
     )`,
    'CREATE INDEX workflow_versions_hash ON workflow_versions (tenant_id, hash)',
    ...tenantTable('workflow_versions'),
  ],
};

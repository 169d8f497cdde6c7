import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * Types that other teams registered. A type is unique in the deployment, since it names a topic; who registered it owns
 * it. Versions are only ever added: their events are in the log. The services read them with the owner's role.
 */
export const externalTypes: Migration = {
  id: '0009',
  name: 'external-types',
  statements: [
    `CREATE TABLE external_types (
       tenant_id text NOT NULL REFERENCES tenants,
       type text NOT NULL UNIQUE,
       created_at timestamptz NOT NULL DEFAULT now(),
       created_by text NOT NULL,
       PRIMARY KEY (tenant_id, type)
     )`,
    ...tenantTable('external_types'),
    `CREATE TABLE external_type_versions (
       tenant_id text NOT NULL,
       type text NOT NULL,
       version integer NOT NULL CHECK (version > 0),
       -- The text as it came: the registry finds a schema by it.
       avro json NOT NULL,
       json_schema json,
       fingerprint text NOT NULL,
       created_at timestamptz NOT NULL DEFAULT now(),
       created_by text NOT NULL,
       PRIMARY KEY (tenant_id, type, version),
       FOREIGN KEY (tenant_id, type) REFERENCES external_types
     )`,
    ...tenantTable('external_type_versions'),
  ],
};

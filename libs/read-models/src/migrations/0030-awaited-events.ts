import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * Types of events that stored definitions wait for, with the expression that makes the key of one. It stays when a
 * definition is archived: its runs go on. `name_key` is a digest: an expression may be longer than a key of an index.
 */
export const awaitedEvents: Migration = {
  id: '0030',
  name: 'awaited-events',
  statements: [
    `CREATE TABLE workflow_awaited_events (
       tenant_id text NOT NULL REFERENCES tenants,
       name_key text NOT NULL,
       name text NOT NULL,
       by_language text,
       by_text text,
       kept_ms bigint,
       since timestamptz NOT NULL DEFAULT now(),
       PRIMARY KEY (tenant_id, name_key),
       CHECK ((by_language IS NULL) = (by_text IS NULL))
     )`,
    ...tenantTable('workflow_awaited_events', { readable: false }),
  ],
};

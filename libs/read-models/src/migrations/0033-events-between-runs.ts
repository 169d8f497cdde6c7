import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * What runs wait for, and events that runs emitted, for runs that are yet to wait for them. Names and keys are texts of
 * any length that definitions make, so that digests of them are what is looked up.
 */
export const eventsBetweenRuns: Migration = {
  id: '0033',
  name: 'events-between-runs',
  statements: [
    `CREATE TABLE workflow_event_waits (
       tenant_id text NOT NULL,
       run_id text NOT NULL,
       name_digest text NOT NULL,
       key_digest text NOT NULL,
       wait_id text NOT NULL,
       expires_at timestamptz NOT NULL,
       PRIMARY KEY (tenant_id, run_id, name_digest, key_digest)
     )`,
    `CREATE INDEX workflow_event_waits_event ON workflow_event_waits
       (tenant_id, name_digest, key_digest, run_id)`,
    'CREATE INDEX workflow_event_waits_expires ON workflow_event_waits (expires_at)',
    ...tenantTable('workflow_event_waits', { readable: false }),
    `CREATE TABLE workflow_events_kept (
       tenant_id text NOT NULL,
       event_id text NOT NULL,
       run_id text NOT NULL,
       name_digest text NOT NULL,
       key_digest text NOT NULL,
       said text NOT NULL,
       emitted_at timestamptz NOT NULL,
       expires_at timestamptz NOT NULL,
       PRIMARY KEY (tenant_id, event_id)
     )`,
    'CREATE INDEX workflow_events_kept_event ON workflow_events_kept (tenant_id, name_digest, key_digest)',
    'CREATE INDEX workflow_events_kept_emitted ON workflow_events_kept (tenant_id, emitted_at)',
    'CREATE INDEX workflow_events_kept_expires ON workflow_events_kept (expires_at)',
    ...tenantTable('workflow_events_kept', { readable: false }),
    `CREATE TABLE workflow_events_taken (
       tenant_id text NOT NULL,
       event_id text NOT NULL,
       run_id text NOT NULL,
       expires_at timestamptz NOT NULL,
       PRIMARY KEY (tenant_id, event_id, run_id)
     )`,
    'CREATE INDEX workflow_events_taken_expires ON workflow_events_taken (expires_at)',
    ...tenantTable('workflow_events_taken', { readable: false }),
  ],
};

import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/** One row a schedule: its rules, and what came of its fires. */
export const schedules: Migration = {
  id: '0026',
  name: 'schedules',
  statements: [
    `CREATE TABLE schedules_v1 (
     tenant_id text NOT NULL,
     schedule_id text NOT NULL,
     status text NOT NULL,
     title text,
     workflow_name text NOT NULL,
     workflow_version integer,
     input_data text,
     user_id text,
     cron text NOT NULL,
     time_zone text NOT NULL,
     overlap text NOT NULL,
     catch_up text NOT NULL,
     catch_up_window_ms bigint NOT NULL,
     jitter_ms bigint NOT NULL,
     created_at timestamptz NOT NULL,
     created_by text,
     changed_at timestamptz,
     paused_at timestamptz,
     pause_reason text,
     next_fire_at timestamptz,
     last_fire_at timestamptz,
     last_run_id text,
     fires bigint NOT NULL,
     running bigint NOT NULL,
     skips bigint NOT NULL,
     last_skip_at timestamptz,
     last_skip_reason text,
     refusals bigint NOT NULL,
     last_error_code text,
     last_error text,
     PRIMARY KEY (tenant_id, schedule_id)
   )`,
    'CREATE INDEX schedules_v1_created_at ON schedules_v1 (tenant_id, created_at, schedule_id)',
    ...['status', 'workflow_name'].map(
      (field) => `CREATE INDEX schedules_v1_${field} ON schedules_v1 (tenant_id, ${field}, created_at, schedule_id)`,
    ),
    ...tenantTable('schedules_v1'),
    'CREATE VIEW schedules WITH (security_invoker = true) AS SELECT * FROM schedules_v1',
    'GRANT SELECT ON schedules TO chorda_reader',
  ],
};

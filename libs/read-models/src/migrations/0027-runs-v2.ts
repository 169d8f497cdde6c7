import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

const sorted = 'started_at, workflow_id';

/**
 * Runs whose `version` is that of their stream: version 1 passed over events that change nothing else. Version 2 is
 * filled from the log beside version 1 and takes its place when it has caught up.
 */
export const runsV2: Migration = {
  id: '0027',
  name: 'runs-v2',
  statements: [
    `CREATE TABLE runs_v2 (
     tenant_id text NOT NULL,
     workflow_id text NOT NULL,
     workflow_name text NOT NULL,
     definition_hash text,
     status text NOT NULL,
     version bigint,
     user_id text,
     parent_workflow_id text,
     parent_step_id text,
     forked_from_workflow_id text,
     forked_at_version bigint,
     correlation_id text NOT NULL,
     started_at timestamptz NOT NULL,
     ended_at timestamptz,
     deadline_at timestamptz,
     paused_at timestamptz,
     execution_time_ms bigint,
     reason text,
     ended_by text,
     input_data text,
     output_data text,
     error text,
     error_code text,
     failed_step_id text,
     current_step_id text,
     steps_scheduled bigint NOT NULL,
     steps_completed bigint NOT NULL,
     steps_failed bigint NOT NULL,
     steps_compensated bigint NOT NULL,
     tasks_opened bigint NOT NULL,
     tasks_closed bigint NOT NULL,
     signals_received bigint NOT NULL,
     timers_set bigint NOT NULL,
     timers_fired bigint NOT NULL,
     last_active timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, workflow_id)
   )`,
    `CREATE INDEX runs_v2_started_at ON runs_v2 (tenant_id, ${sorted})`,
    `CREATE INDEX runs_v2_workflow_name ON runs_v2 (tenant_id, workflow_name, ${sorted})`,
    `CREATE INDEX runs_v2_status ON runs_v2 (tenant_id, status, ${sorted})`,
    `CREATE INDEX runs_v2_user ON runs_v2 (tenant_id, user_id, ${sorted}) WHERE user_id IS NOT NULL`,
    `CREATE INDEX runs_v2_parent ON runs_v2 (tenant_id, parent_workflow_id, ${sorted})
     WHERE parent_workflow_id IS NOT NULL`,
    ...tenantTable('runs_v2'),
    // A database without runs yet begins with version 2; elsewhere the swap shows it.
    `DO $$
     DECLARE shown text;
     BEGIN
       SELECT coalesce((SELECT g.table_name FROM projections p
           JOIN projection_generations g ON g.projection = p.name AND g.version = p.live_version
           WHERE p.name = 'runs'), 'runs_v2') INTO shown;
       EXECUTE format('CREATE OR REPLACE VIEW runs WITH (security_invoker = true) AS SELECT * FROM %I', shown);
     END $$`,
  ],
};

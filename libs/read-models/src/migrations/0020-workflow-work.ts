import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * `workflow_work` is for steps of workflows what `agent_work` is for agents: the inbox of executors and workers, a row for
 * each try that the decision engine asked for, with the same states. Apart from it, since each is looked after by its own
 * executors, which know what an answer of theirs becomes.
 */
export const workflowWork: Migration = {
  id: '0020',
  name: 'workflow-work',
  statements: [
    `CREATE TABLE workflow_work (
       tenant_id text NOT NULL,
       work_id text NOT NULL,
       queue text NOT NULL,
       tool_name text,
       repeatable boolean NOT NULL,
       work text,
       metadata text,
       lease_ms integer NOT NULL CHECK (lease_ms > 0),
       deadline_at timestamptz NOT NULL,
       state text NOT NULL CHECK (state IN ('ready', 'leased', 'answered', 'done')),
       owner text,
       lease_token uuid,
       lease_until timestamptz,
       deliveries integer NOT NULL,
       outcome text,
       created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       PRIMARY KEY (tenant_id, work_id),
       CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
       CHECK (state <> 'answered' OR outcome IS NOT NULL),
       CHECK (state = 'done' OR work IS NOT NULL)
     )`,
    ...tenantTable('workflow_work', { readable: false }),
    "CREATE INDEX workflow_work_ready ON workflow_work (queue, created_at) WHERE state = 'ready'",
    "CREATE INDEX workflow_work_ready_tool ON workflow_work (tenant_id, tool_name, created_at) WHERE state = 'ready'",
    "CREATE INDEX workflow_work_leased ON workflow_work (lease_until) WHERE state = 'leased'",
    "CREATE INDEX workflow_work_answered ON workflow_work (updated_at) WHERE state = 'answered'",
    'CREATE INDEX workflow_work_deadline ON workflow_work (deadline_at)',
  ],
};

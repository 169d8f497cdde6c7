import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * `agent_work` is the inbox of executors and workers: a row for each try that the decision engine asked for, kept until
 * the try's deadline, so that a record that comes twice is executed once.
 *
 * - ready: nobody has it. leased: whoever holds `lease_token` works on it until `lease_until`, and longer for each
 *   heartbeat. answered: `outcome` says what it came to, and a command is to be sent. done: the command was acknowledged.
 * - ready to leased by a claim; leased to ready when the lease is over and the work may be repeated; leased to answered by
 *   the holder of the lease, or as lost when the lease is over and the work must not be repeated; answered to done.
 *
 * Nothing is begun after `deadline_at`: the engine has given the try up then, and may have asked a person.
 *
 * `agent_tools` holds what users' own processes can be asked to do.
 */
export const agentWork: Migration = {
  id: '0014',
  name: 'agent-work',
  statements: [
    `CREATE TABLE agent_work (
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
    ...tenantTable('agent_work', { readable: false }),
    "CREATE INDEX agent_work_ready ON agent_work (queue, created_at) WHERE state = 'ready'",
    "CREATE INDEX agent_work_ready_tool ON agent_work (tenant_id, tool_name, created_at) WHERE state = 'ready'",
    "CREATE INDEX agent_work_leased ON agent_work (lease_until) WHERE state = 'leased'",
    "CREATE INDEX agent_work_answered ON agent_work (updated_at) WHERE state = 'answered'",
    'CREATE INDEX agent_work_deadline ON agent_work (deadline_at)',
    `CREATE TABLE agent_tools (
       tenant_id text NOT NULL,
       name text NOT NULL,
       description text,
       parameters text NOT NULL,
       idempotent boolean NOT NULL,
       timeout_ms integer NOT NULL CHECK (timeout_ms > 0),
       registered_by text NOT NULL,
       registered_at timestamptz NOT NULL DEFAULT now(),
       polled_at timestamptz,
       PRIMARY KEY (tenant_id, name)
     )`,
    ...tenantTable('agent_tools'),
  ],
};

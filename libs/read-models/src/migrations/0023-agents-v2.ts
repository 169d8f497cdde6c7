import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/** What of its definition version 1 left out. Nullable, since an agent that is known by facts alone has none of it. */
const definition = `ADD COLUMN definition_version text, ADD COLUMN instructions text, ADD COLUMN limits text,
  ADD COLUMN memory text, ADD COLUMN concurrency_max bigint`;

const sorted = 'last_active, agent_id';

/**
 * Agents with their whole definition. Version 2 is filled from the log beside version 1 and takes its place when it has
 * caught up; until then readers see the new columns empty, which is why version 1 gets them too.
 */
export const agentsV2: Migration = {
  id: '0023',
  name: 'agents-v2',
  statements: [
    `DO $$
     DECLARE agents_table text;
     BEGIN
       FOR agents_table IN
         SELECT 'agents_v1' UNION SELECT table_name FROM projection_generations WHERE projection = 'agents'
       LOOP
         EXECUTE format('ALTER TABLE %I ${definition}', agents_table);
       END LOOP;
     END $$`,
    `CREATE TABLE agents_v2 (
     tenant_id text NOT NULL,
     agent_id text NOT NULL,
     managed boolean NOT NULL,
     state text,
     state_since timestamptz,
     version bigint,
     name text,
     description text,
     agent_type text,
     capabilities text[] NOT NULL,
     tools text[] NOT NULL,
     model text,
     config text,
     created_by text,
     created_at timestamptz,
     terminated_at timestamptz,
     deleted_at timestamptz,
     current_execution_id text,
     executions_started bigint NOT NULL,
     executions_completed bigint NOT NULL,
     executions_failed bigint NOT NULL,
     executions_cancelled bigint NOT NULL,
     executions_unknown bigint NOT NULL,
     execution_time_ms bigint NOT NULL,
     turns bigint NOT NULL,
     tool_calls bigint NOT NULL,
     prompt_tokens bigint NOT NULL,
     cached_prompt_tokens bigint NOT NULL,
     completion_tokens bigint NOT NULL,
     cost_usd numeric NOT NULL,
     foreign_facts bigint NOT NULL,
     last_error_code text,
     last_error_message text,
     last_error_at timestamptz,
     first_seen timestamptz NOT NULL,
     last_active timestamptz NOT NULL,
     definition_version text,
     instructions text,
     limits text,
     memory text,
     concurrency_max bigint,
     PRIMARY KEY (tenant_id, agent_id)
   )`,
    `CREATE INDEX agents_v2_last_active ON agents_v2 (tenant_id, ${sorted})`,
    ...['state', 'name', 'managed', 'agent_type'].map(
      (field) => `CREATE INDEX agents_v2_${field} ON agents_v2 (tenant_id, ${field}, ${sorted})`,
    ),
    ...tenantTable('agents_v2'),
    // A database without agents yet begins with version 2; elsewhere the swap shows it.
    `DO $$
     DECLARE shown text;
     BEGIN
       SELECT coalesce((SELECT g.table_name FROM projections p
           JOIN projection_generations g ON g.projection = p.name AND g.version = p.live_version
           WHERE p.name = 'agents'), 'agents_v2') INTO shown;
       EXECUTE format('CREATE OR REPLACE VIEW agents WITH (security_invoker = true) AS SELECT * FROM %I', shown);
     END $$`,
  ],
};

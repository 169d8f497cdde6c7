import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

const filters = ['session_id', 'user_id', 'agent_id', 'workflow_id'] as const;

/**
 * One row an inference request. What was asked for comes from its request topic and what became of it from
 * `inference.events`, so two partitions write a row; each column has one of them as its owner.
 */
export const inferenceRequests: Migration = {
  id: '0022',
  name: 'inference-requests',
  statements: [
    `CREATE TABLE inference_requests_v1 (
     tenant_id text NOT NULL,
     request_id text NOT NULL,
     status text NOT NULL,
     operation text,
     model text NOT NULL,
     answering_model text,
     priority text,
     stream boolean NOT NULL,
     session_id text,
     user_id text,
     agent_id text,
     execution_id text,
     workflow_id text,
     step_id text,
     requested_by text,
     correlation_id text NOT NULL,
     requested_at timestamptz NOT NULL,
     deadline_at timestamptz,
     ended_at timestamptz,
     attempts bigint,
     provider text,
     replica text,
     finish_reason text,
     prompt_tokens bigint,
     cached_prompt_tokens bigint,
     completion_tokens bigint,
     cost_usd numeric,
     queue_time_ms bigint,
     time_to_first_token_ms bigint,
     inference_time_ms bigint,
     billed_attempts bigint NOT NULL,
     billed_prompt_tokens bigint NOT NULL,
     billed_completion_tokens bigint NOT NULL,
     billed_cost_usd numeric NOT NULL,
     reason text,
     cancelled_by text,
     error_code text,
     http_status bigint,
     error text,
     output_data text,
     PRIMARY KEY (tenant_id, request_id)
   )`,
    `CREATE INDEX inference_requests_v1_requested_at
       ON inference_requests_v1 (tenant_id, requested_at, request_id)`,
    ...['status', 'model', 'priority'].map(
      (field) =>
        `CREATE INDEX inference_requests_v1_${field}
           ON inference_requests_v1 (tenant_id, ${field}, requested_at, request_id)`,
    ),
    ...filters.map(
      (field) =>
        `CREATE INDEX inference_requests_v1_${field}
           ON inference_requests_v1 (tenant_id, ${field}, requested_at, request_id) WHERE ${field} IS NOT NULL`,
    ),
    ...tenantTable('inference_requests_v1'),
    'CREATE VIEW inference_requests WITH (security_invoker = true) AS SELECT * FROM inference_requests_v1',
    'GRANT SELECT ON inference_requests TO chorda_reader',
  ],
};

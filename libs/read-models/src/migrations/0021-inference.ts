import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/**
 * What inference workers share. They own no partition of it: whoever writes first wins.
 *
 * - `inference_outcomes`: one row for each request that has ended; whoever inserts it has decided. `value` and `headers`
 *   are those of its event as it is published.
 * - `inference_attempts`: a row for each call of a model from before it is made until its request has ended; settled: what
 *   it cost is on its way to the log. An open one of a worker that is gone is settled by another, by `usage`.
 * - `inference_outbox`: records that are committed and not yet acknowledged by the brokers.
 * - `inference_budgets`: what a tenant, or one of its agents, has spent and reserved on a day; `agent_id` is empty for all
 *   of the tenant.
 * - `inference_workers`, `inference_models`: of the deployment, and no tenant's.
 */
export const inference: Migration = {
  id: '0021',
  name: 'inference',
  statements: [
    `CREATE TABLE inference_outcomes (
       tenant_id text NOT NULL,
       request_id text NOT NULL,
       type text NOT NULL,
       event_id text NOT NULL,
       value bytea NOT NULL,
       headers text NOT NULL,
       worker text NOT NULL,
       decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       PRIMARY KEY (tenant_id, request_id)
     )`,
    ...tenantTable('inference_outcomes'),
    'CREATE INDEX inference_outcomes_decided ON inference_outcomes (decided_at)',
    `CREATE TABLE inference_attempts (
       tenant_id text NOT NULL,
       request_id text NOT NULL,
       attempt integer NOT NULL CHECK (attempt > 0),
       worker text NOT NULL,
       usage text NOT NULL,
       agent_id text,
       day date,
       reserved_usd numeric NOT NULL DEFAULT 0,
       reserved_tokens bigint NOT NULL DEFAULT 0,
       begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       settled_at timestamptz,
       PRIMARY KEY (tenant_id, request_id, attempt)
     )`,
    ...tenantTable('inference_attempts', { readable: false }),
    'CREATE INDEX inference_attempts_open ON inference_attempts (worker) WHERE settled_at IS NULL',
    'CREATE INDEX inference_attempts_begun ON inference_attempts (begun_at)',
    `CREATE TABLE inference_outbox (
       tenant_id text NOT NULL,
       record_id text NOT NULL,
       topic text NOT NULL,
       key bytea NOT NULL,
       value bytea NOT NULL,
       headers text NOT NULL,
       created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       PRIMARY KEY (tenant_id, record_id)
     )`,
    ...tenantTable('inference_outbox', { readable: false }),
    'CREATE INDEX inference_outbox_created ON inference_outbox (created_at)',
    `CREATE TABLE inference_budgets (
       tenant_id text NOT NULL,
       agent_id text NOT NULL,
       day date NOT NULL,
       cost_usd numeric NOT NULL DEFAULT 0,
       tokens bigint NOT NULL DEFAULT 0,
       reserved_usd numeric NOT NULL DEFAULT 0,
       reserved_tokens bigint NOT NULL DEFAULT 0,
       PRIMARY KEY (tenant_id, agent_id, day)
     )`,
    ...tenantTable('inference_budgets'),
    `CREATE TABLE inference_workers (
       worker text PRIMARY KEY,
       beat_at timestamptz NOT NULL
     )`,
    `CREATE TABLE inference_models (
       provider text NOT NULL,
       replica text NOT NULL,
       model text NOT NULL,
       max_model_len integer,
       root text,
       parent text,
       seen_at timestamptz NOT NULL,
       PRIMARY KEY (provider, replica, model)
     )`,
    'GRANT SELECT ON inference_models TO chorda_reader',
  ],
};

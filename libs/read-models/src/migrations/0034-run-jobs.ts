import type { Migration } from './migration.js';
import { tenantTable } from './tenant-table.js';

/** Jobs that tell many runs the same. `cursor` is where the next page of them begins. */
export const runJobs: Migration = {
  id: '0034',
  name: 'run-jobs',
  statements: [
    `CREATE TABLE run_jobs (
       tenant_id text NOT NULL REFERENCES tenants,
       job_id text NOT NULL,
       action text NOT NULL CHECK (action IN ('pause', 'resume', 'cancel', 'retry')),
       told text NOT NULL,
       filter text NOT NULL,
       conditions text NOT NULL,
       runs_max integer NOT NULL,
       status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'cancelled', 'failed')),
       cursor text,
       runs integer NOT NULL DEFAULT 0,
       accepted integer NOT NULL DEFAULT 0,
       refused integer NOT NULL DEFAULT 0,
       is_cut boolean NOT NULL DEFAULT false,
       refusals text NOT NULL DEFAULT '[]',
       error text,
       requested_by text NOT NULL,
       correlation_id text NOT NULL,
       created_at timestamptz NOT NULL DEFAULT now(),
       ended_at timestamptz,
       lease_token text,
       lease_until timestamptz NOT NULL DEFAULT '-infinity',
       PRIMARY KEY (tenant_id, job_id)
     )`,
    "CREATE INDEX run_jobs_running ON run_jobs (lease_until) WHERE status = 'running'",
    'CREATE INDEX run_jobs_created_at ON run_jobs (tenant_id, created_at)',
    ...tenantTable('run_jobs', { readable: false }),
  ],
};

import { BackboneError, type JsonValue, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { AuditOutbox, type AuditActor } from '../access/audit-outbox.js';
import { inTransaction } from '../database/in-transaction.js';
import type { ListCondition } from '../lists/list-definition.js';

export const runActions = ['pause', 'resume', 'cancel', 'retry'] as const;
export type RunAction = (typeof runActions)[number];

export interface RunRefusal {
  readonly run_id: string;
  readonly code: string;
  readonly message: string;
}

/** The same told to many runs. */
export interface RunJob {
  readonly tenantId: TenantId;
  readonly jobId: string;
  readonly action: RunAction;
  /** What each run is told beside its id. */
  readonly told: { readonly [field: string]: JsonValue };
  /** As it was asked for. */
  readonly filter: { readonly [field: string]: JsonValue };
  readonly conditions: readonly ListCondition[];
  readonly runsMax: number;
  readonly status: 'running' | 'completed' | 'cancelled' | 'failed';
  /** Where the next page begins; null: at the first. */
  readonly cursor: string | null;
  /** Runs that were told. */
  readonly runs: number;
  readonly accepted: number;
  readonly refused: number;
  /** There were more runs than it might tell. */
  readonly isCut: boolean;
  /** The first of them. */
  readonly refusals: readonly RunRefusal[];
  readonly error: string | null;
  readonly requestedBy: string;
  readonly correlationId: string;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

export type NewRunJob = Pick<
  RunJob,
  'jobId' | 'action' | 'told' | 'filter' | 'conditions' | 'runsMax' | 'correlationId'
>;
export type LeasedRunJob = RunJob & { readonly leaseToken: string };

/** The tenant has as many jobs under way as it may. */
export class RunJobsFullError extends BackboneError {
  readonly code = 'RUN_JOBS_FULL';
  readonly retriable = true;
}

export const runJobsMax = 10;
export const runsOfJobMax = 100_000;
/** Of which a report names every run. */
export const refusalsNamedMax = 100;
export const runJobsChannel = 'run_jobs';
const listedMax = 100;
/** Jobs that ended are kept so long. */
const keptDays = 30;

interface Row {
  readonly tenant_id: TenantId;
  readonly job_id: string;
  readonly action: RunAction;
  readonly told: string;
  readonly filter: string;
  readonly conditions: string;
  readonly runs_max: number;
  readonly status: RunJob['status'];
  readonly cursor: string | null;
  readonly runs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly is_cut: boolean;
  readonly refusals: string;
  readonly error: string | null;
  readonly requested_by: string;
  readonly correlation_id: string;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  readonly lease_token: string | null;
}

/** Jobs over many runs. Written and read with the owner's role: every statement of callers names the tenant. */
export class RunJobRepository {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * The same id again is the same job.
   *
   * @throws {@link RunJobsFullError}
   */
  async create(tenantId: TenantId, job: NewRunJob, actor: AuditActor): Promise<RunJob> {
    return inTransaction(this.pool, async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`run jobs ${tenantId}`]);
      const before = await tx.query<Row>('SELECT * FROM run_jobs WHERE tenant_id = $1 AND job_id = $2', [
        tenantId,
        job.jobId,
      ]);
      if (before.rows[0]) return jobOf(before.rows[0]);
      const { rows: under } = await tx.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM run_jobs WHERE tenant_id = $1 AND status = 'running'",
        [tenantId],
      );
      if ((under[0]?.count ?? 0) >= runJobsMax) {
        throw new RunJobsFullError(`${runJobsMax} jobs are under way; come again when one has ended`);
      }
      await tx.query(`DELETE FROM run_jobs WHERE tenant_id = $1 AND ended_at < now() - make_interval(days => $2)`, [
        tenantId,
        keptDays,
      ]);
      const { rows } = await tx.query<Row>(
        `INSERT INTO run_jobs (tenant_id, job_id, action, told, filter, conditions, runs_max, requested_by, correlation_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
        [
          ...[tenantId, job.jobId, job.action, JSON.stringify(job.told), JSON.stringify(job.filter)],
          ...[JSON.stringify(job.conditions), job.runsMax, actor.id, job.correlationId],
        ],
      );
      const after = { action: job.action, filter: job.filter, runs_max: job.runsMax };
      await AuditOutbox.add(tx, { ...change(tenantId, actor, job.jobId), action: 'run_job.created', after });
      await tx.query(`NOTIFY ${runJobsChannel}`);
      const [row] = rows;
      if (row === undefined) throw new TypeError(`The job ${job.jobId} was stored and is not there`);
      return jobOf(row);
    });
  }

  async find(tenantId: TenantId, jobId: string): Promise<RunJob | undefined> {
    const { rows } = await this.pool.query<Row>('SELECT * FROM run_jobs WHERE tenant_id = $1 AND job_id = $2', [
      tenantId,
      jobId,
    ]);
    return rows.map(jobOf)[0];
  }

  /** Newest first, at most 100. */
  async list(tenantId: TenantId): Promise<readonly RunJob[]> {
    const { rows } = await this.pool.query<Row>(
      'SELECT * FROM run_jobs WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT $2',
      [tenantId, listedMax],
    );
    return rows.map(jobOf);
  }

  /** What it told before stays told. @returns false where none is under way. */
  async cancel(tenantId: TenantId, jobId: string, actor: AuditActor): Promise<boolean> {
    return inTransaction(this.pool, async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE run_jobs SET status = 'cancelled', ended_at = now()
         WHERE tenant_id = $1 AND job_id = $2 AND status = 'running'`,
        [tenantId, jobId],
      );
      if (rowCount !== 1) return false;
      await AuditOutbox.add(tx, { ...change(tenantId, actor, jobId), action: 'run_job.cancelled' });
      return true;
    });
  }

  /** One that nobody works on, of any tenant. */
  async claim(leaseToken: string, leaseMs: number): Promise<LeasedRunJob | undefined> {
    const { rows } = await this.pool.query<Row>(
      `UPDATE run_jobs SET lease_token = $1, lease_until = now() + make_interval(secs => $2)
       WHERE (tenant_id, job_id) = (
         SELECT tenant_id, job_id FROM run_jobs WHERE status = 'running' AND lease_until < now()
         ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING *`,
      [leaseToken, leaseMs / 1_000],
    );
    return rows.map((row) => ({ ...jobOf(row), leaseToken }))[0];
  }

  /** A page is done. @returns false where the job is another's by now, or was cancelled: nothing is counted then. */
  async advance(job: LeasedRunJob, leaseMs: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `UPDATE run_jobs SET cursor = $4, runs = $5, accepted = $6, refused = $7, refusals = $8, status = $9, is_cut = $10,
         error = $11, ended_at = CASE WHEN $9 = 'running' THEN NULL ELSE now() END,
         lease_until = now() + make_interval(secs => $12)
       WHERE tenant_id = $1 AND job_id = $2 AND lease_token = $3 AND status = 'running'`,
      [
        ...[job.tenantId, job.jobId, job.leaseToken, job.cursor, job.runs, job.accepted, job.refused],
        ...[JSON.stringify(job.refusals), job.status, job.isCut, job.error, leaseMs / 1_000],
      ],
    );
    return rowCount === 1;
  }
}

function change(tenantId: TenantId, actor: AuditActor, id: string) {
  return { tenantId, actor, resourceType: 'run_job', resourceId: id };
}

function jobOf(row: Row): RunJob {
  return {
    tenantId: row.tenant_id,
    jobId: row.job_id,
    action: row.action,
    // Written by `create` and `advance`.
    told: JSON.parse(row.told) as RunJob['told'],
    filter: JSON.parse(row.filter) as RunJob['filter'],
    conditions: JSON.parse(row.conditions) as RunJob['conditions'],
    runsMax: row.runs_max,
    status: row.status,
    cursor: row.cursor,
    runs: row.runs,
    accepted: row.accepted,
    refused: row.refused,
    isCut: row.is_cut,
    refusals: JSON.parse(row.refusals) as RunJob['refusals'],
    error: row.error,
    requestedBy: row.requested_by,
    correlationId: row.correlation_id,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}

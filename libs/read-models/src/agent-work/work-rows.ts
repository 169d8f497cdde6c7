import type { TenantId } from '@chorda/kernel';

export interface NewWork {
  readonly tenantId: TenantId;
  /** The engine's attempt token: one row, and one execution, for each. */
  readonly workId: string;
  readonly queue: string;
  readonly toolName: string | null;
  /** Whether it may be begun again when nobody knows what became of it. */
  readonly repeatable: boolean;
  readonly work: string;
  readonly metadata: string;
  readonly leaseMs: number;
  readonly deadlineMs: number;
  /**
   * False: the engine is to be told that it was begun where its outcome is not there soon. Left out: nobody tells it, or
   * whoever hands it out does.
   */
  readonly isTold?: boolean;
}

/** What a worker asks for. */
export interface CallsWanted {
  readonly tenantId: TenantId;
  readonly queue: string;
  /** Without a comma in their names. */
  readonly tools: readonly string[];
  readonly owner: string;
  readonly max: number;
}

/** Work that somebody has. */
export interface BegunWork {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly work: string;
  readonly metadata: string;
  /** Who was given it, and when first. */
  readonly owner: string | null;
  readonly begunMs: number | null;
}

export interface LeasedWork {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly queue: string;
  readonly toolName: string | null;
  /** Whether it may be begun again when nobody knows what became of it. */
  readonly repeatable: boolean;
  readonly work: string;
  readonly metadata: string;
  readonly leaseMs: number;
  readonly leaseToken: string;
  /** How often it was given to somebody, this time included. */
  readonly deliveries: number;
  /** What is left until the engine gives the try up, by the clock of the database. */
  readonly leftMs: number;
}

export interface WorkAnswer {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly leaseToken: string;
  readonly outcome: string;
}

export interface AnsweredWork extends Pick<BegunWork, 'tenantId' | 'workId' | 'work' | 'metadata'> {
  readonly outcome: string;
  /** Left out where no command tells of them. */
  readonly owner?: BegunWork['owner'];
  readonly begunMs?: BegunWork['begunMs'];
}

export interface ExpiredLeases {
  /** Given back to be begun again. */
  readonly repeated: number;
  /** Not to be repeated, and answered as lost. */
  readonly lost: number;
}

export interface LeasedRow {
  readonly tenant_id: TenantId;
  readonly work_id: string;
  readonly queue: string;
  readonly tool_name: string | null;
  readonly repeatable: boolean;
  readonly work: string;
  readonly metadata: string;
  readonly lease_ms: number;
  readonly lease_token: string;
  readonly deliveries: number;
  readonly left_ms: number;
}

export interface BegunRow {
  readonly tenant_id: TenantId;
  readonly work_id: string;
  readonly work: string;
  readonly metadata: string;
  readonly owner: string | null;
  readonly begun_ms: number | null;
}

export interface AnsweredRow extends BegunRow {
  readonly outcome: string;
}

export function toLeased(row: LeasedRow): LeasedWork {
  return {
    tenantId: row.tenant_id,
    workId: row.work_id,
    queue: row.queue,
    toolName: row.tool_name,
    repeatable: row.repeatable,
    work: row.work,
    metadata: row.metadata,
    leaseMs: row.lease_ms,
    leaseToken: row.lease_token,
    deliveries: row.deliveries,
    leftMs: row.left_ms,
  };
}

export function toBegun({ tenant_id, work_id, work, metadata, owner, begun_ms }: BegunRow): BegunWork {
  return { tenantId: tenant_id, workId: work_id, work, metadata, owner, begunMs: begun_ms };
}

export function toAnswered(row: AnsweredRow): AnsweredWork {
  return { ...toBegun(row), outcome: row.outcome };
}

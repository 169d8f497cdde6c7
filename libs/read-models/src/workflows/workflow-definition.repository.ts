import { BackboneError, GroupedCalls, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { AuditOutbox, type AuditActor } from '../access/audit-outbox.js';
import { inTransaction } from '../database/in-transaction.js';
import {
  archivedForMinutes,
  AwaitedEventsRepository,
  awaitedEventsMax,
  type AwaitedEventType,
} from './awaited-events.repository.js';

export type DefinitionFormat = 'chorda' | 'serverless-workflow';

export interface WorkflowVersionSummary {
  readonly name: string;
  /** Counts from 1. */
  readonly version: number;
  /** Lower case hex SHA-256 of the form: what runs are pinned to. */
  readonly hash: string;
  readonly title: string | null;
  /** What its author calls it. */
  readonly authorVersion: string;
  readonly sourceFormat: DefinitionFormat;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** Since when no run is started of it any more. */
  readonly archivedAt: Date | null;
}

export interface WorkflowVersion extends WorkflowVersionSummary {
  /** JSON text, the one that the hash is of. */
  readonly form: string;
  /** As its author sent it. */
  readonly source: string;
}

export type NewWorkflowVersion = Pick<
  WorkflowVersion,
  'name' | 'hash' | 'title' | 'authorVersion' | 'form' | 'source' | 'sourceFormat'
> & {
  /** Events of producers that its runs may wait for. */
  readonly awaits?: readonly AwaitedEventType[];
};

export interface StoredWorkflow {
  /** `restored`: it was archived, and the same as it was. */
  readonly outcome: 'created' | 'updated' | 'restored' | 'unchanged';
  readonly version: WorkflowVersionSummary;
}

/** The tenant has as many workflows, or the workflow as many versions, as it may. */
export class WorkflowsFullError extends BackboneError {
  readonly code = 'WORKFLOWS_FULL';
  readonly retriable = false;
}

export const workflowsMax = 1_000;
export const workflowVersionsMax = 1_000;

interface Row {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly title: string | null;
  readonly author_version: string;
  readonly source_format: DefinitionFormat;
  readonly created_at: Date;
  readonly created_by: string;
  readonly archived_at: Date | null;
  readonly form?: string;
  readonly source?: string;
}

/** A version of null is the newest. */
interface Asked {
  readonly tenantId: TenantId;
  readonly name: string;
  readonly version: number | null;
}

/** What an integer of Postgres holds. */
const versionMax = 2_147_483_647;

const summary = `versions.name, versions.version, versions.hash, versions.title, versions.author_version,
  versions.source_format, versions.created_at, versions.created_by, workflows.archived_at`;
const whole = `${summary}, versions.form, versions.source`;
const joined = 'workflow_versions AS versions JOIN workflows USING (tenant_id, name)';

/** Definitions of workflows. Written and read with the owner's role: every statement names the tenant. */
export class WorkflowDefinitionRepository {
  /** Many runs are started of one definition at a time: what the same moment asks for is one statement. */
  private readonly finds;

  constructor(private readonly pool: pg.Pool) {
    this.finds = new GroupedCalls((asked: readonly Asked[]) => this.findAll(asked), {
      ...{ itemsMax: 200, callsMax: 2, gathersTurn: true },
    });
  }

  /**
   * Adds a version, unless the newest one is the same.
   *
   * @throws {@link WorkflowsFullError}
   */
  async store(tenantId: TenantId, given: NewWorkflowVersion, actor: AuditActor): Promise<StoredWorkflow> {
    return inTransaction(this.pool, async (tx) => {
      // One after another for a tenant: two cannot both count the same version as the last, or find room for the last one.
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`workflows ${tenantId}`]);
      if (!(await AwaitedEventsRepository.add(tx, tenantId, given.name, given.awaits ?? []))) {
        throw new WorkflowsFullError(
          `Its runs wait for events of producers, and the tenant's workflows wait for ${awaitedEventsMax} of them, by type and key; ` +
            `no more may be. Those of archived workflows count until ${archivedForMinutes} minutes later, and while runs of them go on`,
        );
      }
      const newest = await newestOf(tx, tenantId, given.name);
      const isSame = newest?.hash === given.hash;
      if (isSame && newest.archivedAt === null) return { outcome: 'unchanged', version: newest };
      if (newest === undefined) await refuseTooMany(tx, tenantId);
      const version = isSame ? newest.version : await add(tx, tenantId, given, actor, newest?.version ?? 0);
      await tx.query('UPDATE workflows SET archived_at = NULL WHERE tenant_id = $1 AND name = $2', [
        tenantId,
        given.name,
      ]);
      const outcome = newest === undefined ? 'created' : isSame ? 'restored' : 'updated';
      await AuditOutbox.add(tx, {
        ...change(tenantId, actor, given.name),
        action: `workflow.${outcome}`,
        after: { version, hash: given.hash },
      });
      const stored = await newestOf(tx, tenantId, given.name);
      if (stored === undefined) throw new TypeError(`${given.name} was stored and is not there`);
      return { outcome, version: stored };
    });
  }

  /** The newest version of each, by name. */
  async list(tenantId: TenantId, { archived }: { archived: boolean }): Promise<readonly WorkflowVersionSummary[]> {
    const { rows } = await this.pool.query<Row>(
      `SELECT DISTINCT ON (versions.name) ${summary} FROM ${joined}
       WHERE tenant_id = $1 AND ($2 OR workflows.archived_at IS NULL)
       ORDER BY versions.name, versions.version DESC`,
      [tenantId, archived],
    );
    return rows.map(summaryOf);
  }

  /** Newest first. */
  async versions(tenantId: TenantId, name: string): Promise<readonly WorkflowVersionSummary[]> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${summary} FROM ${joined} WHERE tenant_id = $1 AND name = $2 ORDER BY version DESC`,
      [tenantId, name],
    );
    return rows.map(summaryOf);
  }

  /** @param version Left out: the newest. */
  async find(tenantId: TenantId, name: string, version?: number): Promise<WorkflowVersion | undefined> {
    // None is stored, and Postgres would refuse the statement of everybody who shares it.
    if (name.includes('\0') || (version ?? 1) > versionMax) return undefined;
    return this.finds.call({ tenantId, name, version: version ?? null });
  }

  private async findAll(asked: readonly Asked[]): Promise<readonly (WorkflowVersion | undefined)[]> {
    const keyOf = ({ tenantId, name, version }: Asked) => JSON.stringify([tenantId, name, version]);
    const different = [...new Map(asked.map((one) => [keyOf(one), one])).values()];
    const { rows } = await this.pool.query<Row & { readonly place: string }>({
      name: 'workflow definitions: find',
      text: `SELECT asked.place, found.* FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY
           AS asked (tenant_id, name, version, place)
         CROSS JOIN LATERAL (
           SELECT ${whole} FROM ${joined} WHERE tenant_id = asked.tenant_id AND name = asked.name
             AND (asked.version IS NULL OR versions.version = asked.version)
           ORDER BY versions.version DESC LIMIT 1
         ) AS found`,
      values: [
        different.map(({ tenantId }) => tenantId),
        different.map(({ name }) => name),
        different.map(({ version }) => version),
      ],
    });
    const found = new Map(rows.map((row) => [keyOf(different[Number(row.place) - 1]!), wholeOf(row)]));
    return asked.map((one) => found.get(keyOf(one)));
  }

  /** By name, of those that there are. */
  async newestVersions(tenantId: TenantId, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.pool.query<{ name: string; version: number }>(
      `SELECT name, max(version) AS version FROM workflow_versions WHERE tenant_id = $1 AND name = ANY ($2::text[])
       GROUP BY name`,
      [tenantId, names],
    );
    return new Map(rows.map(({ name, version }) => [name, version]));
  }

  /** Any version with this form: the same hash is the same form. */
  async byHash(tenantId: TenantId, hash: string): Promise<WorkflowVersion | undefined> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${whole} FROM ${joined} WHERE tenant_id = $1 AND hash = $2 ORDER BY version DESC LIMIT 1`,
      [tenantId, hash],
    );
    return rows.map(wholeOf)[0];
  }

  /** Names of those that are not archived. */
  async known(tenantId: TenantId): Promise<ReadonlySet<string>> {
    const { rows } = await this.pool.query<{ name: string }>(
      'SELECT name FROM workflows WHERE tenant_id = $1 AND archived_at IS NULL',
      [tenantId],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** No run is started of it any more; those that run go on. @returns false where there is none, or it was archived. */
  async archive(tenantId: TenantId, name: string, actor: AuditActor): Promise<boolean> {
    return inTransaction(this.pool, async (tx) => {
      const { rowCount } = await tx.query(
        'UPDATE workflows SET archived_at = now() WHERE tenant_id = $1 AND name = $2 AND archived_at IS NULL',
        [tenantId, name],
      );
      if (rowCount !== 1) return false;
      await AuditOutbox.add(tx, { ...change(tenantId, actor, name), action: 'workflow.archived' });
      return true;
    });
  }
}

async function newestOf(
  tx: pg.ClientBase,
  tenantId: TenantId,
  name: string,
): Promise<WorkflowVersionSummary | undefined> {
  const { rows } = await tx.query<Row>(
    `SELECT ${summary} FROM ${joined} WHERE tenant_id = $1 AND name = $2 ORDER BY version DESC LIMIT 1`,
    [tenantId, name],
  );
  return rows.map(summaryOf)[0];
}

async function refuseTooMany(tx: pg.ClientBase, tenantId: TenantId): Promise<void> {
  const { rows } = await tx.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM workflows WHERE tenant_id = $1',
    [tenantId],
  );
  if ((rows[0]?.count ?? 0) < workflowsMax) return;
  throw new WorkflowsFullError(`The tenant has ${workflowsMax} workflows, archived ones counted; no more may be`);
}

async function add(
  tx: pg.ClientBase,
  tenantId: TenantId,
  given: NewWorkflowVersion,
  actor: AuditActor,
  last: number,
): Promise<number> {
  if (last >= workflowVersionsMax) {
    throw new WorkflowsFullError(`${given.name} has ${last} versions; give the workflow another name`);
  }
  await tx.query('INSERT INTO workflows (tenant_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    tenantId,
    given.name,
  ]);
  await tx.query(
    `INSERT INTO workflow_versions
       (tenant_id, name, version, hash, title, author_version, form, source, source_format, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[tenantId, given.name, last + 1, given.hash, given.title, given.authorVersion],
      ...[given.form, given.source, given.sourceFormat, actor.id],
    ],
  );
  return last + 1;
}

function change(tenantId: TenantId, actor: AuditActor, name: string) {
  return { tenantId, actor, resourceType: 'workflow', resourceId: name };
}

function summaryOf(row: Row): WorkflowVersionSummary {
  return {
    name: row.name,
    version: row.version,
    hash: row.hash,
    title: row.title,
    authorVersion: row.author_version,
    sourceFormat: row.source_format,
    createdAt: row.created_at,
    createdBy: row.created_by,
    archivedAt: row.archived_at,
  };
}

function wholeOf(row: Row): WorkflowVersion {
  return { ...summaryOf(row), form: row.form ?? '', source: row.source ?? '' };
}

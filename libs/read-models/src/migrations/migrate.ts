import { createHash } from 'node:crypto';
import { BackboneError, type Logger, silentLogger } from '@chorda/kernel';
import pg from 'pg';
import { journalAndServices } from './0001-journal-and-services.js';
import { apiKeys } from './0002-api-keys.js';
import { streamVersions } from './0003-stream-versions.js';
import { parking } from './0004-parking.js';
import { projectionGenerations } from './0005-projection-generations.js';
import { readModels } from './0006-read-models.js';
import { idempotentAnswers } from './0007-idempotent-answers.js';
import { access } from './0008-access.js';
import { externalTypes } from './0009-external-types.js';
import { queryIndexes } from './0010-query-indexes.js';
import { identityBlocks } from './0012-identity-blocks.js';
import { decisions } from './0013-decisions.js';
import { agentWork } from './0014-agent-work.js';
import { workBegun } from './0016-work-begun.js';
import { filledColumns } from './0017-filled-columns.js';
import { workflowDefinitions } from './0019-workflow-definitions.js';
import { workflowWork } from './0020-workflow-work.js';
import { inference } from './0021-inference.js';
import { inferenceRequests } from './0022-inference-requests.js';
import { agentsV2 } from './0023-agents-v2.js';
import { journalStreams } from './0024-journal-streams.js';
import { schedules } from './0026-schedules.js';
import { runsV2 } from './0027-runs-v2.js';
import { inferenceLighter } from './0028-inference-lighter.js';
import { awaitedEvents } from './0030-awaited-events.js';
import { triggers } from './0032-triggers.js';
import { eventsBetweenRuns } from './0033-events-between-runs.js';
import { runJobs } from './0034-run-jobs.js';
import { rebuildTimeShare } from './0036-rebuild-time-share.js';
import { awaitingWorkflows } from './0037-awaiting-workflows.js';
import type { Migration } from './migration.js';
import { prepareReaderRole } from './reader-role.js';

export const migrations: readonly Migration[] = [
  journalAndServices,
  apiKeys,
  streamVersions,
  parking,
  projectionGenerations,
  readModels,
  idempotentAnswers,
  access,
  externalTypes,
  queryIndexes,
  identityBlocks,
  decisions,
  agentWork,
  filledColumns,
  workflowDefinitions,
  workflowWork,
  inference,
  inferenceRequests,
  agentsV2,
  journalStreams,
  schedules,
  inferenceLighter,
  triggers,
  eventsBetweenRuns,
  runJobs,
  rebuildTimeShare,
  workBegun,
  awaitedEvents,
  runsV2,
  awaitingWorkflows,
];

export class MigrationError extends BackboneError {
  readonly code = 'MIGRATION_FAILED';
  readonly retriable = false;
}

/** Any number, the same in every version: it is the lock that all starts of one database take. */
const migrationLock = 4_600_469_001n;
const postgresVersionMin = 170_000;
/** An address that swallows packets would otherwise hold a start for minutes. */
export const connectTimeoutMs = 10_000;

/**
 * Brings the database to this version's tables. Safe to call from any number of processes at once: they queue behind
 * an advisory lock, and whoever comes later finds the work done. Each migration is one transaction.
 *
 * @returns The ids that this call applied.
 * @throws {@link MigrationError} when the server is too old, the role cannot be made, or an applied migration differs.
 */
export async function migrate(databaseUrl: string, logger: Logger = silentLogger): Promise<readonly string[]> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'chorda migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  await client.connect();
  try {
    await requireVersion(client);
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await prepareReaderRole(client);
    const applied = await appliedMigrations(client);
    const mine: string[] = [];
    for (const migration of migrations) {
      if (await isApplied(migration, applied)) continue;
      await apply(client, migration);
      logger.info('Applied a migration', { migration: `${migration.id}-${migration.name}` });
      mine.push(migration.id);
    }
    return mine;
  } finally {
    // Ending the session frees the advisory lock, also after an error that left a transaction open.
    await client.end();
  }
}

async function requireVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; text: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS text`,
  );
  const version = rows[0]?.version ?? 0;
  if (version < postgresVersionMin) {
    throw new MigrationError(
      `Postgres ${rows[0]?.text ?? '?'} is too old: Chorda needs 17 or newer, for transaction_timeout`,
    );
  }
}

async function appliedMigrations(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS chorda_migrations (
       id text PRIMARY KEY,
       name text NOT NULL,
       checksum text NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT now()
     )`,
  );
  const { rows } = await client.query<{ id: string; checksum: string }>('SELECT id, checksum FROM chorda_migrations');
  return new Map(rows.map((row) => [row.id, row.checksum]));
}

async function isApplied(migration: Migration, applied: ReadonlyMap<string, string>): Promise<boolean> {
  const checksum = applied.get(migration.id);
  if (checksum !== undefined && checksum !== checksumOf(migration)) {
    throw new MigrationError(
      `Migration ${migration.id}-${migration.name} was applied with other statements: a released migration never changes`,
    );
  }
  return checksum !== undefined;
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    for (const statement of migration.statements) await client.query(statement);
    await client.query('INSERT INTO chorda_migrations (id, name, checksum) VALUES ($1, $2, $3)', [
      migration.id,
      migration.name,
      checksumOf(migration),
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`Migration ${migration.id}-${migration.name} failed: ${reason}`, { cause: error });
  }
}

function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.statements.join('\n;\n')).digest('hex');
}

import { defaultTenant } from '@chorda/kernel';
import type pg from 'pg';
import { operatorAtTheDatabase } from '../access/api-key.repository.js';
import { AuditOutbox } from '../access/audit-outbox.js';
import { inTransaction } from '../database/in-transaction.js';
import { BackupConflictError } from './backup-errors.js';
import { readBackup, type TableHead } from './backup-file.js';
import { columnsOf, type BackedUpTable } from './create-backup.js';
import { keptHereAlone } from './table-standing.js';

export interface RestoreOptions {
  /** Delete what the tables hold now. Without it, a restore into tables that are in use is refused. */
  readonly replace: boolean;
}

const rowsAWrite = 500;

/**
 * Puts the rows of a backup back, all in one transaction: a file that turns out to be damaged changes nothing. The
 * database has been migrated by this build or a newer one than made the backup; columns that came since take their
 * defaults.
 *
 * @throws {@link BackupNotReadableError} where the file is damaged.
 * @throws {@link BackupConflictError} where the tables are in use, or lack what the backup has.
 */
export function restoreBackup(
  pool: pg.Pool,
  path: string,
  { replace }: RestoreOptions,
): Promise<readonly BackedUpTable[]> {
  return inTransaction(pool, async (tx) => {
    // Longer than a live session may take: nobody waits for these tables but a service that is being restored.
    await tx.query("SET LOCAL transaction_timeout = '15min'");
    if (!replace) await requireUnused(tx);
    for (const table of keptHereAlone.toReversed()) await tx.query(`DELETE FROM ${table}`);
    const counts: BackedUpTable[] = [];
    const writer = new RowWriter(tx, counts);
    for await (const part of readBackup(path)) {
      if ('table' in part) await writer.begin(part);
      else await writer.add(part.row);
    }
    await writer.end();
    await AuditOutbox.add(tx, {
      ...{ tenantId: defaultTenant, actor: operatorAtTheDatabase, action: 'backup.restored' },
      ...{ resourceType: 'database', resourceId: null, after: { rows: counts.map((count) => ({ ...count })) } },
    });
    return counts;
  });
}

/** What a migration itself writes does not count: the tenant `default`. */
async function requireUnused(tx: pg.ClientBase): Promise<void> {
  for (const table of keptHereAlone) {
    const given = table === 'tenants' ? "WHERE tenant_id <> 'default'" : '';
    const { rows } = await tx.query<{ count: string }>(`SELECT count(*)::text AS count FROM ${table} ${given}`);
    const count = rows[0]?.count ?? '0';
    if (count !== '0') {
      throw new BackupConflictError(`${table} holds ${count} rows already: a restore would delete what is there now`);
    }
  }
}

class RowWriter {
  private head: TableHead | undefined;
  private waiting: string[] = [];
  private count = 0;

  constructor(
    private readonly tx: pg.ClientBase,
    private readonly counts: BackedUpTable[],
  ) {}

  async begin(head: TableHead): Promise<void> {
    await this.end();
    const known: readonly string[] = keptHereAlone;
    if (!known.includes(head.table)) {
      throw new BackupConflictError(`The backup has a table ${head.table}, which this build does not back up`);
    }
    const columns = await columnsOf(this.tx, head.table);
    const missing = head.columns.filter((column) => !columns.includes(column));
    if (missing.length > 0) {
      throw new BackupConflictError(
        `${head.table} has no ${missing.join(', ')}: the backup is of a newer build; run \`chorda apply\` of that build first`,
      );
    }
    this.head = head;
  }

  async add(row: string): Promise<void> {
    this.waiting.push(row);
    if (this.waiting.length === rowsAWrite) await this.write();
  }

  async end(): Promise<void> {
    if (this.head === undefined) return;
    await this.write();
    this.counts.push({ table: this.head.table, rows: this.count });
    this.head = undefined;
    this.count = 0;
  }

  private async write(): Promise<void> {
    if (this.head === undefined || this.waiting.length === 0) return;
    const { table, columns } = this.head;
    // The names are those of columnsOf, or `begin` had refused them.
    const names = columns.map((column) => `"${column}"`).join(', ');
    await this.tx.query(
      `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE
       SELECT ${names} FROM json_array_elements($1::json) AS line(text),
         json_populate_record(NULL::${table}, (line.text #>> '{}')::json)`,
      [`[${this.waiting.join(',')}]`],
    );
    this.count += this.waiting.length;
    this.waiting = [];
  }
}

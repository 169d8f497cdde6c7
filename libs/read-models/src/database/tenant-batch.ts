import pg from 'pg';
import type { PreparedStatements } from './prepared-statements.js';
import { timestampOf } from './timestamp-text.js';

export interface TenantStatement {
  readonly text: string;
  readonly parameters: readonly unknown[];
  /** Fields whose text, as the server wrote it, is wanted too: under `~<field>`. */
  readonly exactFields?: readonly string[];
  /**
   * One plan serves all values: it is kept, where planning would take longer than reading. Left out: the server plans by
   * the values, which is right where they decide which index is best.
   */
  readonly hasOnePlan?: boolean;
  /**
   * Read it in the order of an index, which it has for every order it may ask for, and end at its limit. A planner that
   * takes a table for small, as it does until somebody has counted it, would rather sort all rows that the conditions find:
   * of the first minute's 5,000 events each page then read 5,000, every day anew in that day's partition. Never where an
   * order has no index of its own: the index of another condition's rows would be walked for it from end to end.
   */
  readonly isInIndexOrder?: boolean;
}

/** Statements that are read as one tenant. */
export interface TenantPart {
  readonly role: string;
  readonly tenant: string;
  readonly statementTimeoutMs: number | undefined;
  readonly statements: readonly TenantStatement[];
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Rows of each statement, in their order, over all parts. */
export type TenantRows = readonly (readonly object[])[];

interface ShownField {
  readonly name: string;
  readonly parse: (text: string) => unknown;
  /** Where its text is kept too. */
  readonly exact: string | undefined;
}

/**
 * Settings and statements in one write, with one Sync behind all: until then they are one implicit transaction, in which
 * the server skips everything behind a failure. Each part sets its own tenant before its statements, so that none is ever
 * read as the tenant of the part before. `pg` calls these methods, as it does those of its own queries.
 */
export class TenantBatch implements pg.Submittable {
  private readonly results: object[][] = [];
  private fields: readonly ShownField[] = [];
  private fault: Error | undefined;
  private isInStatement = false;
  /** Made before anything is written: what cannot be sent must not end in the middle of a write. */
  private readonly values: readonly (string | Buffer | null)[][];

  private readonly statements: readonly TenantStatement[];

  constructor(
    private readonly parts: readonly TenantPart[],
    private readonly prepared: PreparedStatements,
    private readonly resolve: (results: TenantRows) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.statements = parts.flatMap(({ statements }) => statements);
    this.values = this.statements.map(({ parameters }) => parameters.map(parameterText));
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    try {
      let index = 0;
      for (const part of this.parts) {
        this.bind(connection, part.statementTimeoutMs === undefined ? settings : settingsWithTimeout, settingsOf(part));
        connection.execute(null, false);
        for (const { text } of part.statements) {
          this.bind(connection, text, this.values[index++] ?? []);
          connection.describe({ type: 'P', name: '' }, false);
          connection.execute(null, false);
        }
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  private bind(connection: pg.Connection, text: string, values: (string | Buffer | null)[]): void {
    const { name, isNew, closed } = this.prepared.take(text);
    for (const old of closed) connection.close({ type: 'S', name: old }, false);
    if (isNew) connection.parse({ name, text, types: [] }, false);
    connection.bind({ statement: name, values }, false);
  }

  /** Only statements are described; the settings before each part answer with a row that is nobody's. */
  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    const exactFields = this.statements[this.results.length]?.exactFields ?? [];
    this.results.push([]);
    this.isInStatement = true;
    this.fields = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: parserOf(dataTypeID),
      exact: exactFields.includes(name) ? `~${name}` : undefined,
    }));
  }

  handleDataRow({ fields: values }: { readonly fields: readonly (string | null)[] }): void {
    const rows = this.results.at(-1);
    if (rows === undefined || !this.isInStatement || this.fault !== undefined) return;
    try {
      const row: Record<string, unknown> = {};
      let index = 0;
      for (const { name, parse, exact } of this.fields) {
        const value = values[index++] ?? null;
        row[name] = value === null ? null : parse(value);
        if (exact !== undefined) row[exact] = value;
      }
      rows.push(row);
    } catch (error) {
      this.fault = error instanceof Error ? error : new Error(String(error));
    }
  }

  handleCommandComplete(): void {
    this.isInStatement = false;
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleReadyForQuery(): void {
    if (this.fault) this.reject(this.fault);
    else this.resolve(this.results);
  }

  handleError(error: Error): void {
    this.reject(error);
  }
}

const local = (name: string, value: string) => `set_config('${name}', ${value}, true)`;
const settings = `SELECT ${[
  local('transaction_read_only', `'on'`),
  local('role', '$1'),
  local('chorda.tenant_id', '$2'),
  local('plan_cache_mode', '$3'),
  local('enable_sort', '$4'),
  // Postgres 17 counts a sort that it was told to avoid as so expensive that compiling would pay.
  local('jit', `'off'`),
].join(', ')}`;
const settingsWithTimeout = `${settings}, ${local('statement_timeout', '$5')}`;

function settingsOf({ role, tenant, statementTimeoutMs, statements }: TenantPart): string[] {
  const plans = statements.every(({ hasOnePlan }) => hasOnePlan === true) ? 'force_generic_plan' : 'auto';
  const sorting = statements.every(({ isInIndexOrder }) => isInIndexOrder === true) ? 'off' : 'on';
  const timeout = statementTimeoutMs === undefined ? [] : [String(Math.ceil(statementTimeoutMs))];
  return [role, tenant, plans, sorting, ...timeout];
}

/** As `pg` reads it; times by arithmetic, since a page has a hundred of them. */
function parserOf(dataTypeId: number): (text: string) => unknown {
  return dataTypeId === pg.types.builtins.TIMESTAMPTZ ? timestampOf : pg.types.getTypeParser(dataTypeId, 'text');
}

function parameterText(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return arrayText(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  throw new TypeError(`No parameter of a read: ${typeof value}`);
}

function arrayText(values: readonly unknown[]): string {
  const texts = values.map((value) => {
    const text = parameterText(value);
    if (Buffer.isBuffer(text)) throw new TypeError('No parameter of a read: an array of bytes');
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`;
  });
  return `{${texts.join(',')}}`;
}

import { columnsOf, quoted, sqlTypeOf, type TableShape } from './table.js';

export interface TableOptions {
  /** The view that shows the live version; left out for a version that takes over later, which the swap shows. */
  readonly view?: string;
  /** Cut by day of `record_time`, so that retention drops a table and deletes no row. */
  readonly byDay?: boolean;
}

/**
 * The statements that make a read model's table: keyed by tenant, with row-level security, readable by the gateway's
 * role alone. The owner is exempt from the policy, because the projector writes with COPY.
 *
 * A migration keeps their text: a released one never changes, whatever becomes of the definition.
 *
 * @throws TypeError when the key does not begin with `tenant_id`, or names a column that is not there or may be null.
 */
export function createTableStatements(
  table: TableShape,
  { view, byDay = false }: TableOptions = {},
): readonly string[] {
  checkKey(table, byDay);
  const nullable = nullableColumns(table);
  const columns = columnsOf(table).map(
    ({ name, type }) => `${quoted(name)} ${sqlTypeOf(type)}${nullable.has(name) ? '' : ' NOT NULL'}`,
  );
  const key = `PRIMARY KEY (${table.key.map(quoted).join(', ')})`;
  const partitions = byDay ? ' PARTITION BY RANGE ("record_time")' : '';
  return [
    `CREATE TABLE ${quoted(table.name)} (\n  ${[...columns, key].join(',\n  ')}\n)${partitions}`,
    `ALTER TABLE ${quoted(table.name)} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY tenant ON ${quoted(table.name)} USING (tenant_id = current_setting('chorda.tenant_id', true))`,
    `GRANT SELECT ON ${quoted(table.name)} TO chorda_reader`,
    ...(view === undefined ? [] : viewStatements(table.name, view)),
  ];
}

function viewStatements(table: string, view: string): readonly string[] {
  return [
    `CREATE VIEW ${quoted(view)} WITH (security_invoker = true) AS SELECT * FROM ${quoted(table)}`,
    `GRANT SELECT ON ${quoted(view)} TO chorda_reader`,
  ];
}

function checkKey({ name, key, columns }: TableShape, byDay: boolean): void {
  if (key[0] !== 'tenant_id') throw new TypeError(`${name}: the key begins with tenant_id, so that tenants stay apart`);
  for (const column of key) {
    const type = columns[column];
    if (type === undefined) throw new TypeError(`${name}: the key names ${column}, which is no column`);
    if (type.endsWith('?')) throw new TypeError(`${name}: ${column} is part of the key and cannot be null`);
  }
  if (byDay && !key.includes('record_time')) throw new TypeError(`${name}: cut by day, its key holds record_time`);
}

/** Names of the columns that may be null. */
export function nullableColumns({ columns }: TableShape): ReadonlySet<string> {
  return new Set(Object.keys(columns).filter((name) => columns[name]?.endsWith('?')));
}

/** Column types of read models, as code holds their values. `?` after a type: the column may be null. */
export interface ColumnValues {
  readonly text: string;
  readonly 'text[]': readonly string[];
  readonly int: number;
  /** A bigint column whose values stay below 2^53: counts, bytes, durations. */
  readonly count: number;
  readonly bigint: bigint;
  readonly double: number;
  /** An exact decimal number as text, such as `0.000125`: money. */
  readonly decimal: string;
  readonly boolean: boolean;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly bytes: Buffer;
}

export type BaseType = keyof ColumnValues;
export type ColumnType = BaseType | `${BaseType}?`;
export type Columns = Readonly<Record<string, ColumnType>>;

type ValueOf<Type extends ColumnType> = Type extends `${infer Base extends BaseType}?`
  ? ColumnValues[Base] | null
  : Type extends BaseType
    ? ColumnValues[Type]
    : never;

export type RowOf<C extends Columns> = { readonly [Name in keyof C]: ValueOf<C[Name]> };

/** A table of one projection version: what its migration made, in the words of code. */
export interface ReadModelTable<C extends Columns = Columns> {
  readonly name: string;
  /** The primary key; `tenant_id` leads. */
  readonly key: readonly (keyof C & string)[];
  readonly columns: C;
}

/** The same where the columns' names do not matter to the compiler. */
export interface TableShape {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: Columns;
}

export function defineTable<const C extends Columns>(table: ReadModelTable<C>): ReadModelTable<C> {
  return table;
}

export interface Column {
  readonly name: string;
  readonly type: BaseType;
}

const sqlTypes: Readonly<Record<BaseType, string>> = {
  text: 'text',
  'text[]': 'text[]',
  int: 'integer',
  count: 'bigint',
  bigint: 'bigint',
  double: 'double precision',
  decimal: 'numeric',
  boolean: 'boolean',
  timestamp: 'timestamptz',
  bytes: 'bytea',
};

export function columnsOf(table: TableShape): readonly Column[] {
  return Object.entries(table.columns).map(([name, type]) => ({ name, type: baseTypeOf(type) }));
}

export function sqlTypeOf(type: BaseType): string {
  return sqlTypes[type];
}

/** Column names of ours are words, but one of them is `offset`, which SQL keeps for itself. */
export function quoted(name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new TypeError(`Not a name of ours: ${name}`);
  return `"${name}"`;
}

function baseTypeOf(type: ColumnType): BaseType {
  return (type.endsWith('?') ? type.slice(0, -1) : type) as BaseType;
}

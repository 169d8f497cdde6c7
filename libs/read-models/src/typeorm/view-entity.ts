import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

/** Column types of views, as code gets their values. `?` after a type: the column may be null. */
interface ViewValues {
  readonly text: string;
  readonly 'text[]': string[];
  readonly int: number;
  /** A bigint that stays below 2^53: counts, bytes, durations. */
  readonly count: number;
  /** Decimal text: what lies past 2^53 is exact too. */
  readonly bigint: string;
  /** Decimal text, exact. */
  readonly decimal: string;
  readonly double: number;
  readonly boolean: boolean;
  readonly timestamp: Date;
  /** The text of any JSON value, as it was sent. */
  readonly json: string;
  readonly bytes: Buffer;
}

type BaseType = keyof ViewValues;
type ViewColumns = Readonly<Record<string, BaseType | `${BaseType}?`>>;

type ValueOf<Type> = Type extends `${infer Base extends BaseType}?`
  ? ViewValues[Base] | null
  : Type extends BaseType
    ? ViewValues[Type]
    : never;

export type RecordOf<C extends ViewColumns> = { readonly [Name in keyof C]: ValueOf<C[Name]> };

const count = {
  from: (value: string | null) => (value === null ? null : Number(value)),
  to: (value: unknown) => value,
};

const columnTypes: Readonly<Record<BaseType, EntitySchemaColumnOptions>> = {
  text: { type: 'text' },
  'text[]': { type: 'text', array: true },
  int: { type: 'int' },
  count: { type: 'bigint', transformer: count },
  bigint: { type: 'bigint' },
  decimal: { type: 'numeric' },
  double: { type: 'double precision' },
  boolean: { type: 'boolean' },
  timestamp: { type: 'timestamptz' },
  json: { type: 'text' },
  bytes: { type: 'bytea' },
};

/**
 * An entity that stands on a view, which shows the live version of its projection, and is read alone: `synchronize` is
 * off, and only migrations make tables. A schema and no decorated class, so that a process that runs from source needs no
 * decorator support.
 */
export function viewEntity<const C extends ViewColumns>(
  name: string,
  view: string,
  key: readonly (keyof C & string)[],
  columns: C,
): EntitySchema<RecordOf<C>> {
  const described = Object.entries(columns).map(([column, type]) => [column, optionsOf(type, key.includes(column))]);
  return new EntitySchema<RecordOf<C>>({ name, tableName: view, columns: Object.fromEntries(described) });
}

function optionsOf(type: ViewColumns[string], primary: boolean): EntitySchemaColumnOptions {
  const isNullable = type.endsWith('?');
  const base = columnTypes[(isNullable ? type.slice(0, -1) : type) as BaseType];
  return { ...base, ...(isNullable && { nullable: true }), ...(primary && { primary }) };
}

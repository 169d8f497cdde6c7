/**
 * What a value is, in SQL, in a filter and in JSON:
 * - `text`; `boolean`; `double` (a number); `integer` and `count` (a number that a double holds exactly);
 * - `bigint` and `decimal`: decimal text, exact;
 * - `timestamp`: RFC 3339; `texts`: an array; `json`: any value, its text as it was written.
 */
export type FieldType =
  'text' | 'boolean' | 'double' | 'integer' | 'count' | 'bigint' | 'decimal' | 'timestamp' | 'texts' | 'json';

export const filterOperators = ['eq', 'in', 'gt', 'gte', 'lt', 'lte'] as const;
export type FilterOperator = (typeof filterOperators)[number];

export interface ListField {
  readonly type: FieldType;
  /** For the API document. */
  readonly doc: string;
  /**
   * - `equal`: eq and in, each served by an index.
   * - `range`: eq, in and those of order, and only where the list is sorted by the field, so that an index bounds it.
   * - `member`: eq, of a list that holds the value. No index: row-level security comes before it, so rows that the other
   *   conditions found are looked through.
   */
  readonly filter?: 'equal' | 'range' | 'member';
  /** The only values a filter may have, where they are known. */
  readonly values?: readonly string[];
  /** May be null. Sorted by such a field, a list has the rows alone that have it: pages are cut by comparing rows. */
  readonly nullable?: boolean;
  /** Shown of a single item, never in a list: payloads may be large. */
  readonly isDetail?: boolean;
  /** A filter alone, never shown. */
  readonly isHidden?: boolean;
  /** The column, where it is not named as the field. */
  readonly column?: string;
}

export interface ListSort {
  /** The field that is sorted by; the key follows, so that no two rows are equal. */
  readonly field: string;
  /** Fields between it and the key, as the index has them. */
  readonly followedBy?: readonly string[];
  /** Left out: both directions. */
  readonly direction?: 'asc' | 'desc';
}

/**
 * One list of a read model. Everything that may be asked of it is said here: what is not declared is refused, and what is
 * declared has an index, which a spec checks for every filter and sort.
 */
export interface ListDefinition {
  /** Names the list in cursors: one for each list. */
  readonly name: string;
  /** View or table; `tenant_id` is its first key column. */
  readonly from: string;
  readonly fields: Readonly<Record<string, ListField>>;
  /** Fields that name one row of a tenant. */
  readonly key: readonly string[];
  readonly sorts: readonly ListSort[];
  /** `-started_at`. */
  readonly defaultSort: string;
  /** What the answer is made of: a read waits for these. */
  readonly projections: readonly string[];
  readonly pageSizeMax: number;
  /**
   * The table is in day partitions by this column, and every sort is by it: it is walked in windows of days, so that the
   * planner never looks at a year of partitions for a page of today's.
   */
  readonly dayPartitions?: { readonly field: string; readonly tables: string };
}

export interface Sort {
  readonly field: string;
  readonly isDescending: boolean;
}

/** A condition whose values have been checked against the field's type; they are text, as `pg` sends them. */
export interface ListCondition {
  readonly field: string;
  readonly operator: FilterOperator;
  readonly values: readonly string[];
}

export interface ListRequest {
  /** All hold together. */
  readonly conditions: readonly ListCondition[];
  /** Left out: the list's default. */
  readonly sort?: Sort;
  /** Where a page before ended: its `nextCursor`. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** @throws TypeError for a definition that could not be paged: a fault of ours, found when the module is loaded. */
export function defineList<const Definition extends ListDefinition>(definition: Definition): Definition {
  const declared: ListDefinition = definition;
  for (const { field } of declared.sorts) requireOrdered(declared, field);
  for (const field of [...declared.key, ...declared.sorts.flatMap(({ followedBy = [] }) => followedBy)]) {
    requireOrdered(declared, field);
    if (fieldOf(declared, field).nullable) throw new TypeError(`The list ${declared.name}: ${field} may be null`);
  }
  parseSort(declared, declared.defaultSort);
  return definition;
}

export function fieldOf(definition: ListDefinition, name: string): ListField {
  const field = Object.hasOwn(definition.fields, name) ? definition.fields[name] : undefined;
  if (field === undefined) throw new TypeError(`The list ${definition.name} has no field ${name}`);
  return field;
}

export function columnOf(definition: ListDefinition, name: string): string {
  return fieldOf(definition, name).column ?? name;
}

/** Every text that `sort` may be. */
export function sortTexts({ sorts }: ListDefinition): readonly string[] {
  return sorts.flatMap(({ field, direction }) => {
    const both = [`-${field}`, field];
    if (direction === undefined) return both;
    return direction === 'desc' ? [`-${field}`] : [field];
  });
}

/** @throws TypeError for a sort that the list has not; the door has refused it before. */
export function parseSort(definition: ListDefinition, text: string): Sort {
  if (!sortTexts(definition).includes(text)) throw new TypeError(`The list ${definition.name} has no sort ${text}`);
  return text.startsWith('-') ? { field: text.slice(1), isDescending: true } : { field: text, isDescending: false };
}

/** The fields that a page is ordered and cut by: the sort's, then those of the key that it does not name. */
export function orderFields(definition: ListDefinition, sort: Sort): readonly string[] {
  const { followedBy = [] } = definition.sorts.find(({ field }) => field === sort.field) ?? {};
  return [...new Set([sort.field, ...followedBy, ...definition.key])];
}

function requireOrdered(definition: ListDefinition, name: string): void {
  const field = fieldOf(definition, name);
  if (field.type === 'texts' || field.type === 'json' || field.isDetail || field.isHidden) {
    throw new TypeError(`The list ${definition.name} cannot be ordered by ${name}`);
  }
}

import type { TenantId } from '@chorda/kernel';
import {
  columnOf,
  fieldOf,
  orderFields,
  parseSort,
  type FieldType,
  type ListCondition,
  type ListDefinition,
  type ListRequest,
  type Sort,
} from './list-definition.js';

export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

export interface PageStatement extends Statement {
  /** Fields that a cursor is made of: the text of these, as the server wrote it, is exact where a `Date` is not. */
  readonly exactFields: readonly string[];
  /** With one condition its index is best whatever the value is; with several the values decide. */
  readonly hasOnePlan: boolean;
  /** Every filter has an index in the order of the default sort; by another sort, one that finds few rows is better sorted. */
  readonly isInIndexOrder: boolean;
}

/** A span of the partition column: from `fromMs` until before `toMs`. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

const castOf: Readonly<Record<FieldType, string>> = {
  text: 'text',
  boolean: 'boolean',
  double: 'float8',
  integer: 'int',
  count: 'bigint',
  bigint: 'bigint',
  decimal: 'numeric',
  timestamp: 'timestamptz',
  texts: 'text[]',
  json: 'text',
};

const comparisons = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/**
 * Up to so many values of an `in` are branches of their own, each read in the order of its index up to the limit. With
 * more, the rows are read in the order of the list and those of other values left out.
 */
const branchesMax = 8;

/** Every value is a parameter; names come from definitions, which are code. */
export class ListStatement {
  private readonly parameters: unknown[] = [];

  constructor(
    private readonly definition: ListDefinition,
    private readonly tenant: TenantId,
    private readonly conditions: readonly ListCondition[],
  ) {}

  /** One page: `limit` rows behind `after`. */
  page(page: {
    readonly sort: Sort;
    readonly after: readonly string[] | undefined;
    readonly limit: number;
    readonly window?: Window | undefined;
  }): PageStatement {
    const { definition } = this;
    const order = orderFields(definition, page.sort);
    const direction = page.sort.isDescending ? 'DESC' : 'ASC';
    const shared = [...this.windowTexts(page.window), ...this.presentTexts(page.sort), ...this.afterTexts(order, page)];
    const columns = [...new Set([...listedColumns(definition), ...order.map((field) => columnOf(definition, field))])];
    const names = columns.map(quoted).join(', ');
    // A number and no parameter: of a limit that it does not know, a plan for all values takes a tenth of all rows to be
    // wanted, and may sort them.
    const limit = wholeNumber(page.limit);
    const from = (texts: readonly string[]) =>
      `SELECT ${names} FROM ${quoted(definition.from)} WHERE ${[...texts, ...shared].join(' AND ')}`;
    const inner = order.map((field) => `${quoted(columnOf(definition, field))} ${direction}`).join(', ');
    const branches = this.branches();
    // Each branch ends at the limit, so what is put in order is a few pages at most, however many rows there are.
    const rows =
      branches.length === 1
        ? from(branches[0] ?? [])
        : branches.map((texts) => `(${from(texts)} ORDER BY ${inner} LIMIT ${limit})`).join(' UNION ALL ');
    const ordered = order.map((field) => `list.${quoted(columnOf(definition, field))} ${direction}`).join(', ');
    const text =
      `SELECT ${shownColumns(definition, 'list').join(', ')} FROM (${rows}) AS list ` +
      `ORDER BY ${ordered} LIMIT ${limit}`;
    const hasOnePlan = this.conditions.length <= 1;
    const usual = parseSort(definition, definition.defaultSort).field;
    const isInIndexOrder = page.sort.field === usual || this.conditions.every(({ field }) => field === page.sort.field);
    return { text, parameters: this.parameters, exactFields: order, hasOnePlan, isInIndexOrder };
  }

  /** How many rows the conditions hold for. */
  count(): Statement {
    const texts = this.branches(1)[0] ?? [];
    const text = `SELECT count(*)::text AS count FROM ${quoted(this.definition.from)} WHERE ${texts.join(' AND ')}`;
    return { text, parameters: this.parameters };
  }

  /** What the planner expects, without reading a row. */
  estimate(): Statement {
    const texts = this.branches(1)[0] ?? [];
    const text = `EXPLAIN (FORMAT JSON) SELECT FROM ${quoted(this.definition.from)} WHERE ${texts.join(' AND ')}`;
    return { text, parameters: this.parameters };
  }

  /** The row of the conditions, whole. */
  one(): Statement {
    const texts = this.branches(1)[0] ?? [];
    const columns = shownFields(this.definition).map((field) => shownColumn(this.definition, field, ''));
    const text = `SELECT ${columns.join(', ')} FROM ${quoted(this.definition.from)} WHERE ${texts.join(' AND ')} LIMIT 1`;
    return { text, parameters: this.parameters };
  }

  private branches(most = branchesMax): readonly (readonly string[])[] {
    const tenant = `tenant_id = ${this.parameter(this.tenant)}`;
    // Of several, the one with the fewest values; the others are looked up in what it found.
    const [split] = this.conditions
      .filter(({ values }) => values.length > 1 && values.length <= most)
      .toSorted((one, other) => one.values.length - other.values.length);
    const texts = [tenant, ...this.conditions.filter((each) => each !== split).map((each) => this.conditionText(each))];
    if (split === undefined) return [texts];
    return split.values.map((value) => [...texts, this.conditionText({ ...split, operator: 'eq', values: [value] })]);
  }

  private conditionText({ field, operator, values }: ListCondition): string {
    const { type, filter } = fieldOf(this.definition, field);
    const cast = castOf[type];
    const column = quoted(columnOf(this.definition, field));
    const [first] = values;
    if (filter === 'member') return `${this.parameter(first)} = ANY (${column})`;
    if (operator === 'in' && values.length !== 1) return `${column} = ANY (${this.parameter(values)}::${cast}[])`;
    return `${column} ${comparisons[operator === 'in' ? 'eq' : operator]} ${this.parameter(first)}::${cast}`;
  }

  private presentTexts({ field }: Sort): readonly string[] {
    return fieldOf(this.definition, field).nullable ? [`${quoted(columnOf(this.definition, field))} IS NOT NULL`] : [];
  }

  private windowTexts(window: Window | undefined): readonly string[] {
    const { dayPartitions } = this.definition;
    if (window === undefined || dayPartitions === undefined) return [];
    const column = quoted(columnOf(this.definition, dayPartitions.field));
    const [from, to] = [window.fromMs, window.toMs].map((ms) => this.parameter(new Date(ms).toISOString()));
    return [`${column} >= ${from}::timestamptz`, `${column} < ${to}::timestamptz`];
  }

  /** Rows are compared whole, so the index is entered at the very row: the thousandth page costs what the first does. */
  private afterTexts(
    order: readonly string[],
    { sort, after }: { readonly sort: Sort; readonly after: readonly string[] | undefined },
  ): readonly string[] {
    if (after === undefined) return [];
    const columns = order.map((field) => quoted(columnOf(this.definition, field)));
    const values = order.map(
      (field, index) => `${this.parameter(after[index])}::${castOf[fieldOf(this.definition, field).type]}`,
    );
    return [`(${columns.join(', ')}) ${sort.isDescending ? '<' : '>'} (${values.join(', ')})`];
  }

  private parameter(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }
}

/** The statement of a request's page, for whoever explains it. */
export function pageStatement(
  definition: ListDefinition,
  tenant: TenantId,
  request: ListRequest & {
    readonly sort: Sort;
    readonly after: readonly string[] | undefined;
    readonly window?: Window;
  },
): PageStatement {
  const { conditions, sort, after, limit, window } = request;
  return new ListStatement(definition, tenant, conditions).page({ sort, after, limit, window });
}

function wholeNumber(limit: number): string {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new TypeError(`Not a limit of ours: ${limit}`);
  return String(limit);
}

function listedColumns(definition: ListDefinition): readonly string[] {
  return listedFields(definition).map((field) => columnOf(definition, field));
}

export function listedFields({ fields }: ListDefinition): readonly string[] {
  return Object.keys(fields).filter((name) => fields[name]?.isDetail !== true && fields[name]?.isHidden !== true);
}

/** What a single item shows. */
export function shownFields({ fields }: ListDefinition): readonly string[] {
  return Object.keys(fields).filter((name) => fields[name]?.isHidden !== true);
}

function shownColumns(definition: ListDefinition, table: string): readonly string[] {
  return listedFields(definition).map((field) => shownColumn(definition, field, `${table}.`));
}

/** JSON is read as its text: parsed, its numbers would be rounded. */
function shownColumn(definition: ListDefinition, field: string, table: string): string {
  const column = `${table}${quoted(columnOf(definition, field))}`;
  return fieldOf(definition, field).type === 'json'
    ? `${column}::text AS ${quoted(field)}`
    : `${column} AS ${quoted(field)}`;
}

function quoted(name: string): string {
  if (!/^~?[a-z_][a-z0-9_]*$/.test(name)) throw new TypeError(`Not a name of ours: ${name}`);
  return `"${name}"`;
}

import { parseTimestamp } from '@chorda/contracts';
import type { Issue } from '@chorda/kernel';
import {
  fieldOf,
  filterOperators,
  parseSort,
  sortTexts,
  type FilterOperator,
  type ListCondition,
  type ListDefinition,
  type ListField,
  type ListRequest,
  type Sort,
} from '@chorda/read-models';
import { isPosition, waitMsMax } from '../events/read-your-writes.query.js';
import { pointerToken } from '../http/json-pointer.js';
import { Problem } from '../http/problem.js';

/** As many as a tail takes: all event types of an area have room. */
export const valuesMax = 200;
export const valueLengthMax = 1_024;
const cursorLengthMax = 8_192;
const positionsMax = 64;
const positionLengthMax = 16_384;
export const limitDefault = 50;
export const waitMsDefault = 5_000;

export type CountWish = 'none' | 'estimated' | 'exact';

/** What a route adds to its list. */
export interface ListOptions {
  /** Conditions of the path: `/v1/runs/{id}/steps`. */
  readonly fixed?: readonly ListCondition[];
  /** Parameters that stand for another: `from` for `recorded_time=gte.`. */
  readonly aliases?: Readonly<Record<string, { readonly field: string; readonly operator: FilterOperator }>>;
  /** Fields whose bare value may be several, separated by commas. */
  readonly commaLists?: readonly string[];
  /** A rule that values of a field must follow beside those of its type; undefined where they do. */
  readonly rules?: Readonly<Record<string, (value: string) => string | undefined>>;
}

export interface ListQuery {
  readonly request: ListRequest;
  readonly count: CountWish;
  readonly positions: readonly string[];
  readonly waitMs: number;
}

/**
 * Reads the parameters of a list: `field=value`, `field=op.value`, `sort`, `cursor`, `limit`, `count`, `min_position`,
 * `wait`. A value that begins with an operator's name and a point is read as one; to look for such a text write
 * `eq.` before it.
 *
 * @throws {@link Problem} `INVALID_REQUEST` with every parameter that breaks a rule, and the rule.
 */
export function parseListQuery(
  definition: ListDefinition,
  raw: Readonly<Record<string, unknown>>,
  options: ListOptions = {},
): ListQuery {
  const reading = new QueryReading(definition, raw, options);
  const query = reading.read();
  if (reading.issues.length > 0) throw invalidRequest(reading.issues);
  return query;
}

export interface ItemQuery {
  readonly positions: readonly string[];
  readonly waitMs: number;
  /** Those of its own that were given. */
  readonly own: ReadonlyMap<string, string>;
}

/** What a read of one item takes: `min_position`, `wait`, and texts of its own. */
export function parseItemQuery(raw: Readonly<Record<string, unknown>>, own: readonly string[] = []): ItemQuery {
  const issues: Issue[] = [];
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'min_position' || name === 'wait') continue;
    if (!own.includes(name)) issues.push({ pointer: pointerTo(name), detail: 'is not a parameter of this address' });
    else if (typeof value !== 'string') issues.push({ pointer: pointerTo(name), detail: 'may be given once' });
    else if (isText(value)) texts.set(name, value);
    else issues.push({ pointer: pointerTo(name), detail: textRule });
  }
  const positions = positionsIn(raw, issues);
  const waitMs = wholeNumberIn(raw, 'wait', { min: 0, max: waitMsMax, otherwise: waitMsDefault }, issues);
  if (issues.length > 0) throw invalidRequest(issues);
  return { positions, waitMs, own: texts };
}

const textRule = `must have 1 to ${valueLengthMax} characters, none of them U+0000, which no stored text has`;

/** Whether a stored text may be this. */
export function isText(value: string): boolean {
  return value.length > 0 && value.length <= valueLengthMax && !value.includes('\0');
}

export function invalidRequest(issues: readonly Issue[]): Problem {
  const detail = issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ');
  return new Problem('INVALID_REQUEST', detail, { issues });
}

const settings: ReadonlySet<string> = new Set(['sort', 'cursor', 'limit', 'count', 'min_position', 'wait']);

class QueryReading {
  readonly issues: Issue[] = [];
  private readonly conditions: ListCondition[] = [];

  constructor(
    private readonly definition: ListDefinition,
    private readonly raw: Readonly<Record<string, unknown>>,
    private readonly options: ListOptions,
  ) {}

  read(): ListQuery {
    for (const [name, value] of Object.entries(this.raw)) if (!settings.has(name)) this.readFilter(name, value);
    const sort = this.sort();
    this.requireRangesOf(sort);
    const cursor = this.single('cursor');
    if (cursor !== undefined && (cursor === '' || cursor.length > cursorLengthMax)) {
      this.refuse('cursor', `must have 1 to ${cursorLengthMax} characters`);
    }
    const { pageSizeMax } = this.definition;
    const limits = { min: 1, max: pageSizeMax, otherwise: Math.min(limitDefault, pageSizeMax) };
    return {
      request: {
        conditions: [...(this.options.fixed ?? []), ...this.conditions],
        sort,
        cursor,
        limit: wholeNumberIn(this.raw, 'limit', limits, this.issues),
      },
      count: this.count(),
      positions: positionsIn(this.raw, this.issues),
      waitMs: wholeNumberIn(this.raw, 'wait', { min: 0, max: waitMsMax, otherwise: waitMsDefault }, this.issues),
    };
  }

  private readFilter(name: string, value: unknown): void {
    const { aliases = {} } = this.options;
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    const field = alias?.field ?? name;
    const isFilter =
      Object.hasOwn(this.definition.fields, field) && fieldOf(this.definition, field).filter !== undefined;
    if (!isFilter) return this.refuse(name, `is not a filter of this list; it has ${filtersOf(this.definition)}`);
    const texts = Array.isArray(value) ? value : [value];
    for (const text of texts) {
      if (typeof text !== 'string') return this.refuse(name, 'must be text');
      if (alias === undefined) this.readCondition(name, text);
      else this.add(name, { field, operator: alias.operator, values: [text] });
    }
  }

  private readCondition(name: string, text: string): void {
    const operator = filterOperators.find((each) => text.startsWith(`${each}.`));
    const value = operator === undefined ? text : text.slice(operator.length + 1);
    const isList = operator === 'in' || (operator === undefined && (this.options.commaLists ?? []).includes(name));
    const values = isList ? commaSeparated(value) : [value];
    if (values === undefined) return this.refuse(name, 'has a quotation mark that does not end');
    if (values.length > valuesMax) return this.refuse(name, `must have at most ${valuesMax} values`);
    const chosen = operator ?? (values.length > 1 ? 'in' : 'eq');
    this.add(name, { field: name, operator: chosen, values: [...new Set(values)] });
  }

  private add(name: string, condition: ListCondition): void {
    const field = fieldOf(this.definition, condition.field);
    const isRange = condition.operator !== 'eq' && condition.operator !== 'in';
    if (isRange && field.filter !== 'range') return this.refuse(name, 'takes the operators eq and in');
    if (field.filter === 'member' && condition.values.length > 1) return this.refuse(name, 'takes one value');
    const family = ({ operator }: ListCondition) => (operator === 'in' ? 'eq' : operator.slice(0, 2));
    if (this.conditions.some((known) => known.field === condition.field && family(known) === family(condition))) {
      return this.refuse(name, `may have ${condition.operator} once`);
    }
    const values = condition.values.map((value) => this.checked(name, condition.field, field, value));
    if (values.every((value) => value !== undefined)) this.conditions.push({ ...condition, values });
  }

  /** The value as the statement takes it, or undefined where it breaks a rule. */
  private checked(name: string, fieldName: string, field: ListField, value: string): string | undefined {
    const ruleOf = this.options.rules?.[fieldName];
    const checked = checkedValue(field, value);
    const rule = 'rule' in checked ? checked.rule : ruleOf?.(value);
    if (rule === undefined && 'value' in checked) return checked.value;
    this.refuse(name, rule ?? 'is not a value of this field');
    return undefined;
  }

  private sort(): Sort {
    const text = this.single('sort');
    const sorts = sortTexts(this.definition);
    if (text !== undefined && !sorts.includes(text)) this.refuse('sort', `must be one of ${sorts.join(', ')}`);
    const isKnown = text !== undefined && sorts.includes(text);
    return parseSort(this.definition, isKnown ? text : this.definition.defaultSort);
  }

  /** By another order a range bounds nothing: rows outside it would all be read and left out. */
  private requireRangesOf(sort: Sort): void {
    for (const { field, operator } of this.conditions) {
      if (operator === 'eq' || operator === 'in' || field === sort.field) continue;
      this.refuse(field, `takes ${operator} where the list is sorted by it: add sort=-${field}`);
    }
  }

  private count(): CountWish {
    const text = this.single('count') ?? 'none';
    if (text === 'none' || text === 'estimated' || text === 'exact') return text;
    this.refuse('count', 'must be one of none, estimated, exact');
    return 'none';
  }

  private single(name: string): string | undefined {
    const value = this.raw[name];
    if (value === undefined || typeof value === 'string') return value;
    this.refuse(name, 'may be given once');
    return undefined;
  }

  private refuse(name: string, detail: string): void {
    this.issues.push({ pointer: pointerTo(name), detail });
  }
}

function filtersOf({ fields }: ListDefinition): string {
  const names = Object.keys(fields).filter((name) => fields[name]?.filter !== undefined);
  return names.length === 0 ? 'none' : names.join(', ');
}

const int64Max = 2n ** 63n - 1n;

function checkedValue(field: ListField, value: string): { readonly value: string } | { readonly rule: string } {
  if (!isText(value)) return { rule: textRule };
  if (field.values !== undefined && !field.values.includes(value))
    return { rule: `must be one of ${field.values.join(', ')}` };
  switch (field.type) {
    case 'boolean':
      return value === 'true' || value === 'false' ? { value } : { rule: 'must be true or false' };
    case 'timestamp': {
      const ms = parseTimestamp(value);
      return ms === undefined
        ? { rule: 'must be an RFC 3339 time, such as 2026-11-21T12:00:00Z' }
        : { value: new Date(ms).toISOString() };
    }
    case 'integer':
    case 'count':
    case 'bigint': {
      const bound = field.type === 'integer' ? 2n ** 31n - 1n : int64Max;
      const isWhole = /^-?\d{1,19}$/.test(value) && BigInt(value) <= bound && BigInt(value) >= -bound;
      return isWhole ? { value } : { rule: `must be a whole number of at most ${bound}` };
    }
    case 'decimal':
    case 'double':
      return /^-?\d{1,30}(?:\.\d{1,30})?$/.test(value) ? { value } : { rule: 'must be a decimal number, such as 12.5' };
    case 'text':
    case 'texts':
    case 'json':
      return { value };
  }
}

/** `a,b` or `"a,b",c`; within quotation marks a backslash takes the next character as it is. One pass. */
export function commaSeparated(text: string): readonly string[] | undefined {
  const values: string[] = [];
  let value = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (isQuoted && character === '\\' && at + 1 < text.length) {
      at += 1;
      value += text.charAt(at);
    } else if (character === '"' && (isQuoted || value === '')) isQuoted = !isQuoted;
    else if (character === ',' && !isQuoted) {
      values.push(value);
      value = '';
    } else value += character;
  }
  return isQuoted ? undefined : [...values, value];
}

function wholeNumberIn(
  raw: Readonly<Record<string, unknown>>,
  name: string,
  { min, max, otherwise }: { readonly min: number; readonly max: number; readonly otherwise: number },
  issues: Issue[],
): number {
  const value = raw[name];
  if (value === undefined) return otherwise;
  if (typeof value === 'string' && /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) {
    return Number(value);
  }
  issues.push({ pointer: pointerTo(name), detail: `must be a whole number from ${min} to ${max}` });
  return otherwise;
}

function positionsIn(raw: Readonly<Record<string, unknown>>, issues: Issue[]): readonly string[] {
  const value = raw['min_position'];
  if (value === undefined) return [];
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const positions = texts.filter(
    (text): text is string =>
      typeof text === 'string' && text.length > 0 && text.length <= positionLengthMax && isPosition(text),
  );
  if (positions.length < texts.length || positions.length > positionsMax) {
    const detail = `must be positions that writes answered with, at most ${positionsMax}`;
    issues.push({ pointer: '/min_position', detail });
  }
  return positions;
}

/** A name of the caller's own making is shown, but never at any length. */
function pointerTo(name: string): string {
  return `/${pointerToken(name.slice(0, 100))}`;
}

import type { Agent, DeadLetter, Execution, Run, Schedule, Step, Task } from './generated/answers.js';
import { isObject, type Http, type Query } from './http.js';
import { UnexpectedAnswerError } from './errors.js';

/** Lists of read models; the items are those that `/openapi.json` describes. */
export const listPaths = {
  agents: '/v1/agents',
  executions: '/v1/executions',
  runs: '/v1/runs',
  steps: '/v1/steps',
  tasks: '/v1/tasks',
  schedules: '/v1/schedules',
  deadLetters: '/v1/dead-letters',
} as const;
export type ListName = keyof typeof listPaths;

/** What each list holds. */
export interface ListItems {
  readonly agents: Agent;
  readonly executions: Execution;
  readonly runs: Run;
  readonly steps: Step;
  readonly tasks: Task;
  readonly schedules: Schedule;
  readonly deadLetters: DeadLetter;
}

/** A value, or one with an operator: `{ gte: '2026-11-21T00:00:00Z' }`, `{ in: ['failed', 'cancelled'] }`. */
export type FilterValue =
  | string
  | number
  | boolean
  | { readonly [Operator in 'eq' | 'gt' | 'gte' | 'lt' | 'lte']?: string | number | boolean | Date }
  | { readonly in: readonly string[] };

export interface ListOptions {
  /** By field; all hold together. */
  readonly where?: Readonly<Record<string, FilterValue>>;
  /** `-started_at` is descending. */
  readonly sort?: string;
  /** Items of one page. */
  readonly limit?: number;
  readonly cursor?: string;
  readonly count?: 'none' | 'estimated' | 'exact';
  /** Of a write that the answer must have seen. */
  readonly minPosition?: string | readonly string[];
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export type ListItem = Readonly<Record<string, unknown>>;

/** Why an answer may lack something. */
export interface Incompleteness {
  readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  readonly projection: string;
  readonly detail: string;
}

export interface ListPage<Item = ListItem> {
  readonly items: readonly Item[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
  /** False where the read model may lack something: an empty page is then no proof. */
  readonly complete: boolean;
  readonly incomplete: readonly Incompleteness[];
  readonly count: { readonly value: string; readonly kind: 'exact' | 'estimated' } | undefined;
}

/** The items one by one, or page by page. Each loop asks anew. */
export interface Listing<Item = ListItem> extends AsyncIterable<Item> {
  pages(): AsyncIterable<ListPage<Item>>;
}

export type ReadOneOptions = Pick<ListOptions, 'minPosition' | 'waitMs' | 'signal'>;

export interface UsageQuery {
  /** Default: by model. None: all of the tenant. */
  readonly groupBy?: readonly ('tenant' | 'agent' | 'workflow' | 'provider' | 'model' | 'hour' | 'day')[];
  /** Default: a day before `to`. */
  readonly from?: Date | string;
  /** Default: now. */
  readonly to?: Date | string;
  readonly agentId?: string;
  readonly workflowId?: string;
  readonly provider?: string;
  readonly model?: string;
  /** Groups at most. */
  readonly limit?: number;
}

const waitMsDefault = 5_000;

export function listing<Item = ListItem>(http: Http, path: string, options: ListOptions): Listing<Item> {
  const pages = () => pagesOf<Item>(http, path, options);
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) yield* page.items;
    },
  };
}

/** One read, as JSON. */
export async function readOne(
  http: Http,
  path: string,
  options: ReadOneOptions & { readonly query?: Query } = {},
): Promise<ListItem> {
  const { minPosition, waitMs, signal, query = {} } = options;
  const body = await http.json({
    method: 'GET',
    path,
    query: { ...query, min_position: minPosition, wait: waitMs },
    signal,
    waitMs: minPosition === undefined ? 0 : (waitMs ?? waitMsDefault),
  });
  if (!isObject(body)) throw new UnexpectedAnswerError(path, 200, 'no object');
  return body;
}

async function* pagesOf<Item>(
  http: Http,
  path: string,
  options: ListOptions,
): AsyncGenerator<ListPage<Item>, void, undefined> {
  let cursor = options.cursor;
  do {
    const { sort, limit, count } = options;
    const query: Query = { ...filterQuery(options.where ?? {}), sort, limit, count, cursor };
    const page = pageOf<Item>(path, await readOne(http, path, { ...options, query }));
    yield page;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Always with its operator, so that no value is read as one. */
function filterQuery(where: Readonly<Record<string, FilterValue>>): Query {
  return Object.fromEntries(
    Object.entries(where).map(([field, value]) => {
      if (typeof value !== 'object') return [field, `eq.${value}`];
      if ('in' in value) return [field, `in.${value.in.map(quoted).join(',')}`];
      return [field, Object.entries(value).map(([operator, each]) => `${operator}.${textOf(each)}`)];
    }),
  );
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

function textOf(value: string | number | boolean | Date): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

function pageOf<Item>(path: string, body: ListItem): ListPage<Item> {
  const { items, next_cursor: next, complete, incomplete, count } = body;
  if (!Array.isArray(items)) throw new UnexpectedAnswerError(path, 200, 'no list');
  return {
    items: items as readonly Item[],
    nextCursor: typeof next === 'string' ? next : undefined,
    complete: complete !== false,
    incomplete: Array.isArray(incomplete) ? (incomplete as readonly Incompleteness[]) : [],
    count: countOf(count),
  };
}

function countOf(count: unknown): ListPage['count'] {
  if (!isObject(count) || typeof count['value'] !== 'string') return undefined;
  return { value: count['value'], kind: count['kind'] === 'exact' ? 'exact' : 'estimated' };
}

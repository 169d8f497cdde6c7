import {
  fieldOf,
  listedFields,
  shownFields,
  sortTexts,
  type FieldType,
  type ListDefinition,
} from '@chorda/read-models';
import type { ProblemCode } from '../http/problem.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse, positionParameters, queryParameter } from '../reference/operation-parts.js';
import { limitDefault } from './list-query.js';

const jsonTypes: Readonly<Record<FieldType, Readonly<Record<string, unknown>>>> = {
  text: { type: 'string' },
  boolean: { type: 'boolean' },
  double: { type: 'number' },
  integer: { type: 'integer' },
  count: { type: 'integer' },
  bigint: { type: 'string', pattern: '^-?[0-9]+$' },
  decimal: { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]+)?$' },
  timestamp: { type: 'string', format: 'date-time' },
  texts: { type: 'array', items: { type: 'string' } },
  json: {},
};

export const readProblems: readonly ProblemCode[] = ['OVERLOADED', 'QUERY_TIMEOUT'];

const standingHeaders = {
  'Projection-Position': {
    description: 'Everything up to here is in the answer; give it to `min_position` of another read',
    schema: { type: 'string' },
  },
  'Projection-Lag-Ms': {
    description: 'Age of the oldest event that is not in the answer; left out where the brokers could not be asked',
    schema: { type: 'integer' },
  },
  ETag: { description: 'Of this answer; send it as `If-None-Match`', schema: { type: 'string' } },
};

const notModified = { description: 'The answer is the one that `If-None-Match` names' };
const ifNoneMatch = {
  name: 'If-None-Match',
  in: 'header' as const,
  required: false,
  description: '`ETag` of an earlier answer: 304 where nothing has changed',
  schema: { type: 'string' },
};

export interface ListDocument {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Of the page, in `components.schemas`. */
  readonly schema: string;
  readonly example?: unknown;
  readonly path?: readonly string[];
  /** Parameters that stand for others, with what they mean. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** A list in the API document, from its declaration alone. */
export function listOperation(definition: ListDefinition, document: ListDocument): OperationDocument {
  const { operationId, tag, summary, schema, example, path = [], aliases = {} } = document;
  const sorts = sortTexts(definition);
  return {
    operationId,
    tags: [tag],
    summary,
    description: [document.description, filterRules].filter(Boolean).join('\n\n'),
    parameters: [
      ...path.map(pathParameter),
      ...filterParameters(definition),
      ...Object.entries(aliases).map(([name, description]) => queryParameter(name, description)),
      queryParameter('sort', 'Order; `-` is descending', { enum: sorts, default: definition.defaultSort }),
      ...pageParameters(definition.pageSizeMax),
      queryParameter('count', 'How many there are: `exact` is answered as `estimated` where counting takes too long', {
        enum: ['none', 'estimated', 'exact'],
        default: 'none',
      }),
      ...readParameters,
    ],
    responses: readResponses(jsonResponse('A page', schema, example)),
    problems: readProblems,
  };
}

/** One item of a list in the API document. */
export function itemOperation(document: Omit<ListDocument, 'aliases'>): OperationDocument {
  const { operationId, tag, summary, description, schema, example, path = ['id'] } = document;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [...path.map(pathParameter), ...readParameters],
    responses: readResponses(jsonResponse('The item', schema, example)),
    problems: ['NOT_FOUND', ...readProblems],
  };
}

export function readResponses(ok: ReturnType<typeof jsonResponse>): OperationDocument['responses'] {
  return { '200': { ...ok, headers: standingHeaders }, '304': notModified };
}

export const readParameters = [...positionParameters, ifNoneMatch];

export function pageParameters(limitMax: number) {
  return [
    queryParameter('cursor', '`next_cursor` of the page before, with the same filters and sort'),
    queryParameter('limit', 'Items a page', { type: 'integer', minimum: 1, maximum: limitMax, default: limitDefault }),
  ];
}

export function pathParameter(name: string) {
  return { name, in: 'path' as const, required: true, schema: { type: 'string' } };
}

const filterRules =
  'Filters: `field=value` or `field=op.value`, all holding together. Operators: `eq`, `in` (values separated by commas, ' +
  'in quotation marks where one holds a comma), and `gt`, `gte`, `lt`, `lte` of the field that the list is sorted by. A ' +
  'value that itself begins like `eq.` needs `eq.` before it.\n\n' +
  '`complete: false` says that the read model may lack something, and why: an empty page is then no proof.';

/** A filter is text, since an operator may stand before the value; these say what the value looks like. */
const filterExamples: Readonly<Record<FieldType, readonly string[]>> = {
  text: ['AGENT-1'],
  texts: ['AGENT-1'],
  json: ['AGENT-1'],
  boolean: ['true', 'false'],
  integer: ['3'],
  count: ['3'],
  bigint: ['3'],
  double: ['0.5'],
  decimal: ['0.5'],
  timestamp: ['2026-11-21T09:30:00Z'],
};

function filterParameters(definition: ListDefinition) {
  return Object.entries(definition.fields).flatMap(([name, { doc, type, filter, values }]) => {
    if (filter === undefined) return [];
    const operators = { equal: 'eq, in', range: 'eq, gt, gte, lt, lte', member: 'eq' }[filter];
    const schema = { type: 'string', examples: values ?? filterExamples[type] };
    return [queryParameter(name, `${doc}. Operators: ${operators}`, schema)];
  });
}

/** `Run` and `RunPage`, for `components.schemas`. An item of a page has not the members marked as details. */
export function listSchemas(name: string, definition: ListDefinition, description: string): Record<string, unknown> {
  const listed = listedFields(definition);
  return {
    [name]: {
      type: 'object',
      description,
      required: listed,
      properties: Object.fromEntries(shownFields(definition).map((field) => [field, fieldSchema(definition, field)])),
    },
    [`${name}Page`]: pageSchema(name),
  };
}

export function pageSchema(item: string): Record<string, unknown> {
  return {
    type: 'object',
    required: ['items', 'next_cursor', 'complete'],
    properties: {
      items: { type: 'array', items: { $ref: `#/components/schemas/${item}` } },
      next_cursor: { type: ['string', 'null'], description: 'Give it as `cursor` for the next page; null at the end' },
      count: {
        type: 'object',
        required: ['value', 'kind'],
        properties: { value: { type: 'string' }, kind: { enum: ['exact', 'estimated'] } },
      },
      ...completenessProperties,
    },
  };
}

export const completenessProperties = {
  complete: { type: 'boolean', description: 'False where the read model may lack something' },
  reason: {
    enum: ['lagging', 'parked', 'dead_lettered', 'stopped', 'rebuilding'],
    description: 'Why not complete: the first of `incomplete`',
  },
  projection: { type: 'string', description: 'Which projection that is about' },
  incomplete: {
    type: 'array',
    description: 'Every reason',
    items: {
      type: 'object',
      required: ['reason', 'projection', 'detail'],
      properties: {
        reason: { enum: ['lagging', 'parked', 'dead_lettered', 'stopped', 'rebuilding'] },
        projection: { type: 'string' },
        detail: { type: 'string' },
      },
    },
  },
};

function fieldSchema(definition: ListDefinition, name: string): Record<string, unknown> {
  const { type, doc, nullable } = fieldOf(definition, name);
  const shape = jsonTypes[type];
  const nullableShape = 'type' in shape ? { ...shape, type: [shape['type'], 'null'] } : shape;
  return { ...(nullable ? nullableShape : shape), description: doc };
}

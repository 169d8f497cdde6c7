import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

const example = {
  name: 'external.webhook',
  key: 'tenant/subject',
  retention_ms: 7_776_000_000,
  exists: true,
  partition_count: 1,
  replication_factor: 3,
  records: '41',
  config: { 'retention.ms': '7776000000' },
  partitions: [{ partition: 0, start_offset: '6', end_offset: '47', records: '41' }],
  projections: [{ name: 'journal', lag_events: '0', lag_seconds: 0 }],
};

export const topicsOperation: OperationDocument = {
  operationId: 'listTopics',
  tags: ['system'],
  summary: 'Topics of the catalogue and those made from its patterns, as the brokers have them',
  description:
    'Of all tenants: a topic belongs to none. `records` is the span of offsets, an upper bound of what is kept. At most ' +
    'two seconds old.',
  responses: { '200': jsonResponse('The topics', 'Topics', { items: [example] }) },
  problems: [],
};

export const topicOperation: OperationDocument = {
  operationId: 'getTopic',
  tags: ['system'],
  summary: 'One topic with its partitions, offsets and the lag of each projection that reads it',
  parameters: [pathParameter('name')],
  responses: { '200': jsonResponse('The topic', 'Topic', example) },
  problems: ['NOT_FOUND'],
};

const decimal = { type: 'string', description: 'Decimal' };

export const topicSchemas = {
  Topic: {
    type: 'object',
    required: Object.keys(example),
    properties: {
      name: { type: 'string' },
      key: { type: 'string', description: 'What record keys are made of' },
      retention_ms: { type: ['integer', 'null'], description: 'Null: for ever' },
      exists: { type: 'boolean', description: 'False: `chorda topics apply` has still to make it' },
      partition_count: { type: 'integer' },
      replication_factor: { type: ['integer', 'null'] },
      records: decimal,
      config: { type: 'object', additionalProperties: { type: 'string' } },
      partitions: {
        type: 'array',
        items: {
          type: 'object',
          required: ['partition', 'start_offset', 'end_offset', 'records'],
          properties: { partition: { type: 'integer' }, start_offset: decimal, end_offset: decimal, records: decimal },
        },
      },
      projections: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'lag_events', 'lag_seconds'],
          properties: {
            name: { type: 'string' },
            lag_events: { type: ['string', 'null'] },
            lag_seconds: { type: ['number', 'null'] },
          },
        },
      },
    },
  },
  Topics: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Topic' } } },
  },
};

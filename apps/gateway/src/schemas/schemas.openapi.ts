import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

const example = {
  type: 'agent.executed',
  kind: 'fact',
  topic: 'agent.events',
  record: 'agent.Executed',
  doc: 'An execution of an agent ended well, whoever ran it.',
  command: null,
  data_schema: 'urn:chorda:schema:agent.Executed:5dc89e46…',
  origin: 'catalogue',
};
const avro = { type: 'record', name: 'Executed', namespace: 'agent', fields: [] };

export const schemasOperation: OperationDocument = {
  operationId: 'listSchemas',
  tags: ['schemas'],
  summary: 'Every event type: its kind, topic and meaning',
  responses: { '200': jsonResponse('The types', 'EventTypes', { items: [example] }) },
  problems: [],
};

export const schemaOperation: OperationDocument = {
  operationId: 'getSchema',
  tags: ['schemas'],
  summary: 'One event type with its Avro schema and every released version',
  parameters: [pathParameter('type')],
  responses: {
    '200': jsonResponse('The type', 'EventTypeSchema', { ...example, avro, versions: [{ version: 1, avro }] }),
  },
  problems: ['NOT_FOUND'],
};

const summary = {
  type: { type: 'string' },
  kind: { enum: ['fact', 'decision'], description: 'A fact is sent; a decision is made by a command' },
  topic: { type: 'string' },
  record: { type: 'string', description: 'Full name in Avro' },
  doc: { type: 'string' },
  command: { type: ['string', 'null'], description: 'What decides it' },
  data_schema: { type: 'string', description: 'Names the schema that the gateway writes with' },
  origin: { enum: ['catalogue', 'registered'] },
};

export const schemaSchemas = {
  EventTypeSummary: { type: 'object', required: Object.keys(summary), properties: summary },
  EventTypes: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/EventTypeSummary' } } },
  },
  EventTypeSchema: {
    type: 'object',
    required: [...Object.keys(summary), 'avro', 'versions'],
    properties: {
      ...summary,
      avro: { type: 'object', description: 'The schema of now, Avro' },
      versions: {
        type: 'array',
        description: 'Released versions, oldest first',
        items: {
          type: 'object',
          required: ['version', 'avro'],
          properties: { version: { type: 'integer' }, avro: { type: 'object' } },
        },
      },
    },
  },
};

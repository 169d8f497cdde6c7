import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse, queryParameter } from '../reference/operation-parts.js';

const avro = {
  type: 'record',
  name: 'OrderPlaced',
  namespace: 'external',
  doc: 'A customer placed an order.',
  kind: 'fact',
  topic: 'external.order_placed',
  subject: ['user_id'],
  fields: [
    { name: 'user_id', type: 'string', doc: 'Who ordered.' },
    { name: 'order_id', type: 'string', doc: 'The order.' },
  ],
};

const example = {
  type: 'external.order_placed',
  outcome: 'registered',
  version: 1,
  topic: 'external.order_placed',
  record: 'external.OrderPlaced',
  fingerprint: '3f0c0d6a2f5f0a4c7b0e9a1d5c8b7e6f4a3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b',
  avro,
};

export const putExternalType: OperationDocument = {
  operationId: 'putExternalType',
  tags: ['schemas'],
  summary: 'Register an event type of your own, or a new version of it',
  description:
    'The type gets a topic of its own name, kept for 90 days, and is taken, kept, searched and followed like every other. ' +
    'The same schema again changes nothing. A new version must be readable by every reader of an earlier one and the ' +
    'other way round: new fields have a default, nothing is renamed or removed. A JSON Schema is written as the Avro ' +
    'that can say it; what Avro cannot say is checked at the door. Types are unique in the deployment and belong to the ' +
    'tenant that registered them; those of the tenant `default` are for everybody. Other gateways know of it a second later.',
  parameters: [
    {
      name: 'type',
      in: 'path',
      required: true,
      schema: { type: 'string', pattern: '^external\\.[a-z][a-z0-9]*(_[a-z0-9]+)*$', maxLength: 100 },
      description: 'external.<name>',
      example: 'external.order_placed',
    },
    queryParameter('dry_run', 'Checks everything and changes nothing', { type: 'boolean', default: false }),
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/ExternalTypeSchema' },
        examples: {
          avro: {
            value: { avro: { type: 'record', name: 'OrderPlaced', fields: [{ name: 'order_id', type: 'string' }] } },
          },
          json_schema: {
            value: {
              json_schema: {
                type: 'object',
                required: ['order_id'],
                properties: { order_id: { type: 'string', minLength: 1 }, total: { type: 'number', minimum: 0 } },
              },
            },
          },
        },
      },
    },
  },
  responses: { '200': jsonResponse('The type as it is now', 'ExternalType', example) },
  problems: [
    'INVALID_JSON',
    'PAYLOAD_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'ALREADY_EXISTS',
    'LIMIT_REACHED',
    'INVALID_SCHEMA',
    'SCHEMA_INCOMPATIBLE',
  ],
};

export const externalTypeSchemas = {
  ExternalTypeSchema: {
    type: 'object',
    additionalProperties: false,
    description: 'One of the two',
    properties: {
      avro: { type: 'object', description: 'An Avro record; its name, namespace and topic are set from the type' },
      json_schema: { type: 'object', description: 'A JSON Schema of draft 2020-12: an object with properties' },
    },
  },
  ExternalType: {
    type: 'object',
    required: Object.keys(example),
    properties: {
      type: { type: 'string' },
      outcome: { enum: ['registered', 'evolved', 'unchanged'] },
      version: { type: ['integer', 'null'], description: 'null in a dry run' },
      topic: { type: 'string' },
      record: { type: 'string' },
      fingerprint: { type: ['string', 'null'] },
      avro: { type: 'object', description: 'As events of the type are written' },
    },
  },
} satisfies Record<string, unknown>;

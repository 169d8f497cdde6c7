import { deadLettersList } from '@chorda/read-models';
import { listOperation, listSchemas, pathParameter, readProblems } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';
import { redriveMax } from './dead-letter-desk.js';

export const deadLettersOperation = listOperation(deadLettersList, {
  operationId: 'listDeadLetters',
  tag: 'operations',
  summary: 'What consumer groups have set aside, newest first',
  schema: 'DeadLetterPage',
});

export const deadLetterOperation: OperationDocument = {
  operationId: 'getDeadLetter',
  tags: ['operations'],
  summary: 'One dead letter whole: its error, headers, bytes, and the event where it can be decoded',
  parameters: [pathParameter('topic'), pathParameter('partition'), pathParameter('offset')],
  responses: { '200': jsonResponse('The dead letter', 'DeadLetterWhole') },
  problems: ['NOT_FOUND', ...readProblems],
};

const place = { topic: 'agent.events.analytics.usage.dead-letter', partition: 0, offset: '12' };

export const redriveOperation: OperationDocument = {
  operationId: 'redriveDeadLetters',
  tags: ['operations'],
  summary: 'Send dead letters through again',
  description:
    'To the group that set them aside alone, never to the source topic, with the ids they had. One after the other; a ' +
    'receipt is written for each, so that a repeat of this request sends none twice.',
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/Redrive' },
        example: { filter: { source_topic: 'agent.events', consumer_group: 'analytics.usage' }, dry_run: true },
      },
    },
  },
  responses: {
    '200': jsonResponse('What became of each', 'RedriveResult', {
      dry_run: true,
      sent: 0,
      items: [{ ...place, status: 'planned' }],
    }),
  },
  problems: ['INVALID_JSON', 'UNSUPPORTED_MEDIA_TYPE', 'PAYLOAD_TOO_LARGE', ...readProblems],
};

const placeSchema = {
  topic: { type: 'string', description: 'The dead-letter topic' },
  partition: { type: 'integer' },
  offset: { type: 'string', description: 'Decimal' },
};
const letterSchemas = listSchemas('DeadLetter', deadLettersList, 'A record that a consumer group has set aside.');

export const deadLetterSchemas: Record<string, unknown> = {
  ...letterSchemas,
  DeadLetterWhole: {
    allOf: [
      { $ref: '#/components/schemas/DeadLetter' },
      {
        type: 'object',
        required: ['in_log'],
        properties: {
          in_log: {
            type: 'boolean',
            description: 'False where the log keeps it no longer: what follows is then left out',
          },
          headers: { type: 'object' },
          key_base64: { type: ['string', 'null'] },
          value_base64: { type: ['string', 'null'] },
          event: { type: ['object', 'null'], description: 'Where it can be decoded; `data` is JSON text' },
          undecodable: { type: 'string', description: 'Why it cannot' },
        },
      },
    ],
  },
  Redrive: {
    type: 'object',
    description: 'Either `items` or `filter`.',
    properties: {
      items: {
        type: 'array',
        maxItems: redriveMax,
        items: { type: 'object', required: ['topic', 'partition', 'offset'], properties: placeSchema },
      },
      filter: {
        type: 'object',
        required: ['source_topic', 'consumer_group'],
        properties: {
          source_topic: { type: 'string' },
          consumer_group: { type: 'string' },
          reason: { type: 'string' },
        },
      },
      limit: { type: 'integer', minimum: 1, maximum: redriveMax, default: redriveMax },
      dry_run: { type: 'boolean', default: false },
    },
    additionalProperties: false,
  },
  RedriveResult: {
    type: 'object',
    required: ['dry_run', 'sent', 'items'],
    properties: {
      dry_run: { type: 'boolean' },
      sent: { type: 'integer' },
      items: {
        type: 'array',
        items: {
          type: 'object',
          required: ['topic', 'partition', 'offset', 'status'],
          properties: {
            ...placeSchema,
            status: { enum: ['sent', 'planned', 'already_sent', 'not_found'] },
            sent_to: { type: 'object', properties: placeSchema },
          },
        },
      },
    },
  },
};

import { parkedList } from '@chorda/read-models';
import { listSchemas, pageParameters, pathParameter, readProblems } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse, queryParameter } from '../reference/operation-parts.js';

/** Events of a sequence in one answer: each may have a megabyte. */
export const eventsMax = 100;
export const waitMsMax = 30_000;

const path = [pathParameter('name'), pathParameter('id')];
const bodyProblems = ['INVALID_JSON', 'UNSUPPORTED_MEDIA_TYPE', 'PAYLOAD_TOO_LARGE'] as const;

export const listOperation: OperationDocument = {
  operationId: 'listParked',
  tags: ['operations'],
  summary: 'What a projection could not apply: a sequence for each aggregate, and how many there are of each cause',
  description:
    'An event that a projection cannot apply is parked with its error, and later events of its aggregate wait behind it. ' +
    '`groups` counts all of them by `fingerprint`, which faults of one cause share.',
  parameters: [
    pathParameter('name'),
    queryParameter('fingerprint', 'Only those of this cause'),
    queryParameter('sort', 'Order; `-` is descending', { enum: ['-parked_at', 'parked_at'], default: 'parked_at' }),
    ...pageParameters(parkedList.pageSizeMax),
  ],
  responses: { '200': jsonResponse('A page', 'ParkedPage') },
  problems: ['NOT_FOUND', ...readProblems],
};

export const showOperation: OperationDocument = {
  operationId: 'getParked',
  tags: ['operations'],
  summary:
    'One parked sequence: its error, and its events in order with bytes, headers, and the event where it decodes',
  parameters: [
    ...path,
    queryParameter('cursor', '`next_cursor` of the page of events before'),
    queryParameter('limit', 'Events', { type: 'integer', minimum: 1, maximum: eventsMax, default: 20 }),
  ],
  responses: { '200': jsonResponse('The sequence', 'ParkedWhole') },
  problems: ['NOT_FOUND'],
};

export const retryOperation: OperationDocument = {
  operationId: 'retryParked',
  tags: ['operations'],
  summary: 'Apply a parked sequence, in order, up to the next event that fails',
  description:
    'Asks the projector that holds the partition, which applies it in bounded transactions while new events of the ' +
    'aggregate go on queueing behind. Asking twice has the effect of once.',
  parameters: [...path, queryParameter('wait', 'Milliseconds to wait for its end', { type: 'integer', default: 0 })],
  responses: {
    '200': jsonResponse('It has ended: `settled`, or `stuck` at the next event that fails', 'ParkedRetry'),
    '202': jsonResponse('It is asked for', 'ParkedRetry', { id: '0'.repeat(32), status: 'requested' }),
  },
  problems: ['NOT_FOUND'],
};

export const retryAllOperation: OperationDocument = {
  operationId: 'retryAllParked',
  tags: ['operations'],
  summary: 'Ask for a retry of every parked sequence of a projection, or of those of one cause',
  parameters: [pathParameter('name')],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { type: 'object', properties: { fingerprint: { type: 'string', pattern: '^[0-9a-f]{16}$' } } },
        example: { fingerprint: '5b3a1c0f9d2e4a67' },
      },
    },
  },
  responses: { '202': jsonResponse('How many were found', 'ParkedRetries', { requested: 12 }) },
  problems: ['NOT_FOUND', ...bodyProblems],
};

export const discardOperation: OperationDocument = {
  operationId: 'discardParked',
  tags: ['operations'],
  summary: 'Give parked events up, for good: the projection and every rebuild of it leave them out',
  description:
    'The event `system.parked_discarded` tells of it, with the reason and who decided. What is left of the sequence is ' +
    'tried again. The log and other projections keep the events.',
  parameters: path,
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/ParkedDiscardRequest' },
        example: { reason: 'Sent by a load test' },
      },
    },
  },
  responses: { '200': jsonResponse('What was given up', 'ParkedDiscard') },
  problems: ['NOT_FOUND', ...bodyProblems],
};

const sequences = listSchemas('ParkedSequence', parkedList, 'Events of one aggregate that wait behind one that fails.');
const sequence = { $ref: '#/components/schemas/ParkedSequence' };
const decimal = { type: 'string', description: 'Decimal' };
const time = { type: 'string', format: 'date-time' };
const nullableText = { type: ['string', 'null'] };

export const parkedSchemas: Record<string, unknown> = {
  ParkedSequence: sequences['ParkedSequence'],
  ParkedPage: {
    type: 'object',
    required: ['items', 'next_cursor', 'groups'],
    properties: {
      items: { type: 'array', items: sequence },
      next_cursor: { type: ['string', 'null'] },
      groups: { type: 'array', maxItems: 100, items: { $ref: '#/components/schemas/ParkedGroup' } },
    },
  },
  ParkedGroup: {
    type: 'object',
    required: ['fingerprint', 'reason', 'sequences', 'events'],
    properties: {
      fingerprint: { type: 'string' },
      reason: { enum: ['apply', 'data', 'undecodable', 'gap'] },
      error_class: { type: 'string' },
      error_code: nullableText,
      error_message: { type: 'string', description: 'Of one of them' },
      event_type: nullableText,
      sequences: { type: 'integer' },
      events: { type: 'integer' },
      oldest_at: time,
      newest_at: time,
    },
  },
  ParkedWhole: {
    allOf: [
      sequence,
      {
        type: 'object',
        required: ['waiting', 'next_cursor'],
        properties: {
          waiting: { type: 'array', items: { $ref: '#/components/schemas/ParkedEvent' } },
          next_cursor: { type: ['string', 'null'] },
        },
      },
    ],
  },
  ParkedEvent: {
    type: 'object',
    required: ['offset', 'headers', 'key_base64', 'value_base64', 'event'],
    properties: {
      offset: decimal,
      stream_version: { type: ['string', 'null'], description: 'Of a decision, decimal' },
      recorded_at: time,
      parked_at: time,
      event_id: nullableText,
      event_type: nullableText,
      headers: { type: 'object' },
      key_base64: nullableText,
      value_base64: nullableText,
      event: {
        type: ['object', 'null'],
        description: 'The event as every read shows it; null where it cannot be decoded',
      },
      undecodable: { type: 'string', description: 'Why it cannot' },
    },
  },
  ParkedRetry: {
    type: 'object',
    required: ['id', 'status'],
    properties: { id: { type: 'string' }, status: { enum: ['requested', 'settled', 'stuck'] }, sequence },
  },
  ParkedRetries: { type: 'object', required: ['requested'], properties: { requested: { type: 'integer' } } },
  ParkedDiscardRequest: {
    type: 'object',
    required: ['reason'],
    additionalProperties: false,
    properties: {
      reason: { type: 'string', minLength: 1, maxLength: 1000 },
      through_offset: { type: 'string', description: 'Up to this event; left out: all that wait' },
      gap: { type: 'boolean', default: false, description: 'Give up the versions that are missing, and no event' },
    },
  },
  ParkedDiscard: {
    type: 'object',
    required: ['id', 'event_id', 'discarded', 'left', 'first_offset', 'last_offset', 'reason', 'discarded_by'],
    properties: {
      id: { type: 'string' },
      event_id: { type: 'string', description: 'Of the `system.parked_discarded` that tells of it' },
      discarded: { type: 'integer' },
      left: { type: 'integer', description: 'Events of the sequence that are tried again' },
      first_offset: decimal,
      last_offset: decimal,
      reason: { type: 'string' },
      discarded_by: { type: 'string' },
      discarded_at: time,
    },
  },
};

import { rebuildStates } from '@chorda/read-models';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

const example = {
  rebuild_id: '8d0c1b54-5d0b-4a0e-9a55-4c7a4b8f2b11',
  projection: 'executions',
  state: 'filling',
  wanted: null,
  from_version: 1,
  to_version: 1001,
  swap: 'when_equal',
  events_per_second_max: null,
  connections_max: null,
  events_done: '4200000',
  events_total: '9000000',
  events_per_second: 61_000,
  time_share: 1,
  seconds_left: 79,
  reason: null,
  report: null,
  owner: 'host-1:4711',
  requested_by: '0aa1bb2cc3dd',
  requested_at: '2026-11-21T09:30:00.000Z',
  started_at: '2026-11-21T09:30:00.412Z',
  filled_at: null,
  swapped_at: null,
  keep_until: null,
  ended_at: null,
  partitions: [{ topic: 'agent.events', partition: 0, next_offset: '350000' }],
};

const nameParameter = {
  name: 'name',
  in: 'path' as const,
  required: true,
  schema: { type: 'string', example: 'executions' },
  description: 'The projection',
};

export const startRebuild: OperationDocument = {
  operationId: 'startRebuild',
  tags: ['system'],
  summary: 'Fill new tables of a projection from the log, beside the live ones',
  description:
    'Readers go on reading the live tables. With `swap: when_equal` they are shown the new ones as soon as both hold the ' +
    'same rows at the same offsets; with `manual` when somebody asks for it. A rate or a number of connections can be ' +
    'lower than what the projector allows, not higher. Concerns every tenant.',
  parameters: [nameParameter],
  requestBody: {
    required: false,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/NewRebuild' },
        examples: { careful: { value: { swap: 'manual', events_per_second_max: 20_000 } } },
      },
    },
  },
  responses: {
    '202': jsonResponse('The rebuild, which a projector takes up', 'Rebuild', { ...example, state: 'requested' }),
  },
  problems: ['INVALID_JSON', 'NOT_FOUND', 'ALREADY_EXISTS', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
};

export const getRebuild: OperationDocument = {
  operationId: 'getRebuild',
  tags: ['system'],
  summary:
    'The newest rebuild of a projection: state, events done and to do, rate, time left, what the comparison found',
  parameters: [nameParameter],
  responses: { '200': jsonResponse('The rebuild', 'Rebuild', example) },
  problems: ['NOT_FOUND'],
};

export const actOnRebuild: OperationDocument = {
  operationId: 'actOnRebuild',
  tags: ['system'],
  summary: 'Cancel, resume, swap, swap back, or drop the tables that are not shown',
  description:
    '`cancel` (before the swap): the new tables go. `resume` (failed): goes on where it stands. `swap` (ready, mismatch, ' +
    'swapped_back): shows the new tables, also where they differ. `swap-back` (swapped): shows the old ones again; both ' +
    'are kept up, so nothing has to be caught up. `drop-old` (swapped, swapped_back): the tables that are not shown go. ' +
    'A projector takes it up within a second: `wanted` says what is still to be done.',
  parameters: [
    nameParameter,
    {
      name: 'action',
      in: 'path',
      required: true,
      schema: { type: 'string', enum: ['cancel', 'resume', 'swap', 'swap-back', 'drop-old'] },
    },
  ],
  responses: { '202': jsonResponse('The rebuild', 'Rebuild', { ...example, wanted: 'cancel' }) },
  problems: ['NOT_FOUND', 'NOT_IN_THIS_STATE', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
};

const nullable = (type: string, description: string) => ({ type: [type, 'null'], description });
const time = (description: string) => ({ type: ['string', 'null'], format: 'date-time', description });

export const rebuildSchemas = {
  NewRebuild: {
    type: 'object',
    additionalProperties: false,
    properties: {
      swap: { enum: ['when_equal', 'manual'], default: 'when_equal' },
      events_per_second_max: { type: 'integer', minimum: 1, maximum: 10_000_000 },
      connections_max: { type: 'integer', minimum: 1, maximum: 32 },
    },
  },
  Rebuild: {
    type: 'object',
    required: Object.keys(example),
    properties: {
      rebuild_id: { type: 'string', format: 'uuid' },
      projection: { type: 'string' },
      state: { enum: rebuildStates },
      wanted: nullable('string', 'What was asked for and is not done yet'),
      from_version: { type: 'integer', description: 'The tables that were live when it began' },
      to_version: nullable('integer', 'The tables that are filled; from 1001 on for tables that a rebuild made'),
      swap: { enum: ['when_equal', 'manual'] },
      events_per_second_max: nullable('integer', 'Null: what the projector allows'),
      connections_max: nullable('integer', 'Null: what the projector allows'),
      events_done: { type: 'string', description: 'Decimal' },
      events_total: { type: 'string', description: 'Decimal; grows while live goes on' },
      events_per_second: { type: 'number' },
      time_share: nullable(
        'number',
        'Which part of its time it works; below 1 it gives way to the live projections. Null where nothing is filled',
      ),
      seconds_left: nullable('integer', 'Null where nothing is filled'),
      reason: nullable('string', 'Why it failed, stands still or could not do what was asked'),
      report: {
        type: ['object', 'null'],
        description:
          'What comparing both tables at the same offsets found; tenants and rows that differ, at most 20 each, and columns that old rows lack because they are older than the column',
      },
      owner: nullable('string', 'The projector that does it'),
      requested_by: { type: 'string' },
      requested_at: { type: 'string', format: 'date-time' },
      started_at: time('When its tables were made'),
      filled_at: time('When it had caught up'),
      swapped_at: time('When readers saw the new tables'),
      keep_until: time('How long the tables that are not shown are kept up'),
      ended_at: time('When it was done or cancelled'),
      partitions: {
        type: 'array',
        items: {
          type: 'object',
          required: ['topic', 'partition', 'next_offset'],
          properties: {
            topic: { type: 'string' },
            partition: { type: 'integer' },
            next_offset: { type: 'string', description: 'Everything before it is in the new tables' },
          },
        },
      },
    },
  },
} satisfies Record<string, unknown>;

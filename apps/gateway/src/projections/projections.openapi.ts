import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

const example = {
  projections: [
    {
      name: 'journal',
      version: 1,
      state: 'running',
      rebuild: null,
      partitions: [
        {
          topic: 'agent.events',
          partition: 3,
          next_offset: '46',
          end_offset: '48',
          lag_events: '2',
          lag_seconds: 0.012,
          oldest_unapplied: { offset: '46', recorded_at: '2026-11-21T09:30:00.312Z' },
          no_progress_ms: 12,
          stopped_reason: null,
          owner: 'host-1:4711',
        },
      ],
    },
  ],
};

export const listProjections: OperationDocument = {
  operationId: 'listProjections',
  tags: ['system'],
  summary: 'Every projection: where it stands in each partition, how far behind the log, and why it stopped',
  description:
    '`lagging`: an event has waited for more than 60 s, more than 100000 events of a partition wait, or events have ' +
    'waited for 30 s without one being applied. At most a second old. Where the brokers cannot be asked, lags are null.',
  responses: { '200': jsonResponse('The projections', 'Projections', example) },
  problems: [],
};

const nullable = (type: string, description: string) => ({ type: [type, 'null'], description });

export const projectionSchemas = {
  ProjectionPartition: {
    type: 'object',
    required: Object.keys(example.projections[0]?.partitions[0] ?? {}),
    properties: {
      topic: { type: 'string' },
      partition: { type: 'integer' },
      next_offset: { type: 'string', description: 'Everything before it is applied' },
      end_offset: nullable('string', 'One past the last record of the log'),
      lag_events: nullable('string', 'Records between the two, decimal'),
      lag_seconds: nullable('number', 'Age of the oldest event that is not applied; 0 where there is none'),
      oldest_unapplied: {
        type: ['object', 'null'],
        description: 'The oldest event that is not applied',
        required: ['offset', 'recorded_at'],
        properties: { offset: { type: 'string' }, recorded_at: { type: 'string', format: 'date-time' } },
      },
      no_progress_ms: { type: 'integer', description: 'How long events have waited without one being applied' },
      stopped_reason: nullable('string', 'Why it stands still; null while it moves'),
      owner: { type: 'string', description: 'The instance that writes it' },
    },
  },
  Projection: {
    type: 'object',
    required: ['name', 'version', 'state', 'rebuild', 'partitions'],
    properties: {
      name: { type: 'string' },
      version: { type: 'integer' },
      state: { enum: ['running', 'lagging', 'stopped'] },
      rebuild: {
        type: ['object', 'null'],
        description: 'The open rebuild of it; null where there is none',
        required: ['state', 'to_version', 'events_done', 'events_total', 'seconds_left'],
        properties: {
          state: { type: 'string' },
          to_version: nullable('integer', 'The tables that are filled'),
          events_done: { type: 'string' },
          events_total: { type: 'string' },
          seconds_left: nullable('integer', 'Null where nothing is filled'),
        },
      },
      partitions: { type: 'array', items: { $ref: '#/components/schemas/ProjectionPartition' } },
    },
  },
  Projections: {
    type: 'object',
    required: ['projections'],
    properties: { projections: { type: 'array', items: { $ref: '#/components/schemas/Projection' } } },
  },
} satisfies Record<string, unknown>;

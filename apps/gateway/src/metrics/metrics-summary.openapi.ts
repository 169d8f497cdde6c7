import { completenessProperties, readParameters, readProblems, readResponses } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse, queryParameter } from '../reference/operation-parts.js';

export const minutesDefault = 60;
export const minutesMax = 1_440;

const share = { failed: '2', ended: '100', share: 0.02 };

export const metricsSummaryOperation: OperationDocument = {
  operationId: 'getMetricsSummary',
  tags: ['system'],
  summary: 'Rates of every topic by minute, shares of errors, services and projections: what a first page shows',
  description:
    'Minutes are those of record time, the running one included, so the last figure is of a part of a minute.',
  parameters: [
    queryParameter('minutes', 'How far back', {
      type: 'integer',
      minimum: 1,
      maximum: minutesMax,
      default: minutesDefault,
    }),
    ...readParameters,
  ],
  responses: readResponses(
    jsonResponse('The summary', 'MetricsSummary', {
      from: '2026-11-21T11:58:00.000Z',
      minutes: 3,
      topics: [{ topic: 'agent.events', events: '61', bytes: '18300', events_per_minute: [20, 30, 11] }],
      types: [{ topic: 'agent.events', type: 'agent.executed', events: '61', bytes: '18300' }],
      errors: { executions: share, steps: share, runs: share, inference: share },
      services: { instances: 2, up: 2, missing: 0, unhealthy: 0 },
      projections: [{ name: 'journal', version: 1, state: 'running', lag_events: '0', lag_seconds: 0 }],
      complete: true,
    }),
  ),
  problems: readProblems,
};

const decimal = { type: 'string', description: 'Decimal' };
const errorShare = {
  type: 'object',
  required: ['failed', 'ended', 'share'],
  properties: { failed: decimal, ended: decimal, share: { type: ['number', 'null'], description: '0 to 1' } },
};

export const metricsSchemas = {
  MetricsSummary: {
    type: 'object',
    required: ['from', 'minutes', 'topics', 'types', 'errors', 'services', 'projections', 'complete'],
    properties: {
      from: { type: 'string', format: 'date-time' },
      minutes: { type: 'integer' },
      topics: {
        type: 'array',
        items: {
          type: 'object',
          required: ['topic', 'events', 'bytes', 'events_per_minute'],
          properties: {
            topic: { type: 'string' },
            events: decimal,
            bytes: decimal,
            events_per_minute: { type: 'array', items: { type: 'integer' }, description: 'Oldest first' },
          },
        },
      },
      types: {
        type: 'array',
        items: {
          type: 'object',
          required: ['topic', 'type', 'events', 'bytes'],
          properties: { topic: { type: 'string' }, type: { type: 'string' }, events: decimal, bytes: decimal },
        },
      },
      errors: {
        type: 'object',
        required: ['executions', 'steps', 'runs', 'inference'],
        properties: { executions: errorShare, steps: errorShare, runs: errorShare, inference: errorShare },
      },
      services: {
        type: 'object',
        required: ['instances', 'up', 'missing', 'unhealthy'],
        properties: {
          instances: { type: 'integer' },
          up: { type: 'integer' },
          missing: { type: 'integer', description: 'Silent for three of their intervals' },
          unhealthy: { type: 'integer' },
        },
      },
      projections: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'version', 'state', 'lag_events', 'lag_seconds'],
          properties: {
            name: { type: 'string' },
            version: { type: 'integer' },
            state: { type: 'string' },
            lag_events: { type: ['string', 'null'] },
            lag_seconds: { type: ['number', 'null'] },
          },
        },
      },
      ...completenessProperties,
    },
  },
};

import type { OpenAPIObject } from '@nestjs/swagger';
import { agentCommandSchemas } from '../agents/agent-commands.openapi.js';
import { sessionSchemas } from '../agents/sessions.openapi.js';
import { externalTypeSchemas } from '../external-types/external-types.openapi.js';
import { inferenceSchemas } from '../inference/inference.openapi.js';
import { openAiSchemas } from '../inference/openai/openai.openapi.js';
import { keySchemas } from '../keys/keys.openapi.js';
import { completenessProperties, pageSchema } from '../lists/list.openapi.js';
import { querySchemas } from '../lists/query-schemas.js';
import { projectionSchemas } from '../projections/projections.openapi.js';
import { rebuildSchemas } from '../projections/rebuilds.openapi.js';
import { tenantSchemas } from '../tenants/tenants.openapi.js';
import { workflowSchemas } from '../workflows/definitions/definitions.openapi.js';
import { runCommandSchemas } from '../runs/run-commands.openapi.js';
import { scheduleSchemas } from '../schedules/schedules.openapi.js';
import { runJobSchemas } from '../run-jobs/run-jobs.openapi.js';
import { triggerSchemas } from '../triggers/triggers.openapi.js';
import { workerSchemas } from '../workers/workers.openapi.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

const text = (description: string, example?: string) => ({
  type: 'string',
  description,
  ...(example === undefined ? {} : { example }),
});

export const exampleData = {
  agent_id: 'AGENT-20261121-093000-0001-7F3A',
  execution_id: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e21',
  input_data: { question: 'Where is parcel 4711?' },
  output_data: { answer: 'Out for delivery' },
  execution_time_ms: 1834,
  status: 'completed',
};

export const examplePosition = 'MTthZ2VudC5ldmVudHM6My4xYg';

export const exampleEvent = {
  specversion: '1.0',
  id: '019aa3d4-9b2c-7d10-8a3e-2b6f0c9d1e55',
  source: 'urn:example:support-desk',
  type: 'agent.executed',
  data: exampleData,
};

export const exampleRead = {
  ...exampleEvent,
  subject: exampleData.agent_id,
  time: '2026-11-21T09:30:00.250Z',
  datacontenttype: 'application/json',
  tenantid: 'default',
  correlationid: '019aa3d4-9b2c-7d10-8a3e-2b6f0c9d1e00',
  recordedtime: '2026-11-21T09:30:00.312Z',
  topic: 'agent.events',
  partition: 3,
  offset: '47',
  position: examplePosition,
};

const reach = {
  complete: {
    type: 'boolean',
    description: 'Whether every projection that was read has passed the position asked for.',
  },
  reason: text('Why not complete: `lagging`, `parked`, `dead_lettered`, `stopped`, `rebuilding`.'),
};

/** What several operations share. Schemas are JSON Schema 2020-12, as OpenAPI 3.1 wants them. */
export const sharedSchemas: Record<string, unknown> = {
  ...projectionSchemas,
  ...rebuildSchemas,
  ...querySchemas,
  ...agentCommandSchemas,
  ...sessionSchemas,
  ...externalTypeSchemas,
  ...inferenceSchemas,
  ...openAiSchemas,
  ...keySchemas,
  ...tenantSchemas,
  ...workerSchemas,
  ...runCommandSchemas,
  ...scheduleSchemas,
  ...triggerSchemas,
  ...runJobSchemas,
  ...workflowSchemas,
  Problem: {
    type: 'object',
    description: 'RFC 9457. `code` is stable: switch on it.',
    required: ['type', 'title', 'status', 'code', 'detail'],
    properties: {
      type: text('`urn:chorda:problem:<code>`'),
      title: text('The same for every occurrence of the code'),
      status: { type: 'integer' },
      code: text('Stable name', 'INVALID_EVENT'),
      detail: text('What was wrong this time, and what to do'),
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['pointer', 'detail'],
          properties: {
            pointer: text('RFC 6901 pointer into the body that was sent', '/3/data/status'),
            header: text('The header at fault, in CloudEvents binary mode', 'ce-id'),
            detail: text('The rule that was broken'),
            line: { type: 'integer', minimum: 1, description: 'In the text of a definition' },
            column: { type: 'integer', minimum: 1 },
          },
        },
      },
      errors_left_out: { type: 'integer', description: 'How many more there are than `errors` lists' },
      request_id: text('Finds the request in the log'),
      trace_id: text('W3C trace id'),
      command: text('Of `DECISION_NOT_ACCEPTED`: the operation that decides it'),
      rebuild: { $ref: '#/components/schemas/Rebuild' },
      sources: { type: 'array', items: { type: 'string' }, description: 'Of `AMBIGUOUS_EVENT_ID`: who used the id' },
      ...completenessProperties,
      items: {
        type: 'array',
        description: 'Of a batch: one result for each event',
        items: { $ref: '#/components/schemas/ItemResult' },
      },
    },
  },
  SentEvent: {
    type: 'object',
    description: 'A CloudEvent. `data` is checked against the schema of `type` (see /asyncapi.json).',
    required: ['specversion', 'source', 'type', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: text('1 to 256 bytes; left out: made from Idempotency-Key, else new'),
      source: text('URI reference of who says so, at most 1024 bytes'),
      type: text('A fact of the catalogue', 'agent.executed'),
      subject: text('Left out or equal where the schema says which field it is'),
      time: text('RFC 3339; left out: now'),
      datacontenttype: { const: 'application/json' },
      dataschema: text('Left out, or the one the gateway writes with'),
      tenantid: text('Left out, or the tenant of the key'),
      correlationid: text('The first request of a chain; left out: new'),
      causationid: text('The event that directly caused this one'),
      traceparent: text('W3C trace context of this event; left out: that of the request'),
      tracestate: text('Goes with traceparent'),
      streamversion: text('Simulated decisions only'),
      data: { type: 'object' },
    },
    additionalProperties: false,
    example: exampleEvent,
  },
  StoredEvent: {
    type: 'object',
    description: 'A CloudEvent as every read shows it. 64-bit numbers are decimal strings.',
    required: [
      'specversion',
      'id',
      'source',
      'type',
      'subject',
      'time',
      'tenantid',
      'correlationid',
      'topic',
      'partition',
      'offset',
      'position',
      'data',
    ],
    properties: {
      specversion: { const: '1.0' },
      id: text('With tenant and source it names the event'),
      source: text('Who says so'),
      type: text('Name in the catalogue'),
      subject: text('What it is about'),
      time: text('When it happened, RFC 3339'),
      datacontenttype: { const: 'application/json' },
      dataschema: text('The schema, `urn:chorda:schema:<record>:<sha256>`'),
      tenantid: text('Whose it is'),
      correlationid: text('The first request of its chain'),
      causationid: text('What directly caused it'),
      traceparent: text('W3C trace context'),
      streamversion: text('Of a decision: its number in its stream, decimal'),
      stream: text(
        'Of a decision: the stream that `streamversion` counts; left out where it is the own one of its subject',
      ),
      recordedtime: text('When the log took it, RFC 3339'),
      topic: text('Where it stands in the log'),
      partition: { type: 'integer' },
      offset: text('Decimal'),
      position: text('Opaque; give it to a read that must have seen this event', examplePosition),
      data: { type: 'object' },
    },
    example: exampleRead,
  },
  ItemResult: {
    type: 'object',
    required: ['status'],
    properties: {
      status: {
        enum: ['logged', 'valid', 'refused', 'unknown', 'not_attempted'],
        description:
          '`logged`: all in-sync replicas have it. `valid`: a dry run would have sent it. `refused`: no effect, ever. ' +
          '`unknown`: it may appear, at most once. `not_attempted`: not sent; its problem says why.',
      },
      id: text('Of the event'),
      position: text('Opaque; where `logged`'),
      topic: text('Where it would go; where `valid`'),
      partition: { type: 'integer', description: 'Where it would go; where `valid`' },
      problem: { $ref: '#/components/schemas/Problem' },
    },
  },
  SingleResult: {
    type: 'object',
    required: ['status', 'id', 'position'],
    properties: {
      status: { const: 'logged' },
      id: text('Of the event'),
      position: text('Opaque', examplePosition),
      ...reach,
    },
  },
  ValidResult: {
    type: 'object',
    description: 'What a dry run of one event answers',
    required: ['status', 'id', 'topic', 'partition'],
    properties: {
      status: { const: 'valid' },
      id: text('Of the event, were it sent now'),
      topic: text('Where it would go', 'agent.events'),
      partition: { type: 'integer' },
    },
  },
  BatchResult: {
    type: 'object',
    required: ['items', 'position'],
    properties: {
      items: { type: 'array', items: { $ref: '#/components/schemas/ItemResult' } },
      position: { type: ['string', 'null'], description: 'Of everything that was logged' },
      ...reach,
    },
  },
  EventPage: pageSchema('StoredEvent'),
  Service: {
    type: 'object',
    description: 'One instance of a service, as it described itself last. A figure is null where it never told it.',
    required: ['service', 'instance', 'status', 'last_seen', 'missing'],
    properties: {
      service: text('Name of the service', 'gateway'),
      instance: text('Names it among those of its service'),
      status: { enum: ['healthy', 'degraded', 'unhealthy', 'unknown'], description: 'What it said last' },
      last_seen: text('When it said so, RFC 3339'),
      missing: { type: 'boolean', description: 'It has not said anything for three of its intervals' },
      shares_process: { type: 'boolean', description: 'Figures of the process are those of all services in it' },
      alerts: { type: 'array', items: { type: 'string' }, description: 'What is wrong, a sentence each' },
      error_count: { type: 'integer', description: 'Error alerts it sent' },
    },
    additionalProperties: true,
  },
  System: {
    type: 'object',
    required: ['services'],
    properties: { services: { type: 'array', items: { $ref: '#/components/schemas/Service' } } },
  },
} satisfies Record<string, unknown>;

export function asSchemas(schemas: Record<string, unknown>): Schemas {
  return schemas as Schemas;
}

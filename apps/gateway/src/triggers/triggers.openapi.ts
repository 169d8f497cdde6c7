import type { ProblemCode } from '../http/problem.js';
import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, jsonResponse } from '../reference/operation-parts.js';
import { body, closed, commandProblems, decided, nullable, taken, text } from '../runs/run-commands.openapi.js';

const tags = ['workflows'];
const trigger = {
  trigger_id: 'large-orders',
  kind: 'event',
  status: 'active',
  title: null,
  workflow_name: 'check-order',
  workflow_version: null,
  topics: ['external.webhook'],
  filter: "event.type == 'external.webhook' && event.data.event_name == 'order'",
  input: 'event.data',
  signed: false,
  created_at: '2026-11-22T09:30:00.000Z',
  created_by: 'key-7',
};
const counted = {
  ...trigger,
  ...{ fires: 1, refusals: 0, last_fire_at: '2026-11-22T09:31:00.000Z' },
  last_run_id: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e30',
  ...{ last_error_at: null, last_error_code: null, last_error: null },
};
const reads: readonly ProblemCode[] = ['OVERLOADED', 'QUERY_TIMEOUT'];
const ofOne: readonly ProblemCode[] = [...reads, 'NOT_FOUND'];

export const createTrigger: OperationDocument = {
  operationId: 'createTrigger',
  tags,
  summary: 'Start a run of a workflow whenever something happens',
  description:
    'Of `event`: each event of the topics for which the CEL `filter` is true, from now on, starts one run, whatever is ' +
    'killed. Of `http`: each POST to a secret address, which is told here and never again. A chain of 8 runs that ' +
    'triggers started one from the other is not made longer: the event is a dead letter then.',
  requestBody: body('NewTrigger', {
    ...{ kind: 'event', trigger_id: 'large-orders', workflow_name: 'check-order', topics: trigger.topics },
    ...{ filter: trigger.filter, input: trigger.input },
  }),
  responses: { '201': jsonResponse('It waits', 'NewTriggerAnswer', trigger) },
  problems: ['INVALID_JSON', 'INVALID_COMMAND', 'PAYLOAD_TOO_LARGE', 'ALREADY_EXISTS', 'LIMIT_REACHED'],
};

export const listTriggers: OperationDocument = {
  operationId: 'listTriggers',
  tags,
  summary: 'Triggers, by id; at most 200',
  responses: { '200': jsonResponse('All of them', 'TriggerList', { items: [counted] }) },
  problems: reads,
};

export const getTrigger: OperationDocument = {
  operationId: 'getTrigger',
  tags,
  summary: 'One trigger, and what came of it',
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('The trigger', 'Trigger', counted) },
  problems: ofOne,
};

export const pauseTrigger: OperationDocument = {
  operationId: 'pauseTrigger',
  tags,
  summary: 'Let a trigger rest; what happens meanwhile starts nothing',
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('It rests', 'Trigger', { ...counted, status: 'paused' }) },
  problems: ofOne,
};

export const resumeTrigger: OperationDocument = {
  operationId: 'resumeTrigger',
  tags,
  summary: 'Let a trigger go on',
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('It waits', 'Trigger', counted) },
  problems: ofOne,
};

export const deleteTrigger: OperationDocument = {
  operationId: 'deleteTrigger',
  tags,
  summary: 'End a trigger; its id is not used again',
  parameters: [pathParameter('id')],
  responses: { '204': { description: 'It is gone' } },
  problems: ofOne,
};

export const fireHook: OperationDocument = {
  operationId: 'fireHook',
  tags,
  summary: 'Start a run by the secret address of a trigger',
  description:
    'The address is the right to it. Where the trigger is signed, the message has to be, after Standard Webhooks: ' +
    '`webhook-id`, `webhook-timestamp` within five minutes, `webhook-signature`. The same `webhook-id` or ' +
    '`Idempotency-Key` starts one run.',
  isPublic: true,
  parameters: [
    pathParameter('token'),
    headerParameter('Idempotency-Key', 'The same key is the same run'),
    headerParameter('webhook-id', 'The same message is the same run'),
    headerParameter('webhook-timestamp', 'Seconds since 1970'),
    headerParameter('webhook-signature', '`v1,` and base64 of the HMAC-SHA256 of `<id>.<timestamp>.<body>`'),
  ],
  requestBody: body('AnyJson', { order: 7 }, false),
  responses: {
    '200': jsonResponse('The filter of the trigger said no', 'HookPassed', {
      status: 'passed',
      reason: 'The filter said no',
    }),
    '201': jsonResponse('A run is started, or was by this message before', 'RunDecided', {
      ...{ workflow_id: counted.last_run_id, status: 'running' },
      ...decided,
    }),
    ...taken,
  },
  problems: [...commandProblems, 'UNAUTHENTICATED', 'NOT_FOUND', 'RATE_LIMITED'],
};

const given = {
  trigger_id: text('Left out: one is made'),
  title: nullable('string', 'For people'),
  workflow_name: text('The workflow'),
  workflow_version: { type: ['integer', 'null'], minimum: 1, description: 'Stored version; null: the newest' },
  filter: nullable('string', 'CEL over `event`, or over `body` and `query`; null: all of them start a run'),
  input: nullable('string', 'CEL for what the run is given; null: the event, or the body'),
};
const required = ['kind', 'workflow_name'];
const properties = {
  ...given,
  kind: { enum: ['event', 'http'] },
  status: { enum: ['active', 'paused'] },
  topics: { type: 'array', items: { type: 'string' } },
  signed: { type: 'boolean', description: 'Whether messages have to be signed' },
  created_at: { type: 'string', format: 'date-time' },
  created_by: text('Who created it'),
};
const fires = {
  fires: { type: 'integer', description: 'Runs so far' },
  refusals: { type: 'integer', description: 'What could not start a run' },
  last_fire_at: nullable('string', 'When the last run was started'),
  last_run_id: nullable('string', 'The last run'),
  last_error_at: nullable('string', 'When something could not start a run'),
  last_error_code: nullable('string', 'Why, as a word: WORKFLOW_NOT_FOUND, TRIGGER_TOO_DEEP, FILTER_FAILED'),
  last_error: nullable('string', 'Why, in words'),
};

export const triggerSchemas: Record<string, unknown> = {
  NewTrigger: {
    oneOf: [
      closed(
        {
          ...{ kind: { const: 'event' }, ...given },
          topics: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 10 },
        },
        [...required, 'topics'],
      ),
      closed({ kind: { const: 'http' }, ...given, signed: { type: 'boolean', default: false } }, required),
    ],
  },
  NewTriggerAnswer: {
    type: 'object',
    required: Object.keys(trigger),
    properties: {
      ...properties,
      path: text('Of `http`: the secret address, told once'),
      signing_secret: nullable('string', 'Of `http`, where it is signed: told once'),
    },
  },
  Trigger: { type: 'object', required: Object.keys(counted), properties: { ...properties, ...fires } },
  TriggerList: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Trigger' } } },
  },
  HookPassed: {
    type: 'object',
    required: ['status', 'reason'],
    properties: { status: { const: 'passed' }, reason: text('Why no run was started') },
  },
  AnyJson: { description: 'Any JSON value' },
};

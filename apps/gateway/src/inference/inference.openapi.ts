import { inferenceRequestsList } from '@chorda/read-models';
import type { ProblemCode } from '../http/problem.js';
import { itemOperation, listOperation, listSchemas, pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, jsonResponse } from '../reference/operation-parts.js';

const exampleId = '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e30';
const position = 'MTZpbmZlcmVuY2UucmVxdWVzdHMubm9ybWFsOjMuMWI';

const writeProblems: readonly ProblemCode[] = [
  'INVALID_JSON',
  'UNSUPPORTED_MEDIA_TYPE',
  'PAYLOAD_TOO_LARGE',
  'RECORD_TOO_LARGE',
  'QUOTA_EXCEEDED',
  'DELIVERY_UNKNOWN',
  'OVERLOADED',
  'STOPPING',
];

const prefer = headerParameter('Prefer', '`wait=N`: wait at most N seconds for the outcome, 60 at most');

export const askOperation: OperationDocument = {
  operationId: 'askModel',
  tags: ['inference'],
  summary: 'Ask a model; the answer is fetched or followed later',
  description:
    'Taken once it is in the log. It ends in exactly one outcome: completed, failed, expired or cancelled, which is an ' +
    'event of `inference.events` too. `input_data` is the body that the OpenAI API takes, without `model` and `stream`.',
  parameters: [
    headerParameter('Idempotency-Key', 'The same key with the same request is one request, with one outcome'),
    prefer,
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/NewInference' },
        example: {
          model: 'simulated',
          input_data: { messages: [{ role: 'user', content: 'Say hello.' }] },
          priority: 'low',
          deadline_ms: 3_600_000,
        },
      },
    },
  },
  responses: {
    '200': jsonResponse('It had its outcome within the time of `Prefer: wait`', 'InferenceOutcome'),
    '202': jsonResponse('It waits for a worker', 'InferenceTaken', {
      request_id: exampleId,
      status: 'pending',
      deadline_at: '2026-11-21T10:30:00.000Z',
      position,
    }),
  },
  problems: [...writeProblems, 'IDEMPOTENCY_KEY_IN_FLIGHT', 'IDEMPOTENCY_KEY_REUSED'],
};

export const inferenceRequestsOperation = listOperation(inferenceRequestsList, {
  operationId: 'listInferenceRequests',
  tag: 'inference',
  summary: 'Requests to models, newest first',
  schema: 'InferenceRequestPage',
});

const item = itemOperation({
  operationId: 'getInferenceRequest',
  tag: 'inference',
  summary: 'One request with its outcome, attempts and cost',
  schema: 'InferenceRequest',
});

export const inferenceRequestOperation: OperationDocument = {
  ...item,
  description: 'The outcome is shown as soon as it stands, also while the read model lags.',
};

export const cancelOperation: OperationDocument = {
  operationId: 'cancelInferenceRequest',
  tags: ['inference'],
  summary: 'Withdraw a request: one that waits is not sent to a model, one that runs is ended there',
  parameters: [
    pathParameter('id'),
    headerParameter('Prefer', '`wait=N`: seconds to wait for the outcome; left out: 2'),
  ],
  requestBody: {
    required: false,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/CancelInference' },
        example: { reason: 'not needed' },
      },
    },
  },
  responses: {
    '200': jsonResponse('It has its outcome: cancelled, or whatever came first', 'InferenceOutcome'),
    '202': jsonResponse('It will be cancelled, unless it ends first', 'InferenceTaken'),
  },
  problems: [...writeProblems, 'NOT_FOUND', 'NOT_IN_THIS_STATE'],
};

export const inferenceStreamOperation: OperationDocument = {
  operationId: 'streamInferenceRequest',
  tags: ['inference'],
  summary: 'Follow the tokens of a request that was made with `stream`, and its outcome (Server-Sent Events)',
  description:
    '`tokens` brings chunks as the OpenAI API streams them; its id is the place to come back to. `voided`: everything ' +
    'of this attempt and those before it is no part of the answer. `resync`: tokens before this place are not kept any ' +
    'more. `outcome` is the last message, with the whole answer. `open` and `heartbeat` say that the stream stands.',
  parameters: [pathParameter('id'), headerParameter('Last-Event-ID', 'Where to go on')],
  responses: {
    '200': { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
  },
  problems: ['NOT_FOUND', 'OVERLOADED', 'STOPPING'],
};

const text = (description: string) => ({ type: 'string', description });
const whole = (description: string) => ({ type: 'integer', minimum: 1, description });

export const inferenceSchemas: Record<string, unknown> = {
  ...listSchemas(
    'InferenceRequest',
    inferenceRequestsList,
    'A request to a model. `error` and `output_data` are shown of a single one alone.',
  ),
  NewInference: {
    type: 'object',
    required: ['model', 'input_data'],
    additionalProperties: false,
    properties: {
      operation: { enum: ['chat_completion', 'completion', 'embedding'], default: 'chat_completion' },
      model: text('The model to ask'),
      input_data: { type: 'object', description: 'As the OpenAI API takes it, without `model` and `stream`' },
      stream: { type: 'boolean', default: false, description: 'Tokens as they come: `GET /v1/inference/{id}/stream`' },
      priority: { enum: ['high', 'normal', 'low'], default: 'normal' },
      deadline_ms: { type: 'integer', minimum: 100, description: 'Milliseconds after which it expires' },
      session_id: text('The conversation that it belongs to'),
      user_id: text('On whose behalf; a pseudonymous id'),
      agent_id: text('The agent that asks'),
      execution_id: text('The execution that asks'),
      workflow_id: text('The run that asks'),
      step_id: text('The step of that run'),
      tokens_max: whole('Tokens that all attempts may take together'),
      cost_usd_max: { ...text('US dollars that all attempts may cost together'), pattern: '^\\d{1,9}(\\.\\d{1,9})?$' },
      attempts_max: { ...whole('Attempts that may be made'), maximum: 100 },
    },
  },
  CancelInference: {
    type: 'object',
    additionalProperties: false,
    properties: { reason: { type: 'string', minLength: 1, maxLength: 1000, default: 'asked' } },
  },
  InferenceTaken: {
    type: 'object',
    required: ['request_id', 'status', 'position'],
    properties: {
      request_id: text('Names the request'),
      status: { const: 'pending' },
      deadline_at: { type: 'string', format: 'date-time', description: 'When it expires' },
      position: text('Where it stands in the log'),
    },
  },
  InferenceOutcome: {
    type: 'object',
    required: ['request_id', 'status', 'outcome'],
    properties: {
      request_id: text('Names the request'),
      status: { enum: ['completed', 'failed', 'expired', 'cancelled'] },
      outcome: {
        type: 'object',
        additionalProperties: true,
        properties: {},
        description: 'As the event `inference.<status>` has it; `output_data` is the answer',
      },
    },
  },
};

import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';
import { callsMax, waitMsMax } from './worker-bodies.js';

const token = '3f2b7f2e-8c7a-4d0e-9b52-3d7a3f0f6a11';
const workId = '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e21';

const tool = {
  name: 'charge',
  description: 'Charges a customer.',
  parameters: { type: 'object', required: ['amount'], properties: { amount: { type: 'number' } } },
  idempotent: false,
  timeout_ms: 30_000,
};
const registered = {
  ...tool,
  registered_by: '7f3a9c21d0',
  registered_at: '2026-11-21T09:30:00.000Z',
  polled_at: null,
};
const call = {
  work_id: workId,
  lease_token: token,
  lease_ms: 15_000,
  left_ms: 29_400,
  tool: 'charge',
  arguments: { amount: 12 },
  idempotency_key: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e20',
  attempt: 1,
  delivery: 1,
  agent_id: 'AGENT-20261121-093000-0001-7F3A',
  execution_id: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e19',
  call_id: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e20',
  traceparent: null,
};

const body = (schema: string, example: unknown) => ({
  required: true,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, example } },
});

export const registerTools: OperationDocument = {
  operationId: 'registerTools',
  tags: ['workers'],
  summary: 'Register tools that a process of yours does',
  description:
    'Agents of the tenant may name them from then on; an agent keeps a tool as it was when the agent was initialised. ' +
    'The same name again replaces what was registered. `idempotent: true` says that the tool may be called again with ' +
    'the same key when nobody knows what a call came to; a call of any other tool is never repeated.',
  requestBody: body('RegisterTools', { tools: [tool] }),
  responses: { '200': jsonResponse('The tools as they are now', 'Tools', { tools: [registered] }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'INVALID_SCHEMA', 'LIMIT_REACHED'],
};

export const listTools: OperationDocument = {
  operationId: 'listTools',
  tags: ['workers'],
  summary: 'Tools that processes of the tenant offer',
  responses: { '200': jsonResponse('All of them, by name', 'Tools', { tools: [registered] }) },
  problems: [],
};

export const removeTool: OperationDocument = {
  operationId: 'removeTool',
  tags: ['workers'],
  summary: 'Take a tool away',
  description: 'Agents that were initialised with it keep it; their calls wait until their time is over.',
  parameters: [pathParameter('name')],
  responses: { '204': { description: 'It is gone' } },
  problems: ['NOT_FOUND'],
};

export const pollWork: OperationDocument = {
  operationId: 'pollWork',
  tags: ['workers'],
  summary: 'Ask for calls of your tools; waits for one where there is none',
  description:
    'Each call is leased to the caller: it is thought lost when neither a heartbeat nor its result comes within ' +
    '`lease_ms`. Then a call of an idempotent tool is given to another, and any other is reported as lost, for a person ' +
    'to settle. Arguments were checked by the schema of the tool.',
  requestBody: body('PollWork', { tools: ['charge'], max: 1, wait_ms: 20_000, worker: 'billing-1' }),
  responses: { '200': jsonResponse('Calls; none where none came in time', 'GivenCalls', { calls: [call] }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'NOT_FOUND', 'OVERLOADED'],
};

export const beatWork: OperationDocument = {
  operationId: 'beatWork',
  tags: ['workers'],
  summary: 'Say that a call is still being done',
  parameters: [pathParameter('id')],
  requestBody: body('WorkLease', { lease_token: token }),
  responses: { '200': jsonResponse('The lease is lengthened', 'WorkState', { status: 'held' }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'LEASE_LOST'],
};

export const recordWork: OperationDocument = {
  operationId: 'recordWork',
  tags: ['workers'],
  summary: 'Say what a call came to',
  description:
    'Answered once it is stored. The same request again is answered alike; once the lease is lost nothing changes.',
  parameters: [pathParameter('id')],
  requestBody: body('WorkResult', { lease_token: token, output_data: { charged: true }, duration_ms: 120 }),
  responses: { '200': jsonResponse('It is stored', 'WorkState', { status: 'stored' }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'LEASE_LOST'],
};

const toolProperties = {
  name: {
    type: 'string',
    pattern: '^[a-zA-Z0-9_-]{1,64}$',
    description: 'Not beginning with llm_, http_ or database_',
  },
  description: { type: ['string', 'null'], maxLength: 4_096, description: 'What it does, for the model' },
  parameters: { type: 'object', description: 'JSON Schema (2020-12) of its arguments' },
  idempotent: { type: 'boolean', description: 'Whether it may be called again with the same key' },
  timeout_ms: {
    type: 'integer',
    minimum: 1_000,
    maximum: 3_600_000,
    description: 'From when it is asked for to its answer',
  },
};
const leaseToken = { lease_token: { type: 'string', format: 'uuid', description: 'As the call came with' } };
const toolNames = { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 100 };

export const workerSchemas = {
  RegisterTools: {
    type: 'object',
    additionalProperties: false,
    required: ['tools'],
    properties: {
      tools: {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        items: { type: 'object', additionalProperties: false, required: ['name'], properties: toolProperties },
      },
    },
  },
  RegisteredTool: {
    type: 'object',
    required: Object.keys(registered),
    properties: {
      ...toolProperties,
      registered_by: { type: 'string', description: 'The key or user' },
      registered_at: { type: 'string', format: 'date-time' },
      polled_at: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'When a worker last asked for its calls',
      },
    },
  },
  Tools: {
    type: 'object',
    required: ['tools'],
    properties: { tools: { type: 'array', items: { $ref: '#/components/schemas/RegisteredTool' } } },
  },
  PollWork: {
    type: 'object',
    additionalProperties: false,
    required: ['tools'],
    properties: {
      tools: toolNames,
      max: { type: 'integer', minimum: 1, maximum: callsMax, default: 1 },
      wait_ms: { type: 'integer', minimum: 0, maximum: waitMsMax, default: 0, description: 'How long to wait for one' },
      worker: { type: 'string', maxLength: 200, description: 'Names the process, for people' },
    },
  },
  GivenCall: {
    type: 'object',
    required: Object.keys(call),
    properties: {
      work_id: { type: 'string' },
      ...leaseToken,
      lease_ms: { type: 'integer' },
      left_ms: { type: 'integer', description: 'Until the call is given up' },
      tool: { type: 'string' },
      arguments: { description: 'Any JSON value that the schema of the tool allows' },
      idempotency_key: { type: 'string', description: 'The same for every attempt at this call' },
      attempt: { type: 'integer' },
      delivery: { type: 'integer', description: 'How often this attempt was given to a worker' },
      agent_id: { type: 'string' },
      execution_id: { type: 'string' },
      call_id: { type: 'string' },
      traceparent: { type: ['string', 'null'] },
    },
  },
  GivenCalls: {
    type: 'object',
    required: ['calls'],
    properties: { calls: { type: 'array', items: { $ref: '#/components/schemas/GivenCall' } } },
  },
  WorkLease: { type: 'object', additionalProperties: false, required: ['lease_token'], properties: leaseToken },
  WorkResult: {
    type: 'object',
    additionalProperties: false,
    required: ['lease_token'],
    description: 'With `output_data` or with `error`',
    properties: {
      ...leaseToken,
      output_data: { description: 'Any JSON value, at most 128 KiB' },
      error: {
        type: 'object',
        additionalProperties: false,
        required: ['code', 'message'],
        properties: { code: { type: 'string' }, message: { type: 'string' }, details: {} },
      },
      duration_ms: { type: 'integer', minimum: 0 },
    },
  },
  WorkState: {
    type: 'object',
    required: ['status'],
    properties: { status: { enum: ['held', 'stored'] } },
  },
} satisfies Record<string, unknown>;

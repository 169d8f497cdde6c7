import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';
import { commandParts } from './agent-commands.openapi.js';

const example = {
  agent_id: 'AGENT-20261121-093000-0001-7F3A',
  session_id: 'chat-7',
  version: '3',
  messages: [
    { role: 'user', content: 'Where is parcel 4711?' },
    { role: 'assistant', content: 'Out for delivery' },
  ],
  memory: { data: {}, context: { customer: { name: 'Ada' } }, variables: { attempts: 2 } },
};
const written = {
  ...{ agent_id: example.agent_id, session_id: 'chat-7', area: 'context', key: 'customer', changed: true },
  ...commandParts.decided,
};
const place = [
  pathParameter('id'),
  pathParameter('session_id'),
  pathParameter('area'),
  pathParameter('key'),
  ...commandParts.headers,
];
const problems = [...commandParts.problems, 'AGENT_NOT_FOUND', 'AGENT_DELETED', 'ILLEGAL_TRANSITION'] as const;

export const getSessionOperation: OperationDocument = {
  operationId: 'getSession',
  tags: ['agents'],
  summary: 'What an agent remembers of a session: what was said in it, and its short-term memory',
  description:
    'From the tables of the engine, so that nothing lags. A session that was never spoken of remembers nothing.',
  parameters: [pathParameter('id'), pathParameter('session_id')],
  responses: { '200': jsonResponse('What is remembered', 'AgentSession', example) },
  problems: ['AGENT_NOT_FOUND', 'QUERY_TIMEOUT'],
};

export const writeMemoryOperation: OperationDocument = {
  operationId: 'writeMemory',
  tags: ['agents'],
  summary: 'Remember a value for the rest of a session',
  description:
    '`area` is `data`, `context` (told to the model at the start of each execution of the session) or `variables`. ' +
    'Agents with the tools `memory_read` and `memory_write` read and write the same entries.',
  parameters: place,
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { $ref: '#/components/schemas/MemoryValue' }, example: { value: { name: 'Ada' } } },
    },
  },
  responses: { '200': jsonResponse('It is remembered', 'CommandDecided', written), ...commandParts.taken },
  problems: [...problems, 'MEMORY_FULL'],
};

export const forgetMemoryOperation: OperationDocument = {
  operationId: 'forgetMemory',
  tags: ['agents'],
  summary: 'Forget an entry of the memory of a session',
  parameters: place,
  responses: { '200': jsonResponse('It is forgotten', 'CommandDecided', written), ...commandParts.taken },
  problems,
};

const entries = (description: string) => ({ type: 'object', description, additionalProperties: true });

export const sessionSchemas: Readonly<Record<string, object>> = {
  MemoryValue: {
    type: 'object',
    required: ['value'],
    additionalProperties: false,
    properties: { value: { description: 'Any JSON value, at most 16 KiB; null forgets the entry' } },
  },
  AgentSession: {
    type: 'object',
    required: ['agent_id', 'session_id', 'version', 'messages', 'memory'],
    properties: {
      agent_id: { type: 'string', description: 'The agent' },
      session_id: { type: 'string', description: 'The session' },
      version: { type: 'string', description: 'Events that it follows from, decimal' },
      messages: {
        type: 'array',
        items: { type: 'object', additionalProperties: true },
        description: 'What was said in executions that were completed, as the chat API has it, the oldest first',
      },
      memory: {
        type: 'object',
        required: ['data', 'context', 'variables'],
        properties: {
          data: entries('Of the session'),
          context: entries('Told to the model at the start of each execution'),
          variables: entries('Of the agent'),
        },
      },
    },
  },
};

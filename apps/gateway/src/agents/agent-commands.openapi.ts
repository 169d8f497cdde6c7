import type { ProblemCode } from '../http/problem.js';
import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, jsonResponse, queryParameter } from '../reference/operation-parts.js';

/** Events of a stream in one answer. */
export const historyPageMax = 500;

const exampleAgent = 'AGENT-20261121-093000-0001-7F3A';
const exampleExecution = '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e21';
const commandId = '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e20';
const position = 'MTthZ2VudC5ldmVudHM6My4xYg';

const headers = [
  headerParameter('Idempotency-Key', 'The same key with the same request has the effect of once, and the same answer'),
  headerParameter('Prefer', '`respond-async`: answer once the command is in the log; `wait=N`: wait at most N seconds'),
];

/** What any command may be answered. */
const commandProblems: readonly ProblemCode[] = [
  'INVALID_JSON',
  'INVALID_COMMAND',
  'IDEMPOTENCY_KEY_IN_FLIGHT',
  'IDEMPOTENCY_KEY_REUSED',
  'NOT_IN_THIS_STATE',
  'PAYLOAD_TOO_LARGE',
  'COMMAND_TOO_LARGE',
  'RECORD_TOO_LARGE',
  'DECISIONS_OVERLOADED',
  'COMMAND_FAULT',
  'DELIVERY_UNKNOWN',
  'OVERLOADED',
  'STOPPING',
];

const taken = {
  '202': jsonResponse('In the log, not decided yet: `GET /v1/commands/{id}` tells its outcome', 'CommandTaken', {
    command_id: commandId,
    status: 'taken',
    position: null,
  }),
};

const decided = { command_id: commandId, events: [], position };

/** What operations that give commands have in common. */
export const commandParts = { headers, problems: commandProblems, taken, decided };

function body(schema: string, example: unknown, required = true) {
  return { required, content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, example } } };
}

export const createAgentOperation: OperationDocument = {
  operationId: 'createAgent',
  tags: ['agents'],
  summary: 'Create an agent; it is initialised, validated and then READY',
  description:
    'Answered when it is decided, with the state INITIALIZING. Executors then find its tools and check it; with a ' +
    'check that does not pass it stays out of service until `POST /v1/agents/{id}/validate`.',
  parameters: headers,
  requestBody: body('NewAgent', { name: 'Desk', tools: ['http_get'], instructions: 'Be brief.' }),
  responses: {
    '201': jsonResponse('It is created', 'CommandDecided', {
      agent_id: exampleAgent,
      state: 'INITIALIZING',
      ...decided,
    }),
    ...taken,
  },
  problems: [...commandProblems, 'AGENT_EXISTS'],
};

export const validateAgentOperation: OperationDocument = {
  operationId: 'validateAgent',
  tags: ['agents'],
  summary: 'Initialise and check an agent anew, as after a tool that was missing has come',
  parameters: [pathParameter('id'), ...headers],
  responses: {
    '200': jsonResponse('It is under way', 'CommandDecided', {
      agent_id: exampleAgent,
      state: 'INITIALIZING',
      ...decided,
    }),
    ...taken,
  },
  problems: [...commandProblems, 'AGENT_NOT_FOUND', 'AGENT_DELETED', 'ILLEGAL_TRANSITION'],
};

export const executeAgentOperation: OperationDocument = {
  operationId: 'executeAgent',
  tags: ['agents'],
  summary: 'Start an execution',
  description:
    'Answered when the start is decided; the end is in `/v1/executions/{id}` and in the event `agent.executed` or ' +
    '`agent.failed`. An input that is a text is what the model is told; any other JSON value is told as JSON.',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('NewExecution', { input_data: 'Where is parcel 4711?', session_id: 'chat-7' }),
  responses: {
    '201': jsonResponse('It runs', 'CommandDecided', {
      ...{ agent_id: exampleAgent, execution_id: exampleExecution, running: 1, status: 'running' },
      ...decided,
    }),
    ...taken,
  },
  problems: [
    ...commandProblems,
    'AGENT_NOT_FOUND',
    'AGENT_DELETED',
    'AGENT_BUSY',
    'EXECUTION_EXISTS',
    'ILLEGAL_TRANSITION',
  ],
};

export const terminateAgentOperation: OperationDocument = {
  operationId: 'terminateAgent',
  tags: ['agents'],
  summary: 'Take an agent out of service for good; what it runs is cancelled',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('Reason', { reason: 'Replaced by the new desk' }, false),
  responses: {
    '200': jsonResponse('It is TERMINATED', 'CommandDecided', {
      agent_id: exampleAgent,
      state: 'TERMINATED',
      ...decided,
    }),
    ...taken,
  },
  problems: [...commandProblems, 'AGENT_NOT_FOUND', 'AGENT_DELETED'],
};

export const deleteAgentOperation: OperationDocument = {
  operationId: 'deleteAgent',
  tags: ['agents'],
  summary: 'Remove an agent that runs nothing; its history stays',
  parameters: [pathParameter('id'), ...headers],
  responses: {
    '200': jsonResponse('It is deleted', 'CommandDecided', { agent_id: exampleAgent, deleted: true, ...decided }),
    ...taken,
  },
  problems: [...commandProblems, 'AGENT_NOT_FOUND', 'ILLEGAL_TRANSITION'],
};

const ofExecution: readonly ProblemCode[] = [...commandProblems, 'EXECUTION_NOT_FOUND', 'ILLEGAL_TRANSITION'];

export const cancelExecutionOperation: OperationDocument = {
  operationId: 'cancelExecution',
  tags: ['agents'],
  summary: 'Stop an execution; twice is once',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('ExecutionReason', { reason: 'Asked by mistake', agent_id: exampleAgent }, false),
  responses: { '200': jsonResponse('It is stopped', 'CommandDecided', { status: 'cancelled', ...decided }), ...taken },
  problems: ofExecution,
};

export const retryExecutionOperation: OperationDocument = {
  operationId: 'retryExecution',
  tags: ['agents'],
  summary: 'Go on where an execution that failed or was cancelled had come to, as a new execution',
  description: 'Answers that a model gave are not asked for again, and tools that were called are not called again.',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('OfAgent', { agent_id: exampleAgent }, false),
  responses: {
    '201': jsonResponse('It runs', 'CommandDecided', {
      ...{ agent_id: exampleAgent, execution_id: exampleExecution, running: 1, status: 'running' },
      ...decided,
    }),
    ...taken,
  },
  problems: [...ofExecution, 'AGENT_NOT_FOUND', 'AGENT_DELETED', 'AGENT_BUSY', 'EXECUTION_EXISTS', 'CONTEXT_TOO_LARGE'],
};

export const settleIncidentOperation: OperationDocument = {
  operationId: 'settleIncident',
  tags: ['agents'],
  summary: 'Say what a tool call of unknown outcome came to, or what is to follow',
  description:
    '`completed`: it was done, and gave `output_data`. `failed`: it was not done. `repeat`: call it again, whatever that ' +
    'does. `abort`: end the execution.',
  parameters: [pathParameter('id'), pathParameter('incident_id'), ...headers],
  requestBody: body('IncidentSettlement', {
    resolution: 'completed',
    output_data: { receipt: 7 },
    reason: 'Seen at the bank',
  }),
  responses: {
    '200': jsonResponse('It goes on, or has ended', 'CommandDecided', {
      ...{ resolution: 'completed', status: 'running' },
      ...decided,
    }),
    ...taken,
  },
  problems: [...ofExecution, 'INCIDENT_NOT_OPEN'],
};

const historyParameters = [
  pathParameter('id'),
  queryParameter('after', '`next_after` of the page before: a version', { type: 'string', default: '0' }),
  queryParameter('limit', 'Events', { type: 'integer', minimum: 1, maximum: historyPageMax, default: 100 }),
];
const stateParameters = [
  pathParameter('id'),
  queryParameter('version', 'As it was after so many events'),
  queryParameter('at', 'As it was then', { type: 'string', format: 'date-time' }),
];
const agentParameter = queryParameter('agent_id', 'The agent; left out, it is looked up in the read model');
const historyExample = {
  items: [
    {
      id: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e22',
      type: 'agent.ready',
      time: '2026-11-21T09:30:00.250Z',
      stream_version: '6',
      subject: exampleAgent,
      correlation_id: commandId,
      causation_id: commandId,
      command_id: commandId,
      data_schema: 'urn:chorda:schema:agent.Ready:…',
      data: { agent_id: exampleAgent, reason: 'validated', execution_id: null },
    },
  ],
  next_after: null,
};

export const agentHistoryOperation: OperationDocument = {
  operationId: 'getAgentHistory',
  tags: ['agents'],
  summary: 'Every decision about an agent, in order, from the first',
  parameters: historyParameters,
  responses: { '200': jsonResponse('A page', 'StreamHistory', historyExample) },
  problems: ['AGENT_NOT_FOUND'],
};

export const agentStateOperation: OperationDocument = {
  operationId: 'getAgentState',
  tags: ['agents'],
  summary: 'An agent as its decisions leave it: now, at a version, or at a moment',
  parameters: stateParameters,
  responses: {
    '200': jsonResponse('The state', 'StreamState', {
      version: '6',
      at: '2026-11-21T09:30:00.250Z',
      state: { state: 'READY' },
    }),
  },
  problems: ['AGENT_NOT_FOUND', 'QUERY_TIMEOUT'],
};

export const executionHistoryOperation: OperationDocument = {
  operationId: 'getExecutionHistory',
  tags: ['agents'],
  summary: 'Every decision about an execution: its turns, calls, results and incidents',
  parameters: [...historyParameters, agentParameter],
  responses: { '200': jsonResponse('A page', 'StreamHistory', historyExample) },
  problems: ['EXECUTION_NOT_FOUND'],
};

export const executionStateOperation: OperationDocument = {
  operationId: 'getExecutionState',
  tags: ['agents'],
  summary: 'An execution as its decisions leave it, with what it waits for and what is in doubt',
  parameters: [...stateParameters, agentParameter],
  responses: {
    '200': jsonResponse('The state', 'StreamState', {
      version: '4',
      at: '2026-11-21T09:30:00.250Z',
      state: { status: 'running' },
    }),
  },
  problems: ['EXECUTION_NOT_FOUND', 'QUERY_TIMEOUT'],
};

export const commandOperation: OperationDocument = {
  operationId: 'getCommand',
  tags: ['agents'],
  summary: 'What a command came to, for at least seven days',
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('It is decided', 'CommandOutcome', { status: 'accepted', ...decided }) },
  problems: ['NOT_FOUND'],
};

const text = (description: string) => ({ type: 'string', description });
const nullable = (type: string, description: string) => ({ type: [type, 'null'], description });
const anyJson = (description: string) => ({ description });
const limits = {
  type: ['object', 'null'],
  description: 'What an execution may use; null leaves a limit to the default',
  additionalProperties: false,
  properties: {
    execution_time_ms_max: nullable('integer', 'From start to end, milliseconds. Default 300,000'),
    turns_max: nullable('integer', 'Model calls. Default 20'),
    tokens_max: nullable('integer', 'Tokens, sent and generated. Default 1,000,000'),
    cost_usd_max: nullable('string', 'US dollars, as decimal text. Default: not limited'),
  },
};

export const agentCommandSchemas: Record<string, unknown> = {
  NewAgent: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      agent_id: text('Letters, digits, `.`, `_`, `:`, `-`. Left out: AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX'),
      name: text('Name for people'),
      description: nullable('string', 'What it is for'),
      agent_type: { ...text('assistant, analyst, coder, or any word'), default: 'assistant' },
      definition_version: nullable('string', 'Version of the definition, in your words'),
      capabilities: {
        type: 'array',
        items: { type: 'string' },
        description: 'TEXT_PROCESSING, DOCUMENT_ANALYSIS, API_INTEGRATION, WORKFLOW_CONTROL',
      },
      tools: { type: 'array', items: { type: 'string' }, description: 'Names of tools that it may call' },
      model: nullable('string', 'Model to ask; null: the default of the deployment'),
      instructions: nullable('string', 'What the model is told before everything else'),
      config: anyJson('Settings: any JSON value'),
      memory: {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: { history_messages_max: { type: 'integer', minimum: 0, maximum: 1000, default: 50 } },
      },
      limits,
      concurrency_max: { type: 'integer', minimum: 1, maximum: 200, default: 100 },
    },
  },
  NewExecution: {
    type: 'object',
    required: ['input_data'],
    additionalProperties: false,
    properties: {
      execution_id: text('Left out: it follows from the command'),
      input_data: anyJson('What goes in: any JSON value'),
      user_id: nullable('string', 'On whose behalf; a pseudonymous id'),
      session_id: nullable('string', 'The conversation that it belongs to'),
      limits,
      metadata: {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: {
          workflow_id: nullable('string', 'The run that asks'),
          step_id: nullable('string', 'Its step'),
        },
      },
    },
  },
  Reason: {
    type: 'object',
    additionalProperties: false,
    properties: { reason: nullable('string', 'Why, in your words') },
  },
  ExecutionReason: {
    type: 'object',
    additionalProperties: false,
    properties: { reason: nullable('string', 'Why, in your words'), agent_id: text('Its agent') },
  },
  OfAgent: {
    type: 'object',
    additionalProperties: false,
    properties: { agent_id: text('Its agent'), execution_id: text('Of the new execution') },
  },
  IncidentSettlement: {
    type: 'object',
    required: ['resolution'],
    additionalProperties: false,
    properties: {
      resolution: { enum: ['completed', 'failed', 'repeat', 'abort'] },
      output_data: anyJson('What the tool gave, where it was done'),
      reason: nullable('string', 'Why, in your words'),
      agent_id: text('The agent of the execution'),
    },
  },
  CommandDecided: {
    type: 'object',
    description: 'What was decided. What else it holds depends on the command.',
    required: ['command_id', 'events', 'position'],
    properties: {
      command_id: text('Of this request'),
      events: { type: 'array', items: { $ref: '#/components/schemas/DecidedEvent' } },
      position: text('A read that brings it as `min_position` sees all of it'),
      agent_id: text('The agent'),
      execution_id: text('The execution'),
      state: text('Of the agent'),
      status: text('Of the execution'),
      running: { type: 'integer', description: 'Executions of the agent' },
    },
  },
  DecidedEvent: {
    type: 'object',
    required: ['id', 'type', 'stream_version'],
    properties: {
      id: text('Of the event'),
      type: text('Of the event'),
      stream_version: nullable('string', 'Its place in its stream; null for a fact'),
    },
  },
  CommandTaken: {
    type: 'object',
    required: ['command_id', 'status', 'position'],
    properties: { command_id: text('Of this request'), status: { const: 'taken' }, position: { type: 'null' } },
  },
  CommandOutcome: {
    type: 'object',
    required: ['status', 'command_id'],
    properties: {
      status: { enum: ['accepted', 'refused', 'failed'] },
      command_id: text('Of the command'),
      events: { type: 'array', items: { $ref: '#/components/schemas/DecidedEvent' } },
      position: text('Where what it did stands'),
      code: text('Why it was refused'),
      detail: text('Why it was refused, for people'),
    },
  },
  StreamHistory: {
    type: 'object',
    required: ['items', 'next_after'],
    properties: {
      items: {
        type: 'array',
        items: {
          type: 'object',
          required: ['id', 'type', 'time', 'stream_version', 'subject', 'data'],
          properties: {
            id: text('Of the event'),
            type: text('Of the event'),
            time: { type: 'string', format: 'date-time' },
            stream_version: text('Its place in the stream, decimal'),
            subject: text('The agent'),
            correlation_id: text('The first request of the chain'),
            causation_id: nullable('string', 'What directly caused it'),
            command_id: nullable('string', 'The command that was decided'),
            data_schema: text('Of its data'),
            data: { type: 'object', description: 'As in /v1/events' },
          },
        },
      },
      next_after: nullable('string', '`after` of the next page'),
    },
  },
  StreamState: {
    type: 'object',
    required: ['version', 'at', 'state'],
    properties: {
      version: text('Events that it follows from, decimal'),
      at: { type: 'string', format: 'date-time', description: 'When the last of them happened' },
      state: { type: 'object', description: 'Times end in `_ms`: milliseconds since the Unix epoch' },
    },
  },
};

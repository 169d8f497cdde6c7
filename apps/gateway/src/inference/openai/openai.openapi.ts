import type { ProblemCode } from '../../http/problem.js';
import { pathParameter } from '../../lists/list.openapi.js';
import type { OperationDocument } from '../../reference/documented.js';
import { headerParameter, jsonResponse } from '../../reference/operation-parts.js';
import { termHeaders } from '../ask-terms.js';

const problems: readonly ProblemCode[] = [
  'INVALID_JSON',
  'UNSUPPORTED_MEDIA_TYPE',
  'PAYLOAD_TOO_LARGE',
  'RECORD_TOO_LARGE',
  'QUOTA_EXCEEDED',
  'IDEMPOTENCY_KEY_IN_FLIGHT',
  'IDEMPOTENCY_KEY_REUSED',
  'DELIVERY_UNKNOWN',
  'OVERLOADED',
  'STOPPING',
  'NOT_ATTEMPTED',
];

const docs: Readonly<Record<keyof typeof termHeaders, string>> = {
  priority: '`high`, `normal` or `low`; left out: normal',
  deadline_ms: 'Milliseconds after which the request expires',
  session_id: 'The conversation that it belongs to; its requests are taken in order',
  user_id: 'On whose behalf; left out: `user` of the body',
  agent_id: 'The agent that asks',
  execution_id: 'The execution that asks',
  workflow_id: 'The run that asks',
  step_id: 'The step of that run',
  tokens_max: 'Tokens that all attempts may take together',
  cost_usd_max: 'US dollars that all attempts may cost together, as decimal text',
  attempts_max: 'Attempts that may be made',
};

const parameters = [
  ...Object.entries(termHeaders).map(([name, header]) => {
    const doc = Object.entries(docs).find(([known]) => known === name)?.[1] ?? '';
    return headerParameter(header, `${doc}. The same in \`metadata.chorda_${name}\` of the body`);
  }),
  headerParameter('Idempotency-Key', 'The same key with the same request has the same answer; not for streams'),
];

/** What the model server or the worker refused; its own status and error are passed on. */
function failures() {
  const statuses: readonly (readonly [string, string])[] = [
    ['404', 'The model does not exist'],
    ['409', 'Cancelled, or a request with this `Idempotency-Key` is being answered'],
    ['422', 'The model server cannot do what is asked'],
    ['502', 'The model server failed, also when it was asked again'],
    ['504', 'The deadline passed before there was an answer'],
  ];
  return Object.fromEntries(statuses.map(([status, text]) => [status, jsonResponse(text, 'OpenAiError')]));
}

const input = (schema: string, example: unknown) => ({
  required: true,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, example } },
});

function answered(description: string, schema: string, streams: boolean) {
  const { content, ...rest } = jsonResponse(description, schema);
  const stream = { 'text/event-stream': { schema: { type: 'string' } } };
  return { ...failures(), '200': { ...rest, content: streams ? { ...content, ...stream } : content } };
}

const own =
  'Through the log: the request waits for a worker by its priority, and is answered, accounted and shown as any other ' +
  '(`x-chorda-request-id` names it at `GET /v1/inference/{id}`). What is not named here is passed on to the model server, ' +
  'and what it answers comes back as it is. Who closes the connection cancels the request.';

export const chatCompletionOperation: OperationDocument = {
  operationId: 'createChatCompletion',
  tags: ['inference'],
  summary: 'Chat completion, as the OpenAI API has it',
  description: `${own}\n\nWith \`stream\` the answer is Server-Sent Events that end in \`[DONE]\` once the outcome stands.`,
  isOpenAi: true,
  parameters,
  requestBody: input('ChatCompletionRequest', {
    model: 'simulated',
    messages: [{ role: 'user', content: 'Say hello.' }],
  }),
  responses: answered('The completion', 'OpenAiAnswer', true),
  problems,
};

export const completionOperation: OperationDocument = {
  operationId: 'createCompletion',
  tags: ['inference'],
  summary: 'Completion of a text, as the OpenAI API has it',
  description: own,
  isOpenAi: true,
  parameters,
  requestBody: input('CompletionRequest', { model: 'simulated', prompt: 'Once upon a time' }),
  responses: answered('The completion', 'OpenAiAnswer', true),
  problems,
};

export const embeddingOperation: OperationDocument = {
  operationId: 'createEmbedding',
  tags: ['inference'],
  summary: 'Embeddings, as the OpenAI API has them',
  description: own,
  isOpenAi: true,
  parameters,
  requestBody: input('EmbeddingRequest', { model: 'simulated-embedding', input: ['one', 'two'] }),
  responses: answered('The embeddings', 'OpenAiAnswer', false),
  problems,
};

export const openAiModelsOperation: OperationDocument = {
  operationId: 'listModels',
  tags: ['inference'],
  summary: 'Models that can be asked now, as the OpenAI API lists them',
  isOpenAi: true,
  responses: { '200': jsonResponse('The models', 'OpenAiModels') },
  problems: [],
};

export const openAiModelOperation: OperationDocument = {
  operationId: 'retrieveModel',
  tags: ['inference'],
  summary: 'One model',
  isOpenAi: true,
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('The model', 'OpenAiModel') },
  problems: ['NOT_FOUND'],
};

const text = (description: string) => ({ type: 'string', description });
const passedOn = { type: 'object', additionalProperties: true };
const model = text('The model to ask');
const stream = { type: ['boolean', 'null'], description: 'Tokens as they come' };

export const openAiSchemas: Record<string, unknown> = {
  OpenAiError: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        ...passedOn,
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: text('What was wrong'),
          type: text('invalid_request_error, rate_limit_error, insufficient_quota, timeout_error, server_error'),
          param: { type: ['string', 'null'], description: 'The field at fault' },
          code: { type: ['string', 'integer', 'null'], description: 'Stable name' },
        },
      },
    },
  },
  ChatCompletionRequest: {
    ...passedOn,
    required: ['model', 'messages'],
    properties: {
      model,
      messages: {
        type: 'array',
        minItems: 1,
        maxItems: 10_000,
        items: { ...passedOn, required: ['role'], properties: { role: { type: 'string' } } },
      },
      stream,
    },
  },
  CompletionRequest: {
    ...passedOn,
    required: ['model', 'prompt'],
    properties: { model, prompt: { description: 'A text, a list of texts, of tokens, or of lists of tokens' }, stream },
  },
  EmbeddingRequest: {
    ...passedOn,
    required: ['model', 'input'],
    properties: { model, input: { description: 'A text, a list of at most 2048 texts or lists of tokens, or tokens' } },
  },
  OpenAiAnswer: { ...passedOn, description: 'What the model server answered, as it is', properties: {} },
  OpenAiModel: {
    type: 'object',
    required: ['id', 'object', 'created', 'owned_by', 'parent', 'max_model_len'],
    properties: {
      id: text('Name to ask for'),
      object: { const: 'model' },
      created: { type: 'integer', description: 'Always 0: when it was made is not known here' },
      owned_by: text('Who serves it'),
      parent: { type: ['string', 'null'], description: 'The model that an adapter changes' },
      max_model_len: { type: ['integer', 'null'], description: 'Tokens of prompt and answer together' },
    },
  },
  OpenAiModels: {
    type: 'object',
    required: ['object', 'data'],
    properties: {
      object: { const: 'list' },
      data: { type: 'array', items: { $ref: '#/components/schemas/OpenAiModel' } },
    },
  },
};

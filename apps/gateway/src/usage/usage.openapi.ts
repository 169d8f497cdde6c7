import { usageGroups } from '@chorda/read-models';
import { completenessProperties, readParameters, readProblems, readResponses } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse, queryParameter } from '../reference/operation-parts.js';
import { groupsMax } from './usage.query.js';

const sums = {
  attempts: '9',
  attempts_completed: '8',
  attempts_failed: '1',
  attempts_cancelled: '0',
  attempts_superseded: '0',
  attempts_estimated: '0',
  prompt_tokens: '18230',
  cached_prompt_tokens: '9000',
  completion_tokens: '2210',
  cost_usd: '0.08431',
  duration_ms: '14200',
};

export const usageOperation: OperationDocument = {
  operationId: 'getUsage',
  tags: ['usage'],
  summary: 'Model calls, tokens and cost, summed as you ask',
  description:
    'Every attempt at a model call counts, whatever became of it. Sums are exact: decimal text. Hours are whole hours of ' +
    'UTC: an hour counts where it begins at or after `from` and before `to`. Groups of times come in their order, then ' +
    'the dearest first; `truncated` says that there are more groups than `limit`, and `total` has them all.',
  parameters: [
    queryParameter('group_by', `Some of tenant, ${usageGroups.join(', ')}, separated by commas`, {
      type: 'string',
      default: 'model',
    }),
    queryParameter('from', 'RFC 3339; left out: a day before `to`'),
    queryParameter('to', 'RFC 3339; left out: now'),
    queryParameter('agent_id', 'Of this agent alone'),
    queryParameter('workflow_id', 'Of this run alone'),
    queryParameter('provider', 'Of this provider alone'),
    queryParameter('model', 'Of this model alone'),
    queryParameter('limit', 'Groups at most', { type: 'integer', minimum: 1, maximum: groupsMax, default: groupsMax }),
    ...readParameters,
  ],
  responses: readResponses(
    jsonResponse('Sums', 'Usage', {
      items: [{ model: 'llama-3.3-70b', ...sums }],
      total: sums,
      group_by: ['model'],
      from: '2026-11-20T12:00:00.000Z',
      to: '2026-11-21T12:00:00.000Z',
      truncated: false,
      complete: true,
    }),
  ),
  problems: readProblems,
};

const sumProperties = Object.fromEntries(
  Object.keys(sums).map((name) => [name, { type: 'string', description: 'Decimal, exact' }]),
);

export const usageSchemas = {
  UsageSums: {
    type: 'object',
    description: 'Sums of a group; the members that it is grouped by stand first.',
    required: Object.keys(sums),
    properties: {
      agent_id: { type: 'string', description: 'Empty where no agent asked' },
      workflow_id: { type: 'string', description: 'Empty where no run asked' },
      provider: { type: 'string' },
      model: { type: 'string' },
      hour: { type: 'string', format: 'date-time' },
      day: { type: 'string', format: 'date-time' },
      ...sumProperties,
    },
  },
  Usage: {
    type: 'object',
    required: ['items', 'total', 'group_by', 'from', 'to', 'truncated', 'complete'],
    properties: {
      items: { type: 'array', items: { $ref: '#/components/schemas/UsageSums' } },
      total: { $ref: '#/components/schemas/UsageSums' },
      group_by: { type: 'array', items: { enum: usageGroups } },
      from: { type: 'string', format: 'date-time' },
      to: { type: 'string', format: 'date-time' },
      truncated: { type: 'boolean' },
      ...completenessProperties,
    },
  },
};

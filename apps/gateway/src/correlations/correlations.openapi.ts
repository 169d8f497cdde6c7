import { journalList, storyEventsMax } from '@chorda/read-models';
import {
  pageParameters,
  pageSchema,
  pathParameter,
  readParameters,
  readProblems,
  readResponses,
} from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

export const correlationOperation: OperationDocument = {
  operationId: 'listCorrelatedEvents',
  tags: ['events'],
  summary: 'The story of a correlation id: everything with it, in order, across topics and kinds',
  description:
    '`order: causal`: a cause stands before its effects and the events of an aggregate are in their order, whatever ' +
    'clocks say; `orderedby` of each event says what put it there: `causation`, `stream`, or `time`, where nothing else ' +
    `is known. \`order: time\`: the chain has more than ${storyEventsMax} events and is told by the time that the log ` +
    'recorded them. Oldest first.',
  parameters: [pathParameter('id'), ...pageParameters(journalList.pageSizeMax), ...readParameters],
  responses: readResponses(jsonResponse('A page', 'CorrelationPage')),
  problems: ['NOT_FOUND', ...readProblems],
};

const page = pageSchema('StoryEvent');

export const correlationSchemas = {
  StoryEvent: {
    allOf: [
      { $ref: '#/components/schemas/StoredEvent' },
      {
        type: 'object',
        required: ['orderedby'],
        properties: { orderedby: { enum: ['causation', 'stream', 'time'] } },
      },
    ],
  },
  CorrelationPage: {
    ...page,
    required: ['items', 'order', 'next_cursor', 'complete'],
    properties: { ...Object(page['properties']), order: { enum: ['causal', 'time'] } },
  },
};

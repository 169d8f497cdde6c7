import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse, positionParameters, queryParameter } from '../reference/operation-parts.js';
import { exampleRead } from '../reference/schemas.js';

export const searchOperation: OperationDocument = {
  operationId: 'searchEvents',
  tags: ['events'],
  summary: 'Search the journal, newest first',
  description:
    'All conditions hold together. With `min_position` the answer has seen that write, or says why it has not.',
  parameters: [
    queryParameter('type', 'Any of these types, separated by commas'),
    queryParameter('subject', 'What the event is about'),
    queryParameter('source', 'Who said so'),
    queryParameter('correlation_id', 'The first request of the chain'),
    queryParameter('from', 'Recorded at or after this RFC 3339 time'),
    queryParameter('to', 'Recorded before this RFC 3339 time'),
    queryParameter('cursor', '`next_cursor` of the page before'),
    queryParameter('limit', 'Events a page', { type: 'integer', minimum: 1, maximum: 500, default: 50 }),
    ...positionParameters,
  ],
  responses: {
    '200': jsonResponse('A page', 'EventPage', { items: [exampleRead], next_cursor: null, complete: true }),
  },
  problems: [],
};

export const eventOperation: OperationDocument = {
  operationId: 'getEvent',
  tags: ['events'],
  summary: 'One event by its id',
  parameters: [
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    queryParameter('source', 'Needed where more than one source used the id'),
    ...positionParameters,
  ],
  responses: { '200': jsonResponse('The event', 'StoredEvent', exampleRead) },
  problems: ['NOT_FOUND', 'AMBIGUOUS_EVENT_ID'],
};

import { journalList } from '@chorda/read-models';
import { itemOperation, listOperation } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { queryParameter } from '../reference/operation-parts.js';
import { exampleRead } from '../reference/schemas.js';

export const searchOperation = listOperation(journalList, {
  operationId: 'searchEvents',
  tag: 'events',
  summary: 'Search the journal, newest first',
  description:
    'With `min_position` the answer has seen that write, or says why it has not. `type` takes several types, ' +
    'separated by commas, without an operator too.',
  schema: 'EventPage',
  example: { items: [exampleRead], next_cursor: null, complete: true },
  aliases: {
    from: 'Recorded at or after this RFC 3339 time: `recorded_time=gte.`',
    to: 'Recorded before this RFC 3339 time: `recorded_time=lt.`',
  },
});

const item = itemOperation({
  operationId: 'getEvent',
  tag: 'events',
  summary: 'One event by its id',
  schema: 'StoredEvent',
  example: exampleRead,
});

export const eventOperation: OperationDocument = {
  ...item,
  parameters: [...(item.parameters ?? []), queryParameter('source', 'Needed where more than one source used the id')],
  problems: [...item.problems, 'AMBIGUOUS_EVENT_ID'],
};

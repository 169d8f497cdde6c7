import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';

export const getPayloadOperation: OperationDocument = {
  operationId: 'getPayload',
  tags: ['agents'],
  summary: 'A value that stands elsewhere as a reference, because it is larger than 64 KiB',
  description:
    'Inputs, outputs and results of tools whose JSON has more than 64 KiB are kept apart; events, executions and ' +
    'conversations have `{"uri", "length", "sha256"}` in their place, where `uri` is this address. The bytes are checked ' +
    'against the name before they are given.',
  parameters: [pathParameter('sha256')],
  responses: {
    '200': {
      description: 'The value, as it was kept',
      content: { 'application/json': { schema: { description: 'Any JSON value' }, example: 'A long text' } },
    },
  },
  problems: ['PAYLOAD_NOT_FOUND', 'PAYLOAD_CHANGED'],
};

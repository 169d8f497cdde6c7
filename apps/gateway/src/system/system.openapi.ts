import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

export const systemOperation: OperationDocument = {
  operationId: 'getSystem',
  tags: ['system'],
  summary: 'Every service that reports about itself: instances, last health, last seen',
  responses: { '200': jsonResponse('The services', 'System') },
  problems: [],
};

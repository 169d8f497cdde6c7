import type { OperationDocument } from '../reference/documented.js';

const status = (description: string, example: Record<string, unknown>) => ({
  description,
  content: { 'application/json': { schema: { type: 'object' }, example } },
});

export const livezOperation: OperationDocument = {
  operationId: 'livez',
  tags: ['health'],
  summary: 'Whether the process answers',
  isPublic: true,
  responses: { '200': status('It does', { status: 'alive' }) },
  problems: [],
};

export const readyzOperation: OperationDocument = {
  operationId: 'readyz',
  tags: ['health'],
  summary: 'Whether requests can be served, and if not, why',
  isPublic: true,
  responses: {
    '200': status('Ready', { status: 'ready' }),
    '503': status('Not ready', { status: 'not_ready', reasons: ['database: no answer within 2000 ms'] }),
  },
  problems: [],
};

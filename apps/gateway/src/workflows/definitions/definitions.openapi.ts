import { pathParameter } from '../../lists/list.openapi.js';
import type { OperationDocument } from '../../reference/documented.js';
import { jsonResponse, queryParameter } from '../../reference/operation-parts.js';

const yaml = `workflow: order
steps:
  reserve: { kind: tool, tool: inventory.reserve, input: { sku: "\${ input.sku }" } }
  ship: { kind: tool, tool: ship, needs: [reserve] }
`;
const hash = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c';
const summary = {
  name: 'order',
  version: 3,
  hash,
  title: null,
  author_version: '1',
  source_format: 'chorda',
  created_at: '2026-11-21T09:30:00.000Z',
  created_by: '7f3a9c21d0',
  archived_at: null,
};
const form = { form: 1, name: 'order', flow: { kind: 'graph', steps: [] } };
const applied = { outcome: 'updated', name: 'order', hash, version: 3 };

const name = pathParameter('name');
const version = {
  name: 'version',
  in: 'path' as const,
  required: true,
  schema: { type: 'string', pattern: '^([1-9][0-9]{0,9}|latest)$' },
  description: 'A number from 1, or `latest`',
  example: '3',
};
const text = { type: 'string', description: 'A definition of Chorda or of Serverless Workflow 1.0, at most 256 KiB' };

export const applyWorkflow: OperationDocument = {
  operationId: 'applyWorkflow',
  tags: ['workflows'],
  summary: 'Store a workflow, or a new version of it',
  description:
    'The body is the definition: YAML or JSON of Chorda, or a CNCF Serverless Workflow 1.0 document, told apart by its ' +
    'member `document`. It is checked whole, and everything that is wrong is answered at once with line, column and ' +
    'pointer. The same definition as the newest version changes nothing. Versions are only ever added: a run keeps the ' +
    'version that it was started with, by the hash. An archived workflow is there again.',
  parameters: [queryParameter('dry_run', 'Checks everything and changes nothing', { type: 'boolean', default: false })],
  requestBody: {
    required: true,
    content: {
      'application/yaml': { schema: text, example: yaml },
      'application/json': { schema: { type: 'object' } },
    },
  },
  responses: { '200': jsonResponse('What became of it; `version` is null in a dry run', 'WorkflowApplied', applied) },
  problems: ['INVALID_WORKFLOW', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'LIMIT_REACHED'],
};

export const listWorkflows: OperationDocument = {
  operationId: 'listWorkflows',
  tags: ['workflows'],
  summary: 'Workflows of the tenant',
  parameters: [queryParameter('archived', 'Archived ones too', { type: 'boolean', default: false })],
  responses: { '200': jsonResponse('The newest version of each, by name', 'WorkflowList', { items: [summary] }) },
  problems: [],
};

export const getWorkflow: OperationDocument = {
  operationId: 'getWorkflow',
  tags: ['workflows'],
  summary: 'The newest version of a workflow',
  parameters: [name],
  responses: {
    '200': jsonResponse('With its form and what its author sent', 'WorkflowDefinition', {
      ...summary,
      form,
      source: yaml,
    }),
  },
  problems: ['NOT_FOUND'],
};

export const listWorkflowVersions: OperationDocument = {
  operationId: 'listWorkflowVersions',
  tags: ['workflows'],
  summary: 'All versions of a workflow',
  parameters: [name],
  responses: { '200': jsonResponse('Newest first', 'WorkflowList', { items: [summary] }) },
  problems: ['NOT_FOUND'],
};

export const getWorkflowVersion: OperationDocument = {
  operationId: 'getWorkflowVersion',
  tags: ['workflows'],
  summary: 'One version of a workflow',
  parameters: [name, version],
  responses: {
    '200': jsonResponse('With its form and what its author sent', 'WorkflowDefinition', {
      ...summary,
      form,
      source: yaml,
    }),
  },
  problems: ['NOT_FOUND'],
};

export const exportWorkflowVersion: OperationDocument = {
  operationId: 'exportWorkflowVersion',
  tags: ['workflows'],
  summary: 'A version of a workflow as a text to be stored elsewhere',
  description:
    'As YAML or JSON of Chorda, which read again have the same hash, or as CNCF Serverless Workflow 1.0. What that ' +
    'cannot say is refused, with everything that it cannot say.',
  parameters: [
    name,
    version,
    queryParameter('format', 'Which', {
      type: 'string',
      enum: ['yaml', 'json', 'serverless-workflow'],
      default: 'yaml',
    }),
  ],
  responses: {
    '200': jsonResponse('The text', 'WorkflowExport', { name: 'order', version: 3, format: 'yaml', text: yaml }),
  },
  problems: ['NOT_FOUND', 'NOT_IN_THIS_STATE'],
};

export const archiveWorkflow: OperationDocument = {
  operationId: 'archiveWorkflow',
  tags: ['workflows'],
  summary: 'Archive a workflow',
  description: 'No run is started of it any more; those that run go on. Storing it again makes it available again.',
  parameters: [name],
  responses: { '204': { description: 'It is archived' } },
  problems: ['NOT_FOUND'],
};

const summaryProperties = {
  name: { type: 'string' },
  version: { type: 'integer', description: 'Counts from 1' },
  hash: { type: 'string', description: 'SHA-256 of the form: what runs are pinned to' },
  title: { type: ['string', 'null'] },
  author_version: { type: 'string', description: 'What its author calls the version' },
  source_format: { enum: ['chorda', 'serverless-workflow'] },
  created_at: { type: 'string', format: 'date-time' },
  created_by: { type: 'string' },
  archived_at: { type: ['string', 'null'], format: 'date-time' },
};

export const workflowSchemas = {
  WorkflowApplied: {
    type: 'object',
    required: Object.keys(applied),
    properties: {
      outcome: { enum: ['created', 'updated', 'restored', 'unchanged'] },
      name: { type: 'string' },
      hash: summaryProperties.hash,
      version: { type: ['integer', 'null'], description: 'null in a dry run' },
    },
  },
  WorkflowSummary: { type: 'object', required: Object.keys(summary), properties: summaryProperties },
  WorkflowList: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/WorkflowSummary' } } },
  },
  WorkflowDefinition: {
    type: 'object',
    required: [...Object.keys(summary), 'form', 'source'],
    properties: {
      ...summaryProperties,
      form: { type: 'object', description: 'What is interpreted; nothing in it is filled in later' },
      source: { type: 'string', description: 'As its author sent it' },
    },
  },
  WorkflowExport: {
    type: 'object',
    required: ['name', 'version', 'format', 'text'],
    properties: {
      name: { type: 'string' },
      version: { type: 'integer' },
      format: { enum: ['yaml', 'json', 'serverless-workflow'] },
      text: { type: 'string' },
    },
  },
} satisfies Record<string, unknown>;

import { executionsList } from '@chorda/read-models';
import { itemOperation, listOperation, listSchemas } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { queryParameter } from '../reference/operation-parts.js';

export const executionsOperation = listOperation(executionsList, {
  operationId: 'listExecutions',
  tag: 'agents',
  summary: 'Executions of agents, newest first',
  schema: 'ExecutionPage',
});

const item = itemOperation({
  operationId: 'getExecution',
  tag: 'agents',
  summary: 'One execution with what went in and what came out',
  schema: 'Execution',
});

export const executionOperation: OperationDocument = {
  ...item,
  parameters: [
    ...(item.parameters ?? []),
    queryParameter('agent_id', 'Needed where senders used the same execution id for more than one agent'),
  ],
};

export const executionSchemas = listSchemas(
  'Execution',
  executionsList,
  'An execution of an agent. `input_data`, `output_data` and `error` are shown of a single one alone.',
);

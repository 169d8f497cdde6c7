import { tasksList } from '@chorda/read-models';
import { itemOperation, listOperation, listSchemas } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { queryParameter } from '../reference/operation-parts.js';

export const tasksOperation = listOperation(tasksList, {
  operationId: 'listTasks',
  tag: 'workflows',
  summary: 'Tasks for people, newest first',
  schema: 'TaskPage',
});

const item = itemOperation({
  operationId: 'getTask',
  tag: 'workflows',
  summary: 'One task with its form and what it is about',
  schema: 'Task',
});

export const taskOperation: OperationDocument = {
  ...item,
  parameters: [
    ...(item.parameters ?? []),
    queryParameter('workflow_id', 'Needed where two runs used the same task id'),
  ],
};

export const taskSchemas = listSchemas('Task', tasksList, 'A task for people: an approval or a form.');

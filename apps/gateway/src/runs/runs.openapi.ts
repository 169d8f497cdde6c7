import { runsList, stepsList } from '@chorda/read-models';
import { itemOperation, listOperation, listSchemas } from '../lists/list.openapi.js';

export const runsOperation = listOperation(runsList, {
  operationId: 'listRuns',
  tag: 'workflows',
  summary: 'Runs of workflows, newest first',
  schema: 'RunPage',
});

export const runOperation = itemOperation({
  operationId: 'getRun',
  tag: 'workflows',
  summary: 'One run with what went in and what came out',
  schema: 'Run',
});

export const stepsOperation = listOperation(stepsList, {
  operationId: 'listSteps',
  tag: 'workflows',
  summary: 'Steps of all runs with their timing, newest first',
  schema: 'StepPage',
});

export const runStepsOperation = listOperation(stepsList, {
  operationId: 'listRunSteps',
  tag: 'workflows',
  summary: 'Steps of one run with their timing',
  schema: 'StepPage',
  path: ['id'],
});

export const runSchemas = {
  ...listSchemas(
    'Run',
    runsList,
    'A run of a workflow. Payloads are shown of a single one alone, those of more than 64 KiB as references: ' +
      '`GET /v1/payloads/{sha256}`.',
  ),
  ...listSchemas('Step', stepsList, 'A step of a run with its timing.'),
};

import { agentSchemas } from '../agents/agents.openapi.js';
import { executionSchemas } from '../executions/executions.openapi.js';
import { runSchemas } from '../runs/runs.openapi.js';
import { taskSchemas } from '../tasks/tasks.openapi.js';

/** What the reads of read models answer. */
export const querySchemas: Record<string, unknown> = {
  ...agentSchemas,
  ...executionSchemas,
  ...runSchemas,
  ...taskSchemas,
};

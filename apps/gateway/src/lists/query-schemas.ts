import { agentSchemas } from '../agents/agents.openapi.js';
import { correlationSchemas } from '../correlations/correlations.openapi.js';
import { deadLetterSchemas } from '../dead-letters/dead-letters.openapi.js';
import { executionSchemas } from '../executions/executions.openapi.js';
import { metricsSchemas } from '../metrics/metrics-summary.openapi.js';
import { parkedSchemas } from '../parked/parked.openapi.js';
import { runSchemas } from '../runs/runs.openapi.js';
import { schemaSchemas } from '../schemas/schemas.openapi.js';
import { taskSchemas } from '../tasks/tasks.openapi.js';
import { topicSchemas } from '../topics/topics.openapi.js';
import { usageSchemas } from '../usage/usage.openapi.js';

/** What the reads of read models answer. */
export const querySchemas: Record<string, unknown> = {
  ...agentSchemas,
  ...executionSchemas,
  ...runSchemas,
  ...taskSchemas,
  ...correlationSchemas,
  ...usageSchemas,
  ...metricsSchemas,
  ...topicSchemas,
  ...schemaSchemas,
  ...deadLetterSchemas,
  ...parkedSchemas,
};

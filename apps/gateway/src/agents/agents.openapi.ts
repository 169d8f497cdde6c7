import { agentsList } from '@chorda/read-models';
import { itemOperation, listOperation, listSchemas } from '../lists/list.openapi.js';

export const agentsOperation = listOperation(agentsList, {
  operationId: 'listAgents',
  tag: 'agents',
  summary: 'Agents and their state, the last active first',
  schema: 'AgentPage',
});

export const agentOperation = itemOperation({
  operationId: 'getAgent',
  tag: 'agents',
  summary: 'One agent with its settings',
  schema: 'Agent',
});

export const agentSchemas = listSchemas(
  'Agent',
  agentsList,
  'An agent as its events tell of it. Known by facts alone, it is not `managed` and has no `state`.',
);

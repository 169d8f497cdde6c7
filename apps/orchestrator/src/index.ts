export { startOrchestrator, workflowDecisionsGroup } from './start-orchestrator.js';

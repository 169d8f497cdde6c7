export { agentDecisionsGroup, agentsCodec, startAgentRuntime } from './start-agent-runtime.js';

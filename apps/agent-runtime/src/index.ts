export { executorEnv, type ExecutorEnv } from './executors/executors.env.js';
export { executorGroup } from './executors/agent-work.kind.js';
export { startExecutors, type ExecutorsOptions, type RunningExecutors } from './executors/start-executors.js';
export { agentDecisionsGroup, agentsCodec, startAgentRuntime } from './start-agent-runtime.js';

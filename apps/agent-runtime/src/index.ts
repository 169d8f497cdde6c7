export { executorEnv, type ExecutorEnv } from './executors/executors.env.js';
export {
  executorGroup,
  startExecutors,
  type ExecutorsOptions,
  type RunningExecutors,
} from './executors/start-executors.js';
export { agentDecisionsGroup, agentsCodec, startAgentRuntime } from './start-agent-runtime.js';

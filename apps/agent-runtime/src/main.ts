import { runAsProcess } from '@chorda/platform';
import { startAgentRuntime } from './start-agent-runtime.js';

await runAsProcess('agent-runtime', startAgentRuntime);

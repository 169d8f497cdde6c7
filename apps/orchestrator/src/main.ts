import { runAsProcess } from '@chorda/platform';
import { startOrchestrator } from './start-orchestrator.js';

await runAsProcess('orchestrator', startOrchestrator);

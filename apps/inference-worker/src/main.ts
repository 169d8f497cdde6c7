import { runAsProcess } from '@chorda/platform';
import { startInferenceWorker } from './start-inference-worker.js';

await runAsProcess('inference-worker', startInferenceWorker);

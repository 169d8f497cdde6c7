export { startInferenceWorker } from './start-inference-worker.js';

export { FairQueue, type FairQueueOptions, type Prioritized } from './scheduling/fair-queue.js';
export { Watermark } from './scheduling/watermark.js';
export { Window, type ServerLoad, type WindowOptions } from './scheduling/window.js';

export { Development, type DevelopmentOptions } from './development.js';
export { runDevelopment } from './run-development.js';
export { prepareData, type FirstKey } from './prepare-data.js';

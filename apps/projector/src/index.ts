export { projectorGroup, startProjector } from './start-projector.js';

import { runAsProcess } from '@chorda/platform';
import { startProjector } from './start-projector.js';

await runAsProcess('projector', startProjector);

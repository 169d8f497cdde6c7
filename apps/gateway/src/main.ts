import { runAsProcess } from '@chorda/platform';
import { startGateway } from './start-gateway.js';

await runAsProcess('gateway', startGateway);

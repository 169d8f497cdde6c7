// npm test: everything that a bare clone lacks, then exactly `npm run verify`.
import { join } from 'node:path';
import { bootstrap, environment, node24, root } from './bootstrap.mjs';
import { runChecked } from './verify/processes.mjs';

await bootstrap();
process.exitCode = await runChecked(node24(), [join(root, 'scripts', 'verify.mjs')], { env: environment() });

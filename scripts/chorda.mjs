// npm run chorda -- ARGUMENTS: the chorda command from this clone.
import { bootstrap, handOver } from './bootstrap.mjs';

await bootstrap();
handOver('apps/cli/dist/main.js', process.argv.slice(2));

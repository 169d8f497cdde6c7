// npm run soak: a soak by name: npm run soak -- backbone.
import { bootstrap, handOver } from './bootstrap.mjs';

await bootstrap();
handOver('bench/dist/soak.js', process.argv.slice(2));

// npm run bench: the benchmarks.
import { bootstrap, handOver } from './bootstrap.mjs';

await bootstrap();
handOver('bench/dist/main.js', process.argv.slice(2));

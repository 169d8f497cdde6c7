// npm start: the servers and every app in one process.
import { bootstrap, handOver } from './bootstrap.mjs';

await bootstrap();
handOver('deploy/native/dist/start/main.js', process.argv.slice(2));

// npm run bench: the benchmarks. `npm run bench -- projector …` runs the suite of that name, which has a folder of its own.
import { bootstrap, handOver } from './bootstrap.mjs';

await bootstrap();
const [first = '', ...rest] = process.argv.slice(2);
const isSuite = /^[a-z]+$/.test(first);
handOver(isSuite ? `bench/dist/${first}/main.js` : 'bench/dist/main.js', isSuite ? rest : process.argv.slice(2));

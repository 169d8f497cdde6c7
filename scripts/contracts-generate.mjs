// npm run contracts:generate [-- --check]: from the schemas, everything that is generated.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiler, ensurePackages, environment, node24, root, runToEnd } from './bootstrap.mjs';

await ensurePackages();
// Its outcome does not matter: generated code that is stale may well not compile, and generating is what mends it.
await runToEnd(node24(), [compiler(), '-b', 'libs/contracts'], { env: process.env });
const generator = pathToFileURL(join(root, 'libs', 'contracts', 'dist', 'generator', 'main.js')).href;
const program = `
  import { runGenerator } from ${JSON.stringify(generator)};
  process.exitCode = runGenerator(${JSON.stringify(root)}, { check: ${process.argv.includes('--check')} });
`;
process.exitCode = await runToEnd(node24(), ['--input-type=module', '-e', program], { env: environment() });

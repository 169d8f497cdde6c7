// npm run projections:generate: a migration for each projection whose table has none yet.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiler, ensurePackages, environment, node24, root, runToEnd } from './bootstrap.mjs';

await ensurePackages();
const built = await runToEnd(node24(), [compiler(), '-b', 'apps/projector'], { env: process.env });
if (built !== 0) process.exit(built);
const generator = pathToFileURL(join(root, 'apps', 'projector', 'dist', 'generator', 'main.js')).href;
const program = `
  import { runGenerator } from ${JSON.stringify(generator)};
  runGenerator(${JSON.stringify(root)});
`;
process.exitCode = await runToEnd(node24(), ['--input-type=module', '-e', program], { env: environment() });

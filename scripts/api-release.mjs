// npm run api:release [-- --breaking]: writes what is released of the contracts: docs/reference/openapi.json and
// asyncapi.json, docs/reference/errors.md, docs/reference/operations.md, and the types of the client. A change that breaks
// who uses the API is refused, with its name, unless --breaking says that it is meant.
import { join } from 'node:path';
import { ensurePackages, environment, node24, root, runToEnd } from './bootstrap.mjs';

await ensurePackages();
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const specs = [
  'apps/gateway/src/reference/reference.int',
  'apps/gateway/src/http/problem-help.unit',
  'apps/cli/src/operations/operations.unit',
];
const env = { ...environment(), CHORDA_API_RELEASE: process.argv.includes('--breaking') ? 'breaking' : 'additions' };
process.exitCode = await runToEnd(node24(), [vitest, 'run', ...specs], {
  env,
});

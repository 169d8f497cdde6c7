import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * - `projector`: the specs that break projectors: more kills, more partitions that change hands, more logs drawn by
 *   chance. Each ends with all read models equal to a rebuild, by hash.
 * - `fuzz`: requests made from the OpenAPI document, more of each operation.
 */
const soaks = {
  projector: [
    'apps/projector/src/killed-projectors',
    'apps/projector/src/zombies',
    'apps/projector/src/rebalance-storm',
    'apps/projector/src/postgres-cut',
    'apps/projector/src/any-log',
    'apps/projector/src/test-support/',
    'apps/projector/src/examples/',
  ],
  fuzz: ['apps/gateway/src/reference/openapi-fuzz'],
} as const;

/**
 * Runs specs that draw by chance, `factor` times as long as `npm test` does.
 *
 * @returns The exit code of the run: 0, or 1 where a spec failed.
 */
export async function runSpecSoak(name: keyof typeof soaks, factor: number): Promise<number> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const args = ['run', '--project', 'int', ...soaks[name]];
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: repository,
    stdio: 'inherit',
    env: { ...process.env, CHORDA_SOAK_FACTOR: String(factor) },
  });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

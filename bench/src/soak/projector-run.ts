import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** The specs that break projectors; each ends with all read models equal to a rebuild, by hash. */
const specs = [
  'killed-projectors',
  'zombies',
  'rebalance-storm',
  'postgres-cut',
  'any-log',
  'test-support/',
  'examples/',
];

/**
 * Runs the specs that break projectors for real, `factor` times as long as `npm test` does: more kills, more partitions
 * that change hands, more logs and seeds drawn by chance.
 *
 * @returns The exit code of the run: 0, or 1 where a read model differed from its rebuild.
 */
export async function runProjectorSoak(factor: number): Promise<number> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const args = ['run', '--project', 'int', ...specs.map((spec) => `apps/projector/src/${spec}`)];
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: repository,
    stdio: 'inherit',
    env: { ...process.env, CHORDA_SOAK_FACTOR: String(factor) },
  });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

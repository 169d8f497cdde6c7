import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Sources and not builds: a spec sees what was just typed. `import` is left out, because Vitest hands these to Node as
// `--conditions`, where they would also hold for a `require` inside a package.
const conditions = ['chorda-source', 'node', 'default'];
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // Said here because the tsconfig files leave specs out, and Oxc then takes nothing from them.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
};
/** Vitest's own is one second, which a busy machine passes without anything being wrong. */
const patient = { poll: { timeout: 20_000 } };
const places = (suffix: string) =>
  ['libs', 'apps', 'deploy', 'bench', 'scripts', 'examples'].map((at) => `${at}/**/*.${suffix}.spec.ts`);
/** `npm run soak` lets each spec draw so many times as much, and so take as long. */
const soakFactor = Math.max(1, Number(process.env['CHORDA_SOAK_FACTOR'] ?? 1));
const excluded = ['**/node_modules/**', '**/dist/**'];

export default defineConfig({
  ...shared,
  test: {
    // Real servers: on two cores more workers make every spec slower and none faster, and all share one Postgres.
    maxWorkers: availableParallelism() < 4 ? 2 : 3,
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: places('unit'),
          exclude: excluded,
          environment: 'node',
          expect: patient,
          setupFiles: ['./scripts/verify/fixed-draws.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'int',
          include: places('int'),
          exclude: excluded,
          environment: 'node',
          expect: patient,
          setupFiles: ['./scripts/verify/fixed-draws.ts'],
          globalSetup: ['./libs/testing/src/global-setup.ts'],
          testTimeout: 60_000 * soakFactor,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: places('e2e'),
          exclude: excluded,
          environment: 'node',
          expect: patient,
          globalSetup: ['./libs/testing/src/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Each e2e spec starts whole applications: one at a time.
          fileParallelism: false,
        },
      },
    ],
  },
});

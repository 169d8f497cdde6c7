import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plantableGatewayBugs, type PlantableGatewayBug } from '@chorda/platform';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

interface Named {
  readonly file: string;
  readonly test: string;
  /** In the same file, of what the bug leaves alone. */
  readonly untouched: string;
}

/**
 * The tests of the guarantees are worth what they would catch. All bugs are planted at once (`CHORDA_PLANT`), since each
 * takes away one promise that one file alone looks at: its named test has to fail, and the one beside it has to pass.
 */
const caughtBy: Readonly<Record<PlantableGatewayBug, Named>> = {
  'no-position-wait': {
    file: 'events/position-wait.int.spec.ts',
    test: 'waits for what it brought, and says that it is not there yet',
    untouched: 'is not asked of who reads what is there',
  },
  'no-idempotency-claim': {
    file: 'idempotency/idempotency.int.spec.ts',
    test: 'gets the answer it had, from either gateway, and nothing is sent twice',
    untouched: 'of another tenant is another key',
  },
  'no-request-limit': {
    file: 'keys/keys.int.spec.ts',
    test: 'of a key hold over two gateways, and say when there is room again',
    untouched: 'of events count what is in a batch',
  },
  'audit-apart': {
    file: 'keys/keys.int.spec.ts',
    test: 'is not made, and stays good, where its story cannot be written: both are one transaction',
    untouched: 'of events count what is in a batch',
  },
  'no-token-audience': {
    file: 'auth/credential-matrix.int.spec.ts',
    test: 'with a token for another audience answers 401',
    untouched: 'with a token of another issuer answers 401',
  },
  'no-revocation': {
    file: 'auth/credential-matrix.int.spec.ts',
    test: 'with a key that is revoked answers 401',
    untouched: 'with a key that is expired answers 401',
  },
  'types-open-to-all': {
    file: 'external-types/external-types.int.spec.ts',
    test: 'belongs to who registered it: others cannot send, see or change it',
    untouched: 'is taken, kept, searched and followed like every other from the moment it is registered',
  },
};

interface TestResult {
  readonly title: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly TestResult[] }[];
}

const here = fileURLToPath(new URL('./', import.meta.url));
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

describe('a bug of the gateway that is planted', { timeout: 300_000 }, () => {
  let folder: string;
  let report: Report;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chorda-planted-'));
    writeFileSync(join(folder, 'stack.json'), JSON.stringify(inject('stack')));
    report = await runPlanted(folder);
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(plantableGatewayBugs)('%s makes its named test fail, and not the one beside it', (bug) => {
    const { file, test, untouched } = caughtBy[bug];
    const results = report.testResults.find(({ name }) => name.endsWith(file))?.assertionResults ?? [];
    const named = results.find(({ title }) => title === test);
    expect(named, `${file} has no test of that name`).toBeDefined();
    expect(named).toMatchObject({ status: 'failed' });
    // By what it checks, and not by running out of time or out of a server.
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError/);
    expect(results.find(({ title }) => title === untouched)).toMatchObject({ status: 'passed' });
  });
});

async function runPlanted(folder: string): Promise<Report> {
  const output = join(folder, 'report.json');
  const all = Object.values(caughtBy);
  const files = [...new Set(all.map(({ file }) => join(here, file)))];
  const titles = all.flatMap(({ test, untouched }) => [test, untouched]);
  // What a later test of the file builds on.
  const needed = ['is not known before it is registered, and a dry run registers nothing'];
  const name = `(${[...titles, ...needed].map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`;
  const args = ['run', '--project', 'int', ...files, '-t', name, '--reporter=json', `--outputFile=${output}`];
  const planted = plantableGatewayBugs.join(',');
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: repository,
    stdio: 'ignore',
    env: {
      ...process.env,
      NODE_ENV: 'test',
      CHORDA_PLANT: planted,
      CHORDA_TEST_STACK_FILE: join(folder, 'stack.json'),
    },
  });
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(readFileSync(output, 'utf8'));
}

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Reaper } from '@chorda/native-stack';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a run that was told to end is given for ending its servers, before it is killed. */
const endTimeoutMs = 10_000;

/**
 * - `projector`: the specs that break projectors, again and again, each time on ground of its own. Each ends with all read
 *   models equal to a rebuild, by hash.
 * - `fuzz`: requests made from the OpenAPI document.
 */
const soaks = {
  projector: [
    'apps/projector/src/killed-projectors',
    'apps/projector/src/rebuild/killed-rebuilds',
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
 * Runs the specs of a soak and says how they went. Told to end, or killed, it takes all that it started with it.
 *
 * - `projector`: `rounds` times, one behind the other.
 * - `fuzz`: once, and draws `factor` times as much as `npm test` does.
 *
 * @returns The exit code of the run: 0, or 1 where a spec failed or it was told to end.
 */
export async function runSpecSoak(
  name: keyof typeof soaks,
  given: { readonly rounds: number; readonly factor: number },
): Promise<number> {
  const [rounds, factor] = name === 'fuzz' ? [1, given.factor] : [given.rounds, 1];
  const folder = mkdtempSync(join(tmpdir(), 'chorda-soak-'));
  const reaper = new Reaper(folder);
  let running: ChildProcess | undefined;
  let isCut = false;
  const cut = () => {
    isCut = true;
    if (running) end(running);
  };
  for (const signal of signals) process.once(signal, cut);
  let [passed, done] = [0, 0];
  const failed: string[] = [];
  while (done < rounds && !isCut) {
    done += 1;
    const results = join(folder, `round-${done}.json`);
    running = startSpecs(soaks[name], factor, results);
    const found = await resultsOf(running, reaper, results);
    if (isCut) break;
    passed += found.passed;
    failed.push(...found.failed);
    console.log(`round ${done} of ${rounds}: ${found.passed} tests passed, ${found.failed.length} failed`);
  }
  for (const each of failed.slice(0, 50)) console.error(`failed: ${each}`);
  console.log(`${done} rounds, ${passed} tests passed, ${failed.length} failed${isCut ? '; it was told to end' : ''}`);
  await reaper.close();
  return failed.length > 0 || isCut ? 1 : 0;
}

function startSpecs(specs: readonly string[], factor: number, results: string): ChildProcess {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  return spawn(process.execPath, [vitest, 'run', '--project', 'int', ...reporters, ...specs], {
    cwd: repository,
    // A group of its own: that is what the reaper ends.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CHORDA_SOAK_FACTOR: String(factor) },
  });
}

interface SpecResults {
  readonly passed: number;
  readonly failed: readonly string[];
}

async function resultsOf(child: ChildProcess, reaper: Reaper, file: string): Promise<SpecResults> {
  const { pid = 0 } = child;
  reaper.add(pid);
  const code = await new Promise<number>((resolve) => child.once('close', (ended) => resolve(ended ?? 1)));
  // A run that was killed has left its workers to the reaper.
  if (code === 0) reaper.remove(pid);
  if (!existsSync(file)) return { passed: 0, failed: [`The run ended with ${code} and no results`] };
  const { testResults }: VitestResults = JSON.parse(readFileSync(file, 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  // A file whose `beforeAll` fails has no tests that fail.
  const files = testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  const named = failed.length > 0 ? failed : files;
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: named.length > 0 || code === 0 ? named : [`The run ended with ${code}`],
  };
}

/** Of Vitest's report as JSON, what is read here. */
interface VitestResults {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), endTimeoutMs).unref();
}

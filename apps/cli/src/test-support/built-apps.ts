import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '@chorda/kernel';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');
const readyTimeoutMs = 150_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An app as an operator runs it: the built entry, in a process of its own. */
export class BuiltApp {
  private readonly process: ChildProcess;
  private output = '';

  constructor(
    private readonly name: string,
    private readonly metricsUrl: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.process = spawn(process.execPath, [entryOf(name)], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString('utf8')).slice(-20_000)));
    }
  }

  async ready(): Promise<void> {
    const endMs = Date.now() + readyTimeoutMs;
    while (Date.now() < endMs) {
      if (this.process.exitCode !== null) break;
      const answer = await fetch(`${this.metricsUrl}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await sleep(100);
    }
    throw new Error(`${this.name} is not ready. It said:\n${this.output}`);
  }

  async stop(): Promise<number | null> {
    if (this.process.exitCode !== null) return this.process.exitCode;
    this.process.kill('SIGTERM');
    const [code] = (await once(this.process, 'exit')) as [number | null];
    return code;
  }
}

/** One command line of the built `chorda`, to its end. */
export async function chorda(environment: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [entryOf('cli'), ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

function entryOf(app: string): string {
  const entry = join(root, 'apps', app, 'dist', 'main.js');
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run npm run build`);
  return entry;
}

import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Reaper } from '@chorda/native-stack';

let reaper: Reaper | undefined;

/** What Node made of each file, so that the next process need not: two thirds of what starting one costs. */
const compiled = fileURLToPath(new URL('../../../node_modules/.cache/chorda-sources', import.meta.url));

export interface SourceProcess {
  readonly pid: number;
  /** What it printed so far. */
  output(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Resolves when `isReached` says so; throws with the output when it ended or the time is over. */
  until(what: string, isReached: () => Promise<boolean> | boolean, timeoutMs?: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, unless it is over already. */
  end(): Promise<void>;
}

/**
 * Runs a TypeScript file as a process of its own, from source: no build stands between an edit and the process that a
 * spec kills. For files without decorators. It ends with this process, whatever ends this one, even if it is stopped.
 *
 * @param env All of its environment, beside PATH and where Node keeps what it compiled.
 */
export function startSourceProcess(
  file: URL,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): SourceProcess {
  const flags = [
    '--conditions=chorda-source',
    '--experimental-transform-types',
    '--disable-warning=ExperimentalWarning',
    '--import',
    new URL('./source-imports.mjs', import.meta.url).href,
  ];
  reaper ??= new Reaper(mkdtempSync(join(tmpdir(), 'chorda-source-')));
  // A group of its own: that is what the reaper ends.
  const child = spawn(process.execPath, [...flags, fileURLToPath(file), ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiled, ...env },
  });
  const pid = child.pid ?? -1;
  if (pid > 0) reaper.add(pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-100_000)));
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      reaper?.remove(pid);
      resolve({ code, signal });
    });
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    output: () => output,
    ended,
    signal: (signal) => void child.kill(signal),
    async until(what, isReached, timeoutMs = 60_000) {
      const deadlineMs = Date.now() + timeoutMs;
      while (!(await isReached())) {
        if (!isRunning()) throw new Error(`The process ended before: ${what}\n${output}`);
        if (Date.now() > deadlineMs) throw new Error(`Not within ${timeoutMs} ms: ${what}\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    async end() {
      if (isRunning()) child.kill('SIGKILL');
      await ended;
    },
  };
}

import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { sleep } from '@chorda/kernel';
import { ServerFailedError } from '../errors.js';
import { isIdentity } from '../machine/folder-lock.js';
import { identify, isAlive, processTree, signalIfSame, type ProcessIdentity } from '../machine/process-identity.js';
import type { Reaper } from './reaper.js';

export interface Launch {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface ServerProcessOptions {
  /** For messages: `Kafka`. */
  readonly title: string;
  readonly logFile: string;
  /** Says who runs, so that a later start finds what a killed one left. */
  readonly pidFile: string;
  readonly launch: Launch;
  /** The signal that makes the server write what it holds and end. */
  readonly stopSignal: NodeJS.Signals;
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** Whether the server answers; asked again and again until it does. */
  readonly isReady: () => Promise<boolean>;
  /** Ends the server when this process is killed; left out where a later start adopts it. */
  readonly reaper?: Reaper;
}

const logBytesMax = 20 * 1024 * 1024;

/**
 * A server of another program, in a session of its own: Ctrl-C in the terminal reaches the supervisor alone, which
 * stops the server after the apps have drained.
 *
 * Modes: stopped; running (after `start`, `adopt`, `resume`); paused (after `pause`: it holds its connections and
 * answers nothing). `kill` and `stop` lead from any of them to stopped.
 */
export class ServerProcess {
  private identity: ProcessIdentity | undefined;

  constructor(private readonly options: ServerProcessOptions) {}

  get pid(): number | undefined {
    return this.identity?.pid;
  }

  get isRunning(): boolean {
    return this.identity !== undefined && isAlive(this.identity);
  }

  /** @throws {@link ServerFailedError} when it ends or does not answer within `readyTimeoutMs`. */
  async start(): Promise<void> {
    const { launch, logFile, pidFile } = this.options;
    mkdirSync(dirname(logFile), { recursive: true });
    mkdirSync(dirname(pidFile), { recursive: true });
    if (existsSync(logFile) && statSync(logFile).size > logBytesMax) renameSync(logFile, `${logFile}.1`);
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(launch.program, launch.arguments, {
      env: launch.env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
      ...(launch.uid === undefined ? {} : { uid: launch.uid }),
      ...(launch.gid === undefined ? {} : { gid: launch.gid }),
    });
    closeSync(log);
    child.unref();
    const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
    if (child.pid === undefined) throw this.failure(`could not be started: ${await failed}`);
    this.identity = identify(child.pid);
    if (this.identity === undefined) throw this.failure('ended as soon as it was started');
    this.options.reaper?.add(child.pid);
    writePidFile(pidFile, this.identity);
    await this.waitUntilReady();
  }

  /** Takes over what an earlier supervisor left running. @returns whether there was such a server and it answers. */
  async adopt(): Promise<boolean> {
    const left = readPidFile(this.options.pidFile);
    if (left === undefined || !isAlive(left)) return false;
    this.identity = left;
    signalIfSame(left, 'SIGCONT');
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if (await this.options.isReady()) return true;
      await sleep(100);
    }
    await this.stop();
    return false;
  }

  /** Ends the server in order, by force after `stopTimeoutMs`. */
  async stop(): Promise<void> {
    if (this.identity === undefined) return;
    for (const { pid, startedAt } of processTree(this.identity.pid)) signalIfSame({ pid, startedAt }, 'SIGCONT');
    signalIfSame(this.identity, this.options.stopSignal);
    if (!(await this.waitUntilGone(this.options.stopTimeoutMs))) await this.kill();
    this.forget();
  }

  /** SIGKILL to the whole tree: nothing is flushed, no connection is closed in order. */
  async kill(): Promise<void> {
    if (this.identity === undefined) return;
    this.signalTree('SIGKILL');
    if (!(await this.waitUntilGone(10_000))) throw this.failure('lives on after SIGKILL');
    this.forget();
  }

  /** SIGSTOP: connections stay open and nothing is answered. */
  pause(): void {
    this.signalTree('SIGSTOP');
  }

  resume(): void {
    this.signalTree('SIGCONT');
  }

  /** A hard signal, without waiting: the way out of a stop that takes too long. */
  abandon(): void {
    this.signalTree('SIGKILL');
  }

  private signalTree(signal: NodeJS.Signals): void {
    if (!this.isRunning || this.identity === undefined) return;
    for (const process of processTree(this.identity.pid)) signalIfSame(process, signal);
  }

  private forget(): void {
    if (this.identity !== undefined) this.options.reaper?.remove(this.identity.pid);
    this.identity = undefined;
    rmSync(this.options.pidFile, { force: true });
  }

  private async waitUntilReady(): Promise<void> {
    const deadline = Date.now() + this.options.readyTimeoutMs;
    for (;;) {
      if (!this.isRunning) {
        this.forget();
        throw this.failure('ended while it was starting');
      }
      if (await this.options.isReady()) return;
      if (Date.now() > deadline) {
        await this.kill();
        throw this.failure(`did not answer within ${this.options.readyTimeoutMs / 1000} s`);
      }
      await sleep(50);
    }
  }

  private async waitUntilGone(timeoutMs: number): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (this.isRunning) {
      if (Date.now() > deadline) return false;
      await sleep(20);
    }
    return true;
  }

  private failure(reason: string): ServerFailedError {
    const { title, logFile } = this.options;
    return new ServerFailedError(title, reason, logFile, tailOf(logFile));
  }
}

/** Written beside and renamed: a start that is killed halfway leaves the old file or the new one. */
export function writePidFile(path: string, identity: ProcessIdentity): void {
  writeFileSync(`${path}.part`, JSON.stringify(identity));
  renameSync(`${path}.part`, path);
}

export function readPidFile(path: string): ProcessIdentity | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isIdentity(parsed) ? parsed : undefined;
  } catch {
    return undefined; // None, or cut off by a full disk: then nobody can be identified by it.
  }
}

function tailOf(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
  } catch {
    return '';
  }
}

import { ServerProcess, type ServerProcessOptions } from './server-process.js';
import type { Server } from './server.js';

/** The part that all servers share: a process, and what must be there before it starts. */
export abstract class ManagedServer implements Server {
  abstract readonly name: Server['name'];
  private readonly process: ServerProcess;

  protected constructor(options: ServerProcessOptions) {
    this.process = new ServerProcess(options);
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** Writes configuration and makes the data folder where there is none. */
  protected abstract prepare(): Promise<void>;

  async start(): Promise<void> {
    await this.prepare();
    await this.process.start();
  }

  adopt(): Promise<boolean> {
    return this.process.adopt();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }

  kill(): Promise<void> {
    return this.process.kill();
  }

  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  async restart(): Promise<void> {
    await this.process.stop();
    await this.start();
  }

  abandon(): void {
    this.process.abandon();
  }
}

import type { Server } from '../servers/server.js';

const intervalMs = 2_000;
const restartsMax = 3;

/** Starts a server again that ended by itself, a few times: a broker that ran out of memory must not end the day. */
export class ServerWatch {
  private readonly restarts = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private busy: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly servers: readonly Server[],
    private readonly say: (line: string) => void,
  ) {
    this.timer = setInterval(() => this.look(), intervalMs);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** A restart under way ends before the servers are stopped: else one would be left running. */
  idle(): Promise<void> {
    return this.busy;
  }

  private look(): void {
    this.busy = this.busy.then(() => this.restartEnded());
  }

  private async restartEnded(): Promise<void> {
    for (const server of this.servers) {
      if (this.stopped || server.isRunning) continue;
      const count = (this.restarts.get(server.name) ?? 0) + 1;
      this.restarts.set(server.name, count);
      if (count > restartsMax) {
        if (count === restartsMax + 1) this.say(`${server.name} ended again and stays down: stop, read its log, start`);
        continue;
      }
      this.say(`${server.name} ended by itself; starting it again (${count} of ${restartsMax})`);
      await server
        .restart()
        .catch((error: unknown) => this.say(error instanceof Error ? error.message : String(error)));
    }
  }
}

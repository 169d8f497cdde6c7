import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { sleep } from '@chorda/kernel';
import { startOwnedProcess } from '../owned-process.js';

/** A named place in an app, and how often it is reached before the app kills itself there. */
export interface PlannedKill {
  readonly point: string;
  readonly hit: number;
}

/** A kill from outside, wherever the app is by then. */
export interface TimedKill {
  readonly afterMs: number;
}

export interface VictimOptions {
  readonly name: string;
  /** The app's built entry. */
  readonly script: string;
  readonly env: NodeJS.ProcessEnv;
  readonly kills: readonly (PlannedKill | TimedKill)[];
  /** The killed process writes here which point it hit: kills are counted by that, not by what was planned. */
  readonly crashLog: string;
  readonly outputFile: string;
  readonly progress: (line: string) => void;
}

/** A life that ends without being planned to is a fault of the app, and so many of them a fault of the run. */
/** Ends while Postgres or Kafka is away are among them. */
const unplannedEndsMax = 10;
const restartDelayMs = 200;

/**
 * An app that is started again whenever it dies, as a supervisor would. Each life but the last carries one planned
 * kill; when all kills are spent the app lives until `stop`.
 */
export class Victim {
  private child: ChildProcess | undefined;
  private life: Promise<void> | undefined;
  private stopping = false;
  private unplannedEnds = 0;
  private killsSpent = 0;
  /** When each kill was seen, milliseconds since the epoch. */
  readonly killsMs: number[] = [];

  constructor(private readonly options: VictimOptions) {}

  start(): void {
    this.life = this.live();
  }

  /** The points that were hit, as the killed processes wrote them. */
  hits(): readonly string[] {
    if (!existsSync(this.options.crashLog)) return [];
    return readFileSync(this.options.crashLog, 'utf8').split('\n').filter(Boolean);
  }

  /** 0: none was seen. */
  get lastKillMs(): number {
    return this.killsMs.at(-1) ?? 0;
  }

  get killsLeft(): number {
    return this.options.kills.length - this.killsSpent;
  }

  /** SIGTERM, and SIGKILL for one that does not drain in time. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.child?.kill('SIGTERM');
    const deadline = setTimeout(() => this.child?.kill('SIGKILL'), 30_000);
    await this.life;
    clearTimeout(deadline);
  }

  private async live(): Promise<void> {
    while (!this.stopping) {
      const kill = this.options.kills[this.killsSpent];
      const code = await this.oneLife(kill);
      if (this.stopping) return;
      if (code === 'SIGKILL' && kill !== undefined) {
        this.killsSpent += 1;
        this.killsMs.push(Date.now());
        this.options.progress(`${this.options.name} killed ${placeOf(kill)}, ${this.killsLeft} to go`);
      } else if (++this.unplannedEnds > unplannedEndsMax) {
        throw new Error(
          `${this.options.name} ended ${this.unplannedEnds} times unplanned; see ${this.options.outputFile}`,
        );
      }
      await sleep(restartDelayMs);
    }
  }

  private async oneLife(kill: PlannedKill | TimedKill | undefined): Promise<NodeJS.Signals | number | null> {
    const isPlanned = kill !== undefined && 'point' in kill;
    const crash = isPlanned && {
      CHORDA_CRASH_AT: `${kill.point}:${kill.hit}`,
      CHORDA_CRASH_LOG: this.options.crashLog,
    };
    const env = { ...this.options.env, NODE_ENV: 'test', ...crash };
    const { child, ended } = startOwnedProcess([this.options.script], env, this.options.outputFile);
    this.child = child;
    if (kill === undefined || isPlanned) return ended;
    const timer = setTimeout(() => child.kill('SIGKILL'), kill.afterMs);
    try {
      return await ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

function placeOf(kill: PlannedKill | TimedKill): string {
  return 'point' in kill ? `at ${kill.point}` : 'at random';
}

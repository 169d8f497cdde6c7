import type { TurnGround } from '../store/load-turn.js';
import type { TimerChange } from '../turn/turn.js';

/** A timer that somebody else set, in a restored table, say, is seen after so long at the latest. */
const unseenMsMax = 60_000;
/** Timers that come due one behind the other share a turn: what one costs hardly depends on how many are in it. */
const lookEveryMsMin = 10;

/**
 * Knows when to look for due timers. Whether one is due is the database's to say, by its clock; this only saves asking,
 * and sleeps until it is worth while.
 */
export class DueClock {
  /** By the clock of the database. 0: look at once; undefined: none is set. */
  private nextDueMs: number | undefined = 0;
  /** How far the clock of the database is ahead of ours. */
  private leadMs = 0;
  private lookedAtMs = Date.now();

  get isDue(): boolean {
    return Date.now() >= this.wakeAtMs;
  }

  /** By our own clock. */
  get wakeAtMs(): number {
    const lookMs = this.lookedAtMs + unseenMsMax;
    if (this.nextDueMs === undefined) return lookMs;
    if (this.nextDueMs === 0) return 0;
    return Math.min(lookMs, Math.max(this.nextDueMs - this.leadMs, this.lookedAtMs + lookEveryMsMin));
  }

  /** The table was asked. @param timersMax As many as were asked for. */
  looked({ nowMs, due, nextDueMs }: TurnGround, timersMax: number): void {
    this.leadMs = nowMs - Date.now();
    if (timersMax === 0) return;
    this.lookedAtMs = Date.now();
    // Those that were due are still there until a turn with them is committed.
    this.nextDueMs = due.length > 0 ? 0 : nextDueMs;
  }

  /** A turn with all due timers was committed, and no further one was due. */
  fired({ due, nextDueMs }: TurnGround, timersMax: number): void {
    if (due.length > 0) this.nextDueMs = due.length < timersMax ? nextDueMs : 0;
  }

  set(changes: readonly TimerChange[]): void {
    for (const { dueMs } of changes) {
      if (dueMs !== undefined) this.nextDueMs = Math.min(dueMs, this.nextDueMs ?? dueMs);
    }
  }
}

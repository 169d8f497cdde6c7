import type { Typed } from '@chorda/domain';
import { commandKey, type TurnCommand } from '../turn/turn.js';

/**
 * Counts the tries of commands that a fault of ours stops. It outlives claims, so that a command which ends its owner's
 * claim each time is still given up.
 */
export class CommandTries {
  private readonly attempts = new Map<string, number>();
  private readonly given = new Map<string, Error>();
  private aloneUntil = -1n;
  /** One timer a turn, and no command beside it. */
  timersAlone = false;

  constructor(private readonly attemptsMax: number) {}

  /** Commands that are given up, with what they failed by. */
  get condemned(): ReadonlyMap<string, Error> {
    return this.given;
  }

  /** Whether the command at this offset is decided in a turn of its own. */
  isAlone(offset: bigint): boolean {
    return offset <= this.aloneUntil;
  }

  /** @returns How often it was tried. */
  fail(command: TurnCommand<Typed>, error: Error): number {
    const key = commandKey(command);
    const attempts = (this.attempts.get(key) ?? 0) + 1;
    this.attempts.set(key, attempts);
    if (attempts >= this.attemptsMax) this.given.set(key, error);
    if (command.offset !== undefined && command.offset > this.aloneUntil) this.aloneUntil = command.offset;
    return attempts;
  }

  /** Postgres refused what a turn holds: what is in it goes one by one, until the one at fault is known. */
  writeFailed(taken: readonly TurnCommand<Typed>[], error: Error): void {
    const [only, another] = taken;
    if (only && !another) return void this.fail(only, error);
    for (const { offset } of taken) {
      if (offset === undefined) this.timersAlone = true;
      else if (offset > this.aloneUntil) this.aloneUntil = offset;
    }
  }

  /** They were committed, as what they came to or as given up. */
  settle(taken: readonly TurnCommand<Typed>[]): void {
    if (taken.some(({ timer }) => timer)) this.timersAlone = false;
    for (const command of taken) {
      this.attempts.delete(commandKey(command));
      this.given.delete(commandKey(command));
    }
  }
}

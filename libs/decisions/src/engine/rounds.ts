/** How long a partition waits for a round that is under way before another one is begun. */
const waitMsMax = 25;
/** So many commands a round are no load: to wait for its end would save next to nothing. */
const fewCommands = 2;
/** For each command above those. Eight of them, about what sixteen callers bring, are worth the whole wait. */
const waitMsPerCommand = 4;
/** At a time. */
const roundsMax = 3;
/** Whoever takes longer goes on outside of any round: brokers or a row that one partition waits for hold up no other. */
const roundMsMax = 100;

/** @param commands So many were decided in the turn, those of timers with them. */
export type Leave = (commands?: number) => void;

interface Waiting {
  readonly sinceMs: number;
  readonly enter: (leave: Leave) => void;
}

/**
 * Lets the partitions of an engine decide in rounds: a round is a turn of each partition that has something to decide, from
 * its first read to its commit; the next is decided while the brokers take it. So turns begin together, share their
 * statements and their requests to the brokers, and are as large as what came during the round before: what a turn costs
 * hardly depends on what is in it.
 *
 * - No round is under way: one begins at once, with whoever the same turn of the event loop brings.
 * - One is under way: who comes waits for its end.
 * - It takes longer than that is worth, up to 25 ms by what the rounds before held: another is begun beside it, up to three.
 *   So a command that comes while an agent's own life goes on waits for nothing.
 * - After 100 ms it is over, whoever is still busy.
 */
export class Rounds {
  private readonly waiting: Waiting[] = [];
  private open = 0;
  /** Commands of the rounds that ended, half of it forgotten with each. */
  private load = 0;
  private turn: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @returns Leaves the round; called more than once it does nothing. */
  enter(): Promise<Leave> {
    return new Promise((resolve) => {
      this.waiting.push({ sinceMs: performance.now(), enter: resolve });
      this.look();
    });
  }

  private look(): void {
    const [oldest] = this.waiting;
    if (!oldest || this.open >= roundsMax) return;
    const leftMs = this.open === 0 ? 0 : oldest.sinceMs + this.waitMs - performance.now();
    if (leftMs <= 0) {
      this.turn ??= setImmediate(() => {
        this.turn = undefined;
        this.begin();
      });
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, leftMs);
  }

  private get waitMs(): number {
    return Math.min(waitMsMax, Math.max(0, this.load - fewCommands) * waitMsPerCommand);
  }

  private begin(): void {
    const members = this.waiting.splice(0);
    if (members.length === 0) return;
    this.open++;
    let busy = members.length;
    let held = 0;
    const end = () => {
      clearTimeout(timer);
      if (busy < 0) return;
      busy = -1;
      this.load = Math.max(held, this.load / 2);
      this.open--;
      this.look();
    };
    const timer = setTimeout(end, roundMsMax);
    const leave = (commands: number) => {
      held += commands;
      if (--busy === 0) end();
    };
    for (const { enter } of members) enter(once(leave));
  }
}

function once(leave: (commands: number) => void): Leave {
  let hasLeft = false;
  return (commands = 0) => {
    if (hasLeft) return;
    hasLeft = true;
    leave(commands);
  };
}

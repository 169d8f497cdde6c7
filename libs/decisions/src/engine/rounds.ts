/** How long a partition waits for a round that is under way before another one is begun. */
const waitMsMax = 25;
/** At a time. */
const roundsMax = 3;
/** Whoever takes longer goes on outside of any round: brokers or a row that one partition waits for hold up no other. */
const roundMsMax = 100;

interface Waiting {
  readonly sinceMs: number;
  readonly enter: (leave: () => void) => void;
}

/**
 * Lets the partitions of an engine decide in rounds: a round is a turn of each partition that has something to decide, from
 * its first read to the end of its publication. So turns begin together, share their statements and their requests to the
 * brokers, and are as large as what came during the round before: what a turn costs hardly depends on what is in it.
 *
 * - No round is under way: one begins at once, with whoever the same turn of the event loop brings.
 * - One is under way: who comes waits for its end.
 * - It takes longer than 25 ms: another is begun beside it, up to three; and after 100 ms it is over, whoever is still busy.
 */
export class Rounds {
  private readonly waiting: Waiting[] = [];
  private open = 0;
  private turn: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @returns Leaves the round; called more than once it does nothing. */
  enter(): Promise<() => void> {
    return new Promise((resolve) => {
      this.waiting.push({ sinceMs: performance.now(), enter: resolve });
      this.look();
    });
  }

  private look(): void {
    const [oldest] = this.waiting;
    if (!oldest || this.open >= roundsMax) return;
    if (this.open === 0) {
      this.turn ??= setImmediate(() => {
        this.turn = undefined;
        this.begin();
      });
      return;
    }
    const leftMs = oldest.sinceMs + waitMsMax - performance.now();
    if (leftMs <= 0) return this.begin();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, leftMs);
  }

  private begin(): void {
    const members = this.waiting.splice(0);
    if (members.length === 0) return;
    this.open++;
    let busy = members.length;
    const end = () => {
      clearTimeout(timer);
      if (busy < 0) return;
      busy = -1;
      this.open--;
      this.look();
    };
    const timer = setTimeout(end, roundMsMax);
    for (const { enter } of members) enter(once(() => --busy === 0 && end()));
  }
}

function once(leave: () => void): () => void {
  let hasLeft = false;
  return () => {
    if (hasLeft) return;
    hasLeft = true;
    leave();
  };
}

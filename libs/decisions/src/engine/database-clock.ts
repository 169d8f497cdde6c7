/** An answer that is so far behind what we thought says that the clock was set back. */
const setBackMs = 1_000;
const answerAgeMsMax = 10_000;

/**
 * The clock of the database as its last answers told it. It is never ahead of it: each answer was true before it came, and
 * what passes meanwhile is measured by a clock that nobody sets. So a turn need not ask for the time.
 */
export class DatabaseClock {
  private toldMs = 0;
  private toldAtMs = Number.NEGATIVE_INFINITY;

  /** An answer came just now. @param nowMs What it said. */
  told(nowMs: number): void {
    const known = this.nowMs;
    this.toldAtMs = performance.now();
    // An answer that was long on its way is true, and says less than what is known.
    this.toldMs = known !== undefined && known > nowMs && known - nowMs < setBackMs ? known : nowMs;
  }

  /** Milliseconds since the Unix epoch; undefined where the last answer is too old to say. */
  get nowMs(): number | undefined {
    const age = performance.now() - this.toldAtMs;
    return age > answerAgeMsMax ? undefined : Math.floor(this.toldMs + age);
  }
}

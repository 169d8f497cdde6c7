import { Socket } from 'node:net';

/**
 * A socket that sends in one write what one turn of the event loop says. `pg` corks and uncorks it around the messages of
 * each statement; a dozen statements that are sent without waiting for each other would be a dozen system calls, each of
 * which wakes the server for one of them. The order of what is sent stays as it is.
 */
export class GatheringSocket extends Socket {
  private isGathering = false;

  override cork(): void {
    if (this.isGathering) return;
    this.isGathering = true;
    super.cork();
    // Runs behind all that promises of this turn still say.
    process.nextTick(() => {
      this.isGathering = false;
      super.uncork();
    });
  }

  override uncork(): void {
    // What was said goes at the end of the turn.
  }
}

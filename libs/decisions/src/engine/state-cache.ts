import type { StreamState } from '../turn/turn.js';

/**
 * States that one owner of a partition knows, the least used forgotten first. They hold as long as its claim does: nobody
 * else writes them, and where somebody did, the owner's next commit is refused and all of them are dropped with its claim.
 */
export class StateCache {
  private readonly states = new Map<string, StreamState>();

  constructor(private readonly statesMax: number) {}

  get size(): number {
    return this.states.size;
  }

  get(key: string): StreamState | undefined {
    const state = this.states.get(key);
    if (!state) return undefined;
    // The order of a map is that of setting: what is used moves to its end.
    this.states.delete(key);
    this.states.set(key, state);
    return state;
  }

  set(key: string, state: StreamState): void {
    this.states.delete(key);
    this.states.set(key, state);
    const oldest = this.states.keys().next().value;
    if (this.states.size > this.statesMax && oldest !== undefined) this.states.delete(oldest);
  }
}

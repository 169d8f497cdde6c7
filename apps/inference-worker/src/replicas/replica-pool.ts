import { holderOf, leastLoaded, reserveOf } from '../scheduling/choose-replica.js';
import type { Lane } from './lane.js';
import type { Replica } from './replica.js';

/** A model of a provider, as a request may be sent to it. */
export interface Route {
  readonly model: string;
  /** Undefined: whichever has it. */
  readonly provider: string | undefined;
}

export interface Berth {
  readonly replica: Replica;
  readonly lane: Lane;
}

/** All servers of models that this worker may ask. */
export class ReplicaPool {
  constructor(readonly replicas: readonly Replica[]) {}

  async start(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.start()));
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
  }

  /** Every server has said what it serves, and none of them has this. */
  isUnknown(route: Route): boolean {
    return this.replicas.every((replica) => replica.isUp) && this.having(route).length === 0;
  }

  /** Some server of the route is in order now, whether or not it has room. */
  isOpen(route: Route, nowMs: number): boolean {
    return this.berths(route, nowMs).length > 0;
  }

  /** The least loaded server with room. @param isUrgent May use the room that is kept beyond the window. */
  berth(route: Route, nowMs: number, isUrgent = false, avoided?: ReadonlySet<Lane>): Berth | undefined {
    const berths = this.berths(route, nowMs);
    const fresh = berths.filter(({ lane }) => !avoided?.has(lane));
    return leastLoaded(loadsOf(fresh.length > 0 ? fresh : berths, isUrgent))?.berth;
  }

  /** The server that holds the prefix, or the next in its order with room. Undefined: there is but one to choose from. */
  holder(
    route: Route,
    nowMs: number,
    isUrgent: boolean,
    prefix: string,
  ): { readonly berth: Berth; readonly isFirst: boolean } | undefined {
    const berths = this.berths(route, nowMs);
    const found = berths.length < 2 ? undefined : holderOf(prefix, loadsOf(berths, isUrgent));
    return found && { berth: found.replica.berth, isFirst: found.isFirst };
  }

  private berths(route: Route, nowMs: number): readonly Berth[] {
    return this.having(route).flatMap((replica) => {
      if (!replica.isUp) return [];
      const lane = replica.lane(route.model);
      return lane.isOpen(nowMs) ? [{ replica, lane }] : [];
    });
  }

  /** Those that list the model; where none does, those that take any. */
  private having({ model, provider }: Route): readonly Replica[] {
    const serving = this.replicas.filter(
      (replica) => (provider === undefined || replica.options.provider === provider) && replica.serves(model),
    );
    const listing = serving.filter(({ options }) => !options.takesAnyModel);
    return listing.length > 0 ? listing : serving;
  }
}

function loadsOf(berths: readonly Berth[], isUrgent: boolean) {
  return berths.map((berth) => ({
    berth,
    name: berth.replica.name,
    inFlight: berth.lane.inFlight - (isUrgent ? reserveOf(berth.lane.window) : 0),
    window: berth.lane.window,
  }));
}

export interface ReplicaLoad {
  /** Sequences of ours that are under way there. */
  readonly inFlight: number;
  readonly window: number;
}

/** The one whose window is filled least, among those with room for one more; the first of equals. */
export function leastLoaded<Replica extends ReplicaLoad>(replicas: Iterable<Replica>): Replica | undefined {
  let chosen: Replica | undefined;
  for (const replica of replicas) {
    if (replica.inFlight >= replica.window) continue;
    if (chosen === undefined || loadOf(replica) < loadOf(chosen)) chosen = replica;
  }
  return chosen;
}

/** Room beyond the window that is kept for urgent requests, so that they never wait for one of ours to end. */
export function reserveOf(window: number): number {
  return Math.ceil(window / 10);
}

function loadOf({ inFlight, window }: ReplicaLoad): number {
  return inFlight / window;
}

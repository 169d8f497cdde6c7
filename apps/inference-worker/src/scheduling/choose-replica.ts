import { isPlanted } from '@chorda/platform';

export interface ReplicaLoad {
  /** Sequences of ours that are under way there. */
  readonly inFlight: number;
  readonly window: number;
}

export interface NamedLoad extends ReplicaLoad {
  readonly name: string;
}

/** Beyond the others' mean a server of a prefix may have so much more, and so many sequences. */
const busierShareMax = 0.25;
const busierMax = 8;

/** The one whose window is filled least, among those with room for one more; the first of equals. */
export function leastLoaded<Replica extends ReplicaLoad>(replicas: Iterable<Replica>): Replica | undefined {
  let chosen: Replica | undefined;
  for (const replica of replicas) {
    if (replica.inFlight >= replica.window) continue;
    if (chosen === undefined || loadOf(replica) < loadOf(chosen)) chosen = replica;
  }
  return chosen;
}

/**
 * The server that holds what begins alike, by rendezvous hashing: a server that comes or goes moves its own prefixes and
 * no others. Bounded: one that is full, or a quarter and eight sequences busier than its share of all that is under way,
 * is passed over for the next in the order of that prefix, so that a beginning that everybody has is held by several.
 */
export function holderOf<Replica extends NamedLoad>(
  prefix: string,
  replicas: readonly Replica[],
): { readonly replica: Replica; readonly isFirst: boolean } | undefined {
  if (isPlanted('inference-prefix-ignored')) {
    const replica = leastLoaded(replicas);
    return replica && { replica, isFirst: true };
  }
  const sum = (of: (replica: Replica) => number) => replicas.reduce((total, replica) => total + of(replica), 0);
  const share =
    sum(({ inFlight }) => inFlight) /
    Math.max(
      1,
      sum(({ window }) => window),
    );
  const isBusy = ({ inFlight, window }: Replica) => inFlight > share * window * (1 + busierShareMax) + busierMax;
  const ranked = replicas
    .map((replica) => ({ replica, rank: rankOf(prefix, replica.name) }))
    .sort((one, other) => other.rank - one.rank);
  const found = ranked.find(({ replica }) => replica.inFlight < replica.window && !isBusy(replica));
  return found && { replica: found.replica, isFirst: found === ranked[0] };
}

/** Room beyond the window that is kept for urgent requests, so that they never wait for one of ours to end. */
export function reserveOf(window: number): number {
  return Math.ceil(window / 10);
}

function loadOf({ inFlight, window }: ReplicaLoad): number {
  return inFlight / window;
}

/** FNV-1a, stirred at the end: names that differ in their last letter alone must not rank alike for every prefix. */
function rankOf(prefix: string, name: string): number {
  let hash = 0x811c9dc5;
  for (const text of [prefix, '\n', name])
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A stream of numbers from 0 to 1 that is the same for the same seed (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** FNV-1a, 32 bits. */
export function hashOf(values: Uint16Array | string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < values.length; index += 1) {
    const value = typeof values === 'string' ? values.charCodeAt(index) : (values[index] ?? 0);
    hash = Math.imul(hash ^ value, 0x01000193);
  }
  return hash >>> 0;
}

export function pick<T>(items: readonly [T, ...T[]], random: Random): T {
  return items[Math.floor(random() * items.length)] ?? items[0];
}

/** Both included. */
export function wholeBetween(min: number, max: number, random: Random): number {
  return min + Math.floor(random() * (max - min + 1));
}

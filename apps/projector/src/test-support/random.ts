/** Chance that a seed brings again. */
export interface Random {
  readonly seed: number;
  /** A whole number from 0 on, below `end`. */
  below(end: number): number;
}

/** Mulberry32: 32 bits of state are enough to draw batch borders, and a person can type the seed. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { seed, below: (end) => Math.floor((next() / 2 ** 32) * end) };
}

/** Doubles from `msMin` to `msMax`, with a fifth of chance, so that those who failed together do not return together. */
export function backoffMs(attempt: number, msMin = 100, msMax = 30_000): number {
  const steady = Math.min(msMin * 2 ** Math.min(attempt, 20), msMax);
  return Math.round(steady * (0.9 + Math.random() * 0.2));
}

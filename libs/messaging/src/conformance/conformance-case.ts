import type { Bench } from './bench.js';
import type { Finding } from './history.js';

/** One thing that every driver must hold, as a function that says what a driver does wrong. */
export interface ConformanceCase {
  readonly name: string;
  /** More than the case takes on two busy cores. */
  readonly timeoutMs: number;
  /** Nothing found, nothing returned. Throws when the check itself cannot be made. */
  readonly findings: (bench: Bench) => Promise<readonly Finding[]>;
}

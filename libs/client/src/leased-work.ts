import { ProblemError } from './errors.js';

export const concurrencyDefault = 10;
/** Of a poll. */
export const workMax = 100;
/** Of a poll. */
export const waitMs = 20_000;
/** Three heartbeats a lease: two may be lost on the way. */
export const beatsPerLease = 3;
/** A timer takes no more. */
export const timerMsMax = 2 ** 31 - 1;

/** What a process with tools lives through. */
export interface WorkerTrouble {
  readonly what: 'poll' | 'lease' | 'tool' | 'answer';
  readonly tool?: string;
  readonly error: unknown;
}

/** The work is somebody else's, or nobody's, by now. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'LEASE_LOST';
}

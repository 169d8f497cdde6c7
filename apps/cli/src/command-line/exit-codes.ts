/** What the process ends with. Scripts build on these: a code never changes its meaning. */
export const exitCodes = {
  ok: 0,
  /** The command ran and the answer is no, or something broke that no other code describes. */
  failed: 1,
  /** The command line or the configuration is wrong; the same call will never work. */
  usage: 2,
  notFound: 3,
  /** Something else got there first: an id or a version that is taken. */
  conflict: 4,
  /** A server cannot be reached or is overloaded; the same call may work later. */
  unavailable: 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

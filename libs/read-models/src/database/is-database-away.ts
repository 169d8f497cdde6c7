/**
 * Whether an error says that Postgres is away, slow or shutting down, and nothing of what was written: connection errors
 * of Node, and the classes 08 (connection), 25 (a session that was ended), 40 (conflict), 53 (resources), 55 (locks),
 * 57 (operator, among them time-outs) of SQLSTATE.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return /connection|timeout/i.test(error.message);
  return /^(08|25|40|53|55|57)[0-9A-Z]{3}$/.test(code) || /^E[A-Z]+$/.test(code);
}

/** What `pg` says when a statement was not answered within `answerTimeoutMs`: its connection is of no use any more. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

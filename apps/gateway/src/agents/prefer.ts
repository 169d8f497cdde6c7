/** What RFC 7240 lets a caller say of its patience, milliseconds: `respond-async` is none, `wait=5` five seconds. */
export function preferredWaitMs(header: string | readonly string[] | undefined, otherwise: number): number {
  const text = typeof header === 'string' ? header : (header?.join(',') ?? '');
  const preferences = text.split(/[,;]/).map((part) => part.trim().toLowerCase());
  const wait = preferences
    .map((part) => /^wait\s*=\s*"?(\d{1,4})"?$/.exec(part)?.[1])
    .find((value) => value !== undefined);
  if (wait !== undefined) return Math.min(Number(wait) * 1000, waitMsMax);
  return preferences.includes('respond-async') ? 0 : otherwise;
}

const waitMsMax = 60_000;

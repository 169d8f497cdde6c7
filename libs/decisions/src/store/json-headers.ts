/** Headers as `decision_events` keeps them, as a record has them. */
export function jsonHeaders(text: string): Readonly<Record<string, Buffer>> {
  const headers: Readonly<Record<string, string>> = JSON.parse(text);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]));
}

export interface Order {
  /** Each after all that it needs; those of a cycle and behind it come last, in no order. */
  readonly order: readonly string[];
  /** Of each step all that come before it. */
  readonly before: ReadonlyMap<string, ReadonlySet<string>>;
  /** One circle, with its first name again at the end. */
  readonly cycle: readonly string[] | null;
}

/** Takes as many looks as there are needs, and no recursion: a thousand steps may stand in one line. */
export function inOrder(needs: ReadonlyMap<string, readonly string[]>): Order {
  const waiting = new Map([...needs].map(([id, own]) => [id, own.length]));
  const followers = new Map<string, string[]>();
  for (const [id, own] of needs) {
    for (const need of own) followers.set(need, [...(followers.get(need) ?? []), id]);
  }
  const order = [...waiting].filter(([, count]) => count === 0).map(([id]) => id);
  const before = new Map<string, Set<string>>();
  for (let at = 0; at < order.length; at += 1) {
    const id = order[at] ?? '';
    const own = needs.get(id) ?? [];
    before.set(id, new Set(own.flatMap((need) => [need, ...(before.get(need) ?? [])])));
    for (const follower of followers.get(id) ?? []) {
      const left = (waiting.get(follower) ?? 1) - 1;
      waiting.set(follower, left);
      if (left === 0) order.push(follower);
    }
  }
  const done = new Set(order);
  const left = [...needs.keys()].filter((id) => !done.has(id));
  // Steps of a circle see all steps, so that it is the one fault that is told of them.
  for (const id of left) before.set(id, new Set(needs.keys()));
  return { order: [...order, ...left], before, cycle: circleAmong(left, needs) };
}

function circleAmong(left: readonly string[], needs: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const among = new Set(left);
  const [start] = left;
  if (start === undefined) return null;
  const path: string[] = [];
  const seen = new Map<string, number>();
  for (let id: string | undefined = start; id !== undefined;) {
    const known = seen.get(id);
    if (known !== undefined) return [...path.slice(known), id];
    seen.set(id, path.length);
    path.push(id);
    id = needs.get(id)?.find((need) => among.has(need));
  }
  return null;
}

import type { MachineState } from '@chorda/domain';
import { within, type Faults } from '../source/fault.js';

interface Ways {
  readonly start: string;
  readonly states: readonly MachineState[];
  readonly visitsMax: number | undefined;
}

/** Whether each state can be reached, is left again and comes to an end, and whether going round has a bound. */
export function checkWays({ start, states, visitsMax }: Ways, pointer: string, faults: Faults): void {
  const place = (name: string) => within(pointer, 'states', name);
  const byName = new Map(states.map((state) => [state.name, state]));
  if (start === '') faults.add(pointer, 'must say with which state it starts');
  else if (!byName.has(start)) faults.add(within(pointer, 'start'), `names ${start}, and there is no such state`);
  for (const { name, transitions, final } of states) {
    for (const to of new Set(transitions.map((way) => way.to))) {
      if (!byName.has(to)) faults.add(place(name), `leads to ${to}, and there is no such state`);
    }
    if (final === null && transitions.length === 0) {
      faults.add(place(name), 'leads nowhere: give it next, on, after, or final');
    }
  }
  const forward = new Map(states.map(({ name, transitions }) => [name, transitions.map(({ to }) => to)]));
  if (byName.has(start)) {
    const reached = reachable([start], forward);
    for (const { name } of states) if (!reached.has(name)) faults.add(place(name), 'is never reached');
  }
  const ends = states.filter(({ final, transitions }) => final !== null || transitions.length === 0);
  const ending = reachable(
    ends.map(({ name }) => name),
    reversed(forward),
  );
  for (const { name } of states) {
    if (!ending.has(name)) faults.add(place(name), 'comes to no final state, whatever happens');
  }
  if (visitsMax === undefined && hasCircle(forward)) {
    faults.add(pointer, 'goes round without a bound: say in visits_max how many states may be entered in all');
  }
}

type Ahead = ReadonlyMap<string, readonly string[]>;

function reachable(from: readonly string[], ahead: Ahead): ReadonlySet<string> {
  const found = new Set(from);
  const open = [...from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of ahead.get(name) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return found;
}

function reversed(ahead: Ahead): Ahead {
  const back = new Map<string, string[]>();
  for (const [name, all] of ahead) for (const next of all) back.set(next, [...(back.get(next) ?? []), name]);
  return back;
}

/** Takes away what nothing leads to until nothing changes: what is left goes round. */
function hasCircle(ahead: Ahead): boolean {
  const waiting = new Map([...ahead.keys()].map((name) => [name, 0]));
  for (const next of [...ahead.values()].flat()) waiting.set(next, (waiting.get(next) ?? 0) + 1);
  const free = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
  let taken = 0;
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    taken += 1;
    for (const next of ahead.get(name) ?? []) {
      const left = (waiting.get(next) ?? 1) - 1;
      waiting.set(next, left);
      if (left === 0) free.push(next);
    }
  }
  return taken < waiting.size;
}

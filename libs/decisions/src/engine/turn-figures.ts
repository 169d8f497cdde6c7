import type { Typed } from '@chorda/domain';
import { commandTooLarge } from '../turn/command-decider.js';
import type { EngineParts } from './engine-parts.js';
import type { MadeTurn } from './turn-maker.js';

/** Counts a turn that was committed. */
export function observeTurn<Command extends Typed>(
  { metrics, eventTopic }: Pick<EngineParts<never, never, never>, 'metrics' | 'eventTopic'>,
  kind: string,
  { result, ground, repeats, nowMs, taken }: MadeTurn<Command>,
  startedMs: number,
): void {
  metrics.turnSeconds.observe({ kind }, (performance.now() - startedMs) / 1000);
  metrics.turnCommands.observe({ kind }, taken.length);
  if (repeats > 0) metrics.commands.inc({ kind, outcome: 'repeated' }, repeats);
  for (const [outcome, count] of countsOf(result.outcomes, (each) => each.outcome.status)) {
    if (outcome !== 'failed') metrics.commands.inc({ kind, outcome }, count);
  }
  const tooLarge = result.outcomes.filter(
    ({ outcome }) => outcome.status === 'refused' && outcome.code === commandTooLarge,
  );
  if (tooLarge.length > 0) metrics.tooLargeCommands.inc({ kind }, tooLarge.length);
  const sorts = countsOf(result.records, ({ stream, topic }) => {
    return stream ? 'event' : topic === eventTopic ? 'fact' : 'work';
  });
  for (const [sort, count] of sorts) metrics.records.inc({ kind, sort }, count);
  if (!ground || ground.due.length === 0) return;
  metrics.timers.inc({ kind, result: 'due' }, ground.due.length);
  for (const { timer } of ground.due) metrics.timerLateness.observe({ kind }, (nowMs - timer.dueMs) / 1000);
}

function countsOf<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, number> {
  const counts = new Map<Key, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

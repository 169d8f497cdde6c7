import type { CommandContext } from '../command-line/command-line.js';
import type { Output } from '../command-line/output.js';
import type { ShownLetter } from './letter-json.js';
import { withLetters, type LetterStoreOptions } from './letter-store.js';

export interface ListOptions extends LetterStoreOptions {
  readonly topic?: string;
  readonly group?: string;
  readonly each?: boolean;
  readonly all?: boolean;
  readonly limit: number;
}

interface LetterGroup {
  readonly topic: string;
  readonly group: string;
  readonly reason: string;
  readonly count: number;
  readonly oldest_at: string;
  readonly newest_at: string;
  readonly example_message: string;
}

export async function listDeadLetters(context: CommandContext, options: ListOptions): Promise<void> {
  const { output } = context;
  const { topic, group, limit, all, each } = options;
  const query = { topic, group, limit, includeRedriven: all === true };
  const letters = await withLetters(context, options, (store) => store.list(query));
  if (each === true) output.result({ dead_letters: letters }, () => eachText(output, letters));
  else {
    const groups = groupsOf(letters);
    output.result({ groups, dead_letters: letters.length }, () => groupsText(output, groups));
  }
}

/** What somebody has to mend is a reason, not a message: the letters of one cause are one line. */
export function groupsOf(letters: readonly ShownLetter[]): readonly LetterGroup[] {
  const groups = Map.groupBy(letters, (letter) => [letter.topic, letter.group, letter.reason].join(' '));
  return [...groups.values()]
    .map((members) => {
      const times = members.map((letter) => letter.at).sort();
      const newest = members.find(({ at }) => at === times.at(-1)) ?? members[0]!;
      return {
        topic: newest.topic,
        group: newest.group,
        reason: newest.reason,
        count: members.length,
        oldest_at: times[0]!,
        newest_at: times[times.length - 1]!,
        example_message: newest.error_message,
      };
    })
    .sort((left, right) => right.count - left.count);
}

function groupsText(output: Output, groups: readonly LetterGroup[]): string {
  if (groups.length === 0) return 'No dead letters.';
  const rows = groups.map((group) => [
    String(group.count),
    group.topic,
    group.group,
    output.paint('bad', group.reason),
    group.newest_at,
    group.example_message.slice(0, 80),
  ]);
  return output.table(['COUNT', 'TOPIC', 'GROUP', 'REASON', 'NEWEST', 'MESSAGE OF THE NEWEST'], rows);
}

function eachText(output: Output, letters: readonly ShownLetter[]): string {
  if (letters.length === 0) return 'No dead letters.';
  const rows = letters.map((letter) => [
    `${letter.dead_letter_partition}/${letter.dead_letter_offset}`,
    letter.at,
    letter.topic,
    letter.group,
    output.paint('bad', letter.reason),
    letter.event_type ?? '?',
    letter.event_id ?? '?',
  ]);
  return output.table(['PLACE', 'SET ASIDE', 'TOPIC', 'GROUP', 'REASON', 'TYPE', 'EVENT ID'], rows);
}

import { listDeadLetters as readDeadLetters, type DeadLetter, type DeadLetterQuery } from '@chorda/messaging';
import type { CommandContext } from '../command-line/command-line.js';
import { withKafka } from '../command-line/kafka.js';
import type { Output } from '../command-line/output.js';
import { letterJson } from './letter-json.js';

export interface ListOptions {
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
  const { output, environment } = context;
  const letters = await withKafka(environment, (driver) => readDeadLetters(driver, queryOf(options)));
  if (options.each === true) output.result({ dead_letters: letters.map(letterJson) }, () => eachText(output, letters));
  else {
    const groups = groupsOf(letters);
    output.result({ groups, dead_letters: letters.length }, () => groupsText(output, groups));
  }
}

function queryOf({ topic, group, limit, all }: ListOptions): DeadLetterQuery {
  return {
    limit,
    includeRedriven: all === true,
    ...(topic === undefined ? {} : { topic }),
    ...(group === undefined ? {} : { group }),
  };
}

/** What somebody has to mend is a reason, not a message: the letters of one cause are one line. */
export function groupsOf(letters: readonly DeadLetter[]): readonly LetterGroup[] {
  const groups = Map.groupBy(letters, (letter) => [letter.origin.topic, letter.group, letter.reason].join(' '));
  return [...groups.values()]
    .map((members) => {
      const times = members.map((letter) => letter.at).sort();
      const newest = members[members.length - 1]!;
      return {
        topic: newest.origin.topic,
        group: newest.group,
        reason: newest.reason,
        count: members.length,
        oldest_at: times[0]!,
        newest_at: times[times.length - 1]!,
        example_message: newest.errorMessage,
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

function eachText(output: Output, letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'No dead letters.';
  const rows = letters.map((letter) => [
    `${letter.place.partition}/${letter.place.offset}`,
    letter.at,
    letter.origin.topic,
    letter.group,
    output.paint('bad', letter.reason),
    letter.eventType ?? '?',
    letter.eventId ?? '?',
  ]);
  return output.table(['PLACE', 'SET ASIDE', 'TOPIC', 'GROUP', 'REASON', 'TYPE', 'EVENT ID'], rows);
}

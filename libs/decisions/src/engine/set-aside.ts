import { deadLetterTopic } from '@chorda/contracts';
import type { Typed } from '@chorda/domain';
import { deadLetterRecord, reasonOf, type OutgoingRecord } from '@chorda/messaging';
import type { PartitionPlace } from '../store/partition-row.js';
import type { Fault } from '../turn/turn.js';
import type { EngineParts } from './engine-parts.js';
import type { QueuedCommand } from './queued-commands.js';

export type SetAsideParts = Pick<
  EngineParts<never, never, never>,
  'group' | 'commandTopic' | 'producer' | 'ensureTopic' | 'bounds' | 'logger' | 'onIncident' | 'metrics'
>;

/** Dead letters are in their topic before the offset moves past what they are of. */
export async function setAside<Command extends Typed>(
  parts: SetAsideParts,
  place: PartitionPlace,
  settled: readonly QueuedCommand<Command>[],
  dead: readonly Fault<Command>[],
): Promise<void> {
  const { group, commandTopic, producer, ensureTopic, bounds } = parts;
  const faults = new Map(dead.map(({ command, error }) => [command, error]));
  const letters: OutgoingRecord[] = [];
  for (const { record, command, cause } of settled) {
    const error = command && faults.get(command);
    const why = error
      ? { stage: 'handler' as const, error, reason: reasonOf(error), attempts: bounds.attemptsMax }
      : cause;
    if (!why) continue;
    letters.push(deadLetterRecord(record, group, why));
    report(parts, place, { offset: record.offset, error: why.error, commandId: command?.context.id });
  }
  if (letters.length === 0) return;
  await ensureTopic(deadLetterTopic(commandTopic, group));
  await Promise.all(letters.map((letter) => producer.send(letter)));
}

interface SetAsideCommand {
  readonly offset: bigint;
  readonly error: Error;
  /** Undefined: nobody can read it. */
  readonly commandId: string | undefined;
}

function report(
  { commandTopic: topic, logger, onIncident, metrics }: SetAsideParts,
  { kind, partition }: PartitionPlace,
  { offset, error, commandId }: SetAsideCommand,
): void {
  logger.error('A command was set aside', { kind, partition, offset: String(offset), error });
  metrics.commands.inc({ kind, outcome: commandId === undefined ? 'unreadable' : 'failed' });
  onIncident({
    ...{ severity: 'error', code: 'COMMAND_SET_ASIDE', topic, partition, offset },
    message: `A command was set aside: ${error.message}`,
    ...(commandId !== undefined && { details: { command_id: commandId } }),
  });
}

import {
  InvalidEventError,
  type AnyCommand,
  type AnyEvent,
  type AnyWork,
  type CommandCodec,
  type EventCodec,
  type WorkCodec,
} from '@chorda/contracts';
import type { WorkItem } from '@chorda/domain';
import type { DecisionCodec } from './decision-codec.js';

export interface ContractsCodecs {
  readonly commands: Pick<CommandCodec, 'decode' | 'learn'>;
  readonly events: Pick<EventCodec, 'encode' | 'decode'>;
  readonly work: Pick<WorkCodec, 'encode'>;
}

/** Commands, events and work by the schemas of the catalogue: what every aggregate of Chorda uses. */
export function contractsCodec<Command extends AnyCommand, Event extends AnyEvent>(
  codecs: ContractsCodecs,
): DecisionCodec<Command, Event> {
  const { commands, events, work } = codecs;
  return {
    decodeCommand(record) {
      const { command, metadata } = commands.decode(record);
      const { actor = null, ...context } = metadata;
      // A command topic holds the commands of one kind; one of another kind is a fault of its aggregate's `decide`.
      return { command: command as Command, context: { ...context, actor } };
    },
    encodeEvent: (event, metadata) => events.encode({ event, metadata }),
    decodeEvent(record) {
      const { event, metadata } = events.decode(record);
      return { event: event as Event, metadata };
    },
    encodeWork(item: WorkItem, metadata) {
      const record = work.encode({ work: item.work as AnyWork, metadata });
      if (record.topic === item.queue) return record;
      const detail = `says ${record.topic}, and the item goes to ${item.queue}`;
      throw new InvalidEventError(item.work.type, [{ pointer: '/queue', detail }]);
    },
    learn: (schemaId) => commands.learn(schemaId),
  };
}

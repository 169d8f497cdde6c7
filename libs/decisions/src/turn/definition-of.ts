import type { Aggregate, StreamDefinition, StreamRef, Typed } from '@chorda/domain';
import { BackboneError } from '@chorda/kernel';

/** The rules of a kind broke a rule of the engine: a fault of ours, as any other throw is. */
export class TurnFault extends BackboneError {
  readonly code = 'TURN_FAULT';
  readonly retriable = false;
}

/** @throws {@link TurnFault} for a kind of stream that the aggregate does not have. */
export function definitionOf<States, Command extends Typed, Event extends Typed>(
  aggregate: Aggregate<States, Command, Event>,
  { kind }: StreamRef,
): StreamDefinition<unknown, Event> {
  const definitions: Readonly<Record<string, StreamDefinition<unknown, Event>>> = aggregate.streams;
  const definition = Object.hasOwn(definitions, kind) ? definitions[kind] : undefined;
  if (definition) return definition;
  throw new TurnFault(`${aggregate.kind} has no streams of kind ${JSON.stringify(kind)}`);
}

import type { CommandMetadata, EventMetadata } from './event.js';
import type { CommandMap, DeltaMap, WorkMap } from './generated/message-map.js';
import { commandTypes, deltaTypes, workTypes } from './generated/message-types.js';
import {
  commandSchemas,
  deltaSchemas,
  releasedCommandSchemas,
  releasedDeltaSchemas,
  releasedWorkSchemas,
  workSchemas,
} from './generated/message-schemas.js';
import { readEventSchema, type EventSchema } from './schema/event-schema.js';
import type { AvroJson } from './schema/avro.js';
import type { MessageInfo, TypeCatalogue } from './type-catalogue.js';

/** A name such as `agent.execute`. */
export type CommandType = keyof CommandMap;
/** Any command; narrow it by `type`. */
export type AnyCommand = CommandMap[CommandType];
/** The payload of a command. */
export type CommandData<Type extends CommandType> = CommandMap[Type]['data'];

/** A name such as `agent.turn_requested`. */
export type WorkType = keyof WorkMap;
/** Any work; narrow it by `type`. */
export type AnyWork = WorkMap[WorkType];
/** The payload of work. */
export type WorkData<Type extends WorkType> = WorkMap[Type]['data'];

/** A name such as `inference.tokens_generated`. */
export type DeltaType = keyof DeltaMap;
/** Any delta; narrow it by `type`. */
export type AnyDelta = DeltaMap[DeltaType];
/** The payload of a delta. */
export type DeltaData<Type extends DeltaType> = DeltaMap[Type]['data'];

export interface CommandEnvelope<C extends AnyCommand = AnyCommand> {
  readonly command: C;
  readonly metadata: CommandMetadata;
}

export interface WorkEnvelope<W extends AnyWork = AnyWork> {
  readonly work: W;
  readonly metadata: EventMetadata;
}

export interface DeltaEnvelope<D extends AnyDelta = AnyDelta> {
  readonly delta: D;
  readonly metadata: EventMetadata;
}

export interface CommandTypeInfo extends MessageInfo {
  readonly type: CommandType;
  readonly kind: 'command';
}

export interface WorkTypeInfo extends MessageInfo {
  readonly type: WorkType;
  readonly kind: 'work';
}

export interface DeltaTypeInfo extends MessageInfo {
  readonly type: DeltaType;
  readonly kind: 'delta';
}

export function isCommandType(text: string): text is CommandType {
  return Object.hasOwn(commandTypes, text);
}

export function isWorkType(text: string): text is WorkType {
  return Object.hasOwn(workTypes, text);
}

export function isDeltaType(text: string): text is DeltaType {
  return Object.hasOwn(deltaTypes, text);
}

/** By name. */
export const allCommandTypes: readonly CommandType[] = Object.keys(commandTypes).filter(isCommandType);

/** By name. */
export const allWorkTypes: readonly WorkType[] = Object.keys(workTypes).filter(isWorkType);

/** By name. */
export const allDeltaTypes: readonly DeltaType[] = Object.keys(deltaTypes).filter(isDeltaType);

const readSchemas = new Map<string, EventSchema>();

function schemaIn(texts: Readonly<Record<string, string>>, type: string): EventSchema {
  let schema = readSchemas.get(type);
  if (!schema) {
    const text = texts[type];
    if (text === undefined) throw new TypeError(`${type} is not in the catalogue`);
    const avro: AvroJson = JSON.parse(text);
    readSchemas.set(type, (schema = readEventSchema(avro)));
  }
  return schema;
}

/** Commands as a codec sees them. */
export const commandCatalogue: TypeCatalogue = {
  infos: commandTypes,
  schemas: commandSchemas,
  released: releasedCommandSchemas,
  schemaOf: (type) => schemaIn(commandSchemas, type),
};

/** Work as a codec sees it. */
export const workCatalogue: TypeCatalogue = {
  infos: workTypes,
  schemas: workSchemas,
  released: releasedWorkSchemas,
  schemaOf: (type) => schemaIn(workSchemas, type),
};

/** Deltas as a codec sees them. */
export const deltaCatalogue: TypeCatalogue = {
  infos: deltaTypes,
  schemas: deltaSchemas,
  released: releasedDeltaSchemas,
  schemaOf: (type) => schemaIn(deltaSchemas, type),
};

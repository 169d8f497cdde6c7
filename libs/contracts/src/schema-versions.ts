import type { EventType } from './event-type.js';
import { currentSchemas, releasedSchemas } from './generated/schemas.js';
import { isRegisteredType, registeredVersions } from './registered/registered-types.js';
import type { AvroJson } from './schema/avro.js';

export interface SchemaVersion {
  /** Counts from 1. */
  readonly version: number;
  readonly avro: AvroJson;
}

/** The Avro schema that events of the type are written with. */
export function currentSchemaOf(type: EventType): AvroJson {
  const current = isRegisteredType(type) ? registeredVersions(type).at(-1) : undefined;
  const avro: AvroJson = current ?? JSON.parse(currentSchemas[type]);
  return avro;
}

/** Every released schema of the type, oldest first. */
export function releasedVersionsOf(type: EventType): readonly SchemaVersion[] {
  if (isRegisteredType(type)) return registeredVersions(type).map((avro, index) => ({ version: index + 1, avro }));
  return releasedSchemas
    .filter((released) => released.type === type)
    .map(({ version, avro }) => ({ version, avro: JSON.parse(avro) as AvroJson }))
    .toSorted((one, other) => one.version - other.version);
}

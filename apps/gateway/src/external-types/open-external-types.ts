import type { Provider } from '@nestjs/common';
import type { EventCodec, EventType, RegistryOptions } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { KafkaAdmin } from '@chorda/messaging';
import { ExternalTypeRepository, ExternalTypesWatch } from '@chorda/read-models';
import type pg from 'pg';
import { ExternalTypeRegistrar } from './external-type-registrar.js';
import { RegisteredDoor } from './registered-door.js';

export interface ExternalTypeParts {
  readonly registrar: ExternalTypeRegistrar;
  readonly door: RegisteredDoor;
}

export interface ExternalTypeNeeds {
  readonly pool: pg.Pool;
  readonly codec: EventCodec;
  readonly admin: KafkaAdmin;
  readonly registry: RegistryOptions;
  readonly typesMax: number;
  readonly logger: Logger;
  readonly onChange: (types: readonly EventType[]) => void;
}

/** Knows the types that were registered when it resolves, and keeps in step with them until it is closed. */
export async function openExternalTypes(
  needs: ExternalTypeNeeds,
  closing: (() => Promise<unknown> | void)[],
): Promise<ExternalTypeParts> {
  const types = new ExternalTypeRepository(needs.pool);
  const watch = new ExternalTypesWatch({ ...needs, types });
  closing.push(() => watch.stop());
  await watch.start();
  const { admin, registry, typesMax } = needs;
  return {
    registrar: new ExternalTypeRegistrar({ types, watch, admin, registry, typesMax }),
    door: new RegisteredDoor(watch),
  };
}

export function externalTypeProviders({ registrar, door }: ExternalTypeParts): readonly Provider[] {
  return [
    { provide: ExternalTypeRegistrar, useValue: registrar },
    { provide: RegisteredDoor, useValue: door },
  ];
}

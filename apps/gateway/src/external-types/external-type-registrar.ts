import {
  applyTopics,
  avroOfJsonSchema,
  IncompatibleSchemaError,
  registeredSchema,
  registerEventSchema,
  RegistryRefusedError,
  schemaFingerprint,
  type EventSchema,
  type RegistryOptions,
} from '@chorda/contracts';
import { InvalidInputError, type JsonValue, type TenantId } from '@chorda/kernel';
import type { KafkaAdmin } from '@chorda/messaging';
import { JsonSchemaCheck } from '@chorda/platform';
import {
  ExternalTypesFullError,
  ExternalTypeTakenError,
  type AuditActor,
  type ExternalTypeRecord,
  type ExternalTypeRepository,
  type ExternalTypesWatch,
  type NewVersion,
} from '@chorda/read-models';
import { Problem } from '../http/problem.js';

export interface Registration {
  readonly type: string;
  readonly owner: TenantId;
  readonly actor: AuditActor;
  /** One of the two. */
  readonly avro?: JsonValue | undefined;
  readonly jsonSchema?: JsonValue | undefined;
  /** Checks everything and changes nothing. */
  readonly dryRun: boolean;
}

export interface Registered {
  readonly outcome: 'registered' | 'evolved' | 'unchanged';
  readonly record: ExternalTypeRecord | undefined;
  readonly schema: EventSchema;
}

export interface RegistrarParts {
  readonly types: ExternalTypeRepository;
  readonly watch: ExternalTypesWatch;
  readonly admin: KafkaAdmin;
  readonly registry: RegistryOptions;
  readonly typesMax: number;
}

/** Nothing of a dry run is kept: thrown out of the transaction, and caught outside of it. */
class DryRunEnd extends Error {
  constructor(readonly outcome: Registered['outcome']) {
    super('dry run');
  }
}

/** Registers types of other teams, and versions of them. */
export class ExternalTypeRegistrar {
  constructor(private readonly parts: RegistrarParts) {}

  /**
   * The topic and the subject in the registry are made first, then the type: a registration that ended in between is
   * simply made again. When this resolves, this gateway takes events of the type.
   *
   * @throws {@link Problem} `INVALID_SCHEMA`, `SCHEMA_INCOMPATIBLE`, `ALREADY_EXISTS`, `LIMIT_REACHED`.
   */
  async register(registration: Registration): Promise<Registered> {
    const { types, watch, typesMax } = this.parts;
    let schema: EventSchema | undefined;
    let outcome: Registered['outcome'] = 'unchanged';
    try {
      const { record } = await types.register(
        { ...registration, typesMax },
        (known) => {
          schema = schemaOf(registration, known);
          const version = newVersion(schema, registration, known);
          outcome = version === undefined ? 'unchanged' : known === undefined ? 'registered' : 'evolved';
          if (registration.dryRun) throw new DryRunEnd(outcome);
          return version;
        },
        () => this.prepare(schema),
      );
      await watch.refresh();
      if (schema === undefined) throw new TypeError('A registration decided nothing');
      return { outcome, record, schema };
    } catch (error) {
      if (error instanceof DryRunEnd && schema !== undefined) return { outcome, record: undefined, schema };
      throw problemOf(error);
    }
  }

  private async prepare(schema: EventSchema | undefined): Promise<void> {
    if (schema === undefined) throw new TypeError('A registration decided nothing');
    await applyTopics(this.parts.admin, { names: [schema.topic] });
    await registerEventSchema(this.parts.registry, schema);
  }
}

function schemaOf({ type, avro, jsonSchema }: Registration, known: ExternalTypeRecord | undefined): EventSchema {
  const before = known?.versions.map((version) => version.avro) ?? [];
  if (jsonSchema === undefined) return registeredSchema(type, avro ?? null, before);
  // Compiled here so that a schema that cannot be checked by is refused before it is kept.
  new JsonSchemaCheck(jsonSchema);
  return registeredSchema(type, avroOfJsonSchema(jsonSchema), before);
}

/** Undefined where the newest version says the same already. */
function newVersion(
  schema: EventSchema,
  { jsonSchema }: Registration,
  known: ExternalTypeRecord | undefined,
): NewVersion | undefined {
  const newest = known?.versions.at(-1);
  const isSame =
    newest !== undefined && equal(newest.avro, schema.avro) && equal(newest.jsonSchema ?? null, jsonSchema ?? null);
  return isSame ? undefined : { avro: schema.avro, jsonSchema, fingerprint: schemaFingerprint(schema.avro) };
}

/** The order of members says nothing. */
function equal(a: JsonValue, b: JsonValue): boolean {
  return sorted(a) === sorted(b);
}

function sorted(json: JsonValue): string {
  return JSON.stringify(json, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
      : value,
  );
}

function problemOf(error: unknown): unknown {
  if (error instanceof IncompatibleSchemaError) {
    return new Problem('SCHEMA_INCOMPATIBLE', error.message, { issues: error.issues });
  }
  if (error instanceof InvalidInputError) return new Problem('INVALID_SCHEMA', error.message, { issues: error.issues });
  if (error instanceof RegistryRefusedError) return new Problem('SCHEMA_INCOMPATIBLE', error.message, { cause: error });
  if (error instanceof ExternalTypeTakenError) return new Problem('ALREADY_EXISTS', error.message, { cause: error });
  if (error instanceof ExternalTypesFullError) return new Problem('LIMIT_REACHED', error.message, { cause: error });
  return error;
}

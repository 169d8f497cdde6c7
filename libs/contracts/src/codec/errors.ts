import { BackboneError, type Issue } from '@chorda/kernel';

/** Why a record can never be decoded; stable names, kept on its dead letter. */
export type UndecodableReason =
  /** A record without a value. */
  | 'no_value'
  /** The value does not begin with the Confluent wire format's zero byte. */
  | 'bad_magic'
  /** A header that CloudEvents or Chorda requires is missing, comes twice, or breaks its rule. */
  | 'bad_header'
  /** The key is not `<tenant>/<subject>` of the headers. */
  | 'bad_key'
  /** `ce_type` is not in the catalogue of this build. */
  | 'unknown_type'
  /** `ce_dataschema` names a schema that neither this build nor the registry has under the record's schema id. */
  | 'unknown_schema'
  /** The schema that wrote the value belongs to another type than `ce_type`. */
  | 'wrong_type'
  /** The schema that wrote the value cannot be read as the current one. */
  | 'incompatible_schema'
  /** More than 1 MiB of Avro. */
  | 'too_large'
  /** The value ends before the schema says so. */
  | 'truncated'
  /** The value goes on after the schema says it ends. */
  | 'trailing_bytes'
  /** Declares more items, depth or bytes than any honest event has. */
  | 'bomb'
  /** A field holds what its schema does not allow. */
  | 'invalid_value';

/** This record is bad and stays bad, whoever reads it again. */
export class UndecodableRecordError extends BackboneError {
  readonly code = 'UNDECODABLE_RECORD';
  readonly retriable = false;

  constructor(
    readonly reason: UndecodableReason,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`Record cannot be decoded (${reason}): ${detail}`, options);
  }
}

/** The value was written with a schema that this process has not met yet: `EventCodec.learn` asks the registry. */
export class WriterSchemaUnknownError extends BackboneError {
  readonly code = 'WRITER_SCHEMA_UNKNOWN';
  readonly retriable = true;

  constructor(readonly schemaId: number) {
    super(`Schema id ${schemaId} is not known here yet: learn it from the registry and decode again`);
  }
}

/** An event that its own schema or the envelope's rules do not allow. A fault of whoever made it. */
export class InvalidEventError extends BackboneError {
  readonly code = 'INVALID_EVENT';
  readonly retriable = false;

  constructor(
    what: string,
    readonly issues: readonly Issue[],
  ) {
    super(`${what} cannot be written: ${issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ')}`);
  }
}

/** An event of more than 1 MiB of Avro. */
export class EventTooLargeError extends BackboneError {
  readonly code = 'EVENT_TOO_LARGE';
  readonly retriable = false;

  constructor(type: string, bytesMax: number) {
    super(`${type} is larger than ${bytesMax} bytes of Avro: send less, or a reference to where the payload lies`);
  }
}

/** The registry did not answer, or answered that it cannot now. */
export class RegistryUnavailableError extends BackboneError {
  readonly code = 'REGISTRY_UNAVAILABLE';
  readonly retriable = true;
}

/** The registry answered that it has no such schema. */
export class SchemaNotFoundError extends BackboneError {
  readonly code = 'SCHEMA_NOT_FOUND';
  readonly retriable = false;
}

/** The registry refused what was asked: wrong credentials, or a schema that breaks the subject's compatibility. */
export class RegistryRefusedError extends BackboneError {
  readonly code = 'REGISTRY_REFUSED';
  readonly retriable = false;

  constructor(
    message: string,
    /** 401 and 403: it does not know us, or does not let us. */
    readonly httpStatus: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Schemas of this build that the registry does not have: a service that wrote with them could not be read by others. */
export class SchemasNotRegisteredError extends BackboneError {
  readonly code = 'SCHEMAS_NOT_REGISTERED';
  readonly retriable = false;

  constructor(readonly subjects: readonly string[]) {
    const [first = '', ...rest] = subjects;
    const more = rest.length > 0 ? ` and ${rest.length} more` : '';
    super(`The registry has no current schema for ${first}${more}: run \`chorda schemas register\`, then start again`);
  }
}

import { BackboneError } from '@chorda/kernel';
import type { EventMetadata } from '../event.js';
import { RegistryClient, type RegistryConnection } from '../registry/registry-client.js';
import { subjectName, subjectsOfTypes, type CurrentSubject } from '../registry/subjects.js';
import type { AvroJson } from '../schema/avro.js';
import { eventBytesMax, partitionCountOf } from '../topics/catalogue.js';
import { partitionOf } from '../topics/partition.js';
import {
  findInfo,
  infoOf,
  messageSubject,
  messageTopic,
  type Message,
  type MessageInfo,
  type TypeCatalogue,
} from '../type-catalogue.js';
import { EventEncoder } from './event-encoder.js';
import {
  InvalidEventError,
  RegistryUnavailableError,
  SchemaNotFoundError,
  SchemasNotRegisteredError,
  UndecodableRecordError,
  WriterSchemaUnknownError,
} from './errors.js';
import { CutHeaders, HeaderIndex, type HeaderSource, type RawHeaders, type RecordHeaders } from './header-source.js';
import { decodeMetadata, decodeMetadataOnDemand, requiredHeader } from './headers.js';
import { MetadataOnDemand } from './metadata-on-demand.js';
import { metadataIssues } from './metadata-rules.js';
import { isAsciiAt } from './same-bytes.js';
import { WriterSchemas, type WriterSchema } from './writer-schemas.js';

export interface EventCodecOptions extends RegistryConnection {
  /** `CHORDA_TOPIC_PREFIX`: subjects are named after the topics as the brokers know them. Default ''. */
  readonly topicPrefix?: string;
}

export interface EncodedRecord {
  /** From the catalogue, without prefix. */
  readonly topic: string;
  readonly key: Buffer;
  readonly partition: number;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
}

/** What decoding needs of a record; its topic plays no part, since retry and dead-letter topics carry the same. */
export interface EncodedEvent {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** The same headers as they came, where the client still has them: `headers` is then not looked at. */
  readonly rawHeaders?: RawHeaders | undefined;
}

/** The Confluent wire format: a zero byte, then the schema id in 4 bytes, big-endian. */
const framingBytes = 5;
/** Ids that the registry said it does not have are not asked for again for a while: a poison record costs one request. */
const notFoundMsMax = 30_000;
const notFoundMax = 1000;

/** What the headers of a record say; its payload is read when somebody asks for it. */
export interface RecordHead {
  readonly info: MessageInfo;
  readonly writer: WriterSchema;
  readonly metadata: EventMetadata;
  readonly value: Buffer;
}

/**
 * Messages of one catalogue to Kafka records and back, synchronously: no promise per record. It never registers a schema.
 *
 * A record's writer schema is found by its `ce_dataschema` among this build's and all released schemas, so the log can
 * be read from offset 0 with the registry wiped, renumbered or away. Only a schema newer than this build is asked for,
 * by id, and then its fingerprint must be the one that the header names.
 */
export class RecordCodec {
  private readonly schemas: WriterSchemas;
  private readonly encoder: EventEncoder;
  private readonly learning = new Map<number, Promise<void>>();
  private readonly headerIndex = new HeaderIndex();
  private readonly notFoundUntilMs = new Map<number, number>();

  private constructor(
    private readonly catalogue: TypeCatalogue,
    private readonly registry: RegistryClient,
    private readonly idsByTopic: Map<string, number>,
    private readonly topicPrefix: string,
    /** Stands for every id, where no registry is asked. */
    private readonly offlineId?: number,
  ) {
    this.schemas = new WriterSchemas(catalogue);
    this.encoder = new EventEncoder(catalogue, this.schemas);
  }

  /**
   * Looks up the id of every schema of these types.
   *
   * @throws {@link SchemasNotRegisteredError} when one is missing: the message says which command to run.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  static async connect(
    catalogue: TypeCatalogue,
    types: readonly string[],
    options: EventCodecOptions,
  ): Promise<RecordCodec> {
    const registry = new RegistryClient(options);
    try {
      const topicPrefix = options.topicPrefix ?? '';
      const ids = await lookUpIds(registry, subjectsOfTypes(catalogue, topicPrefix, types));
      return new RecordCodec(catalogue, registry, ids, topicPrefix);
    } catch (error) {
      registry.close();
      throw error;
    }
  }

  /** Never asks a registry. @param schemaId Stands in every frame that it writes; left out: `encode` throws. */
  static offline(catalogue: TypeCatalogue, types: readonly string[], schemaId?: number): RecordCodec {
    const ids = new Map<string, number>();
    if (schemaId !== undefined)
      for (const { topic, type } of subjectsOfTypes(catalogue, '', types)) ids.set(idKey(topic, type), schemaId);
    const nowhere = new RegistryClient({ registryUrl: 'http://127.0.0.1:1', timeoutMs: 1_000 });
    return new RecordCodec(catalogue, nowhere, ids, '', schemaId);
  }

  /**
   * Takes types that the catalogue has now, or in newer versions.
   *
   * @throws {@link SchemasNotRegisteredError} when the registry lacks a newest version; the others are taken.
   * @throws {@link RegistryUnavailableError} when it does not answer: the types can be read and not yet written. Retriable.
   */
  async adopt(types: readonly string[], versionsOf: (type: string) => readonly AvroJson[]): Promise<void> {
    for (const type of types) {
      this.schemas.adopt(type, versionsOf(type));
      this.encoder.renewType(type);
    }
    const subjects = subjectsOfTypes(this.catalogue, this.topicPrefix, types);
    if (this.offlineId !== undefined) {
      for (const { topic, type } of subjects) this.idsByTopic.set(idKey(topic, type), this.offlineId);
      return;
    }
    for (const [place, id] of await lookUpIds(this.registry, subjects)) this.idsByTopic.set(place, id);
  }

  /** Closes idle connections to the registry. */
  close(): void {
    this.registry.close();
  }

  /**
   * @throws {@link InvalidEventError} naming every broken field of the envelope, or the payload's first.
   * @throws {@link EventTooLargeError} for more than 1 MiB of Avro.
   */
  encode(
    message: Message,
    metadata: EventMetadata,
    headersOf: (info: MessageInfo) => Record<string, string>,
  ): EncodedRecord {
    const info = infoOf(this.catalogue, message.type);
    const topic = messageTopic(info, message.data);
    const id = this.idsByTopic.get(idKey(topic, message.type));
    if (id === undefined) throw new SchemasNotRegisteredError([subjectName('', topic, info.record)]);
    checkEnvelope(info, message, metadata);
    const key = Buffer.from(`${metadata.tenantId}/${metadata.subject}`);
    return {
      topic,
      key,
      partition: partitionOf(key, partitionCountOf(topic)),
      value: this.encoder.encode(message, id),
      headers: headersOf(info),
    };
  }

  /**
   * Reads the headers, with all their checks.
   *
   * @param look At headers that this catalogue has beside the common ones; they are not kept.
   * @throws {@link UndecodableRecordError} for a record that nobody will ever read; `reason` says why.
   * @throws {@link WriterSchemaUnknownError} for a schema newer than this build: `learn` it, then open again.
   */
  head(record: EncodedEvent, look?: (headers: HeaderSource) => void): RecordHead {
    const headers = this.headersOf(record);
    const head = this.headOf(record, headers, decodeMetadata);
    look?.(headers);
    return head;
  }

  /** @throws {@link UndecodableRecordError} where the payload is not what its schema says. */
  payload({ info, writer, metadata, value }: RecordHead): Message {
    const message = writer.read(info.type, value, framingBytes, value.length);
    checkSubject(messageSubject(info, message.data), metadata);
    return message;
  }

  /**
   * Checks all that `head` and `payload` check, and makes texts and values of it when somebody asks for them: then nothing
   * fails any more.
   *
   * @throws as `head` and `payload`.
   */
  onDemand(record: EncodedEvent): { readonly message: Message; readonly metadata: EventMetadata } {
    const headers = this.headersOf(record);
    const read = headers instanceof HeaderIndex ? () => decodeMetadataOnDemand(headers) : decodeMetadata;
    const head = this.headOf(record, headers, read);
    const { info, writer, metadata, value } = head;
    if (!(metadata instanceof MetadataOnDemand)) return { message: this.payload(head), metadata };
    const subject = writer.check(info.type, value, framingBytes, value.length);
    const message = new MessageOnDemand(info.type, writer, value);
    // Also where the field came by its default; bytes that are no UTF-8 may be the same text.
    if (!subject || !metadata.hasSubject(value, subject.start, subject.end)) {
      checkSubject(messageSubject(info, message.data), metadata);
    }
    return { message, metadata };
  }

  private headersOf(record: EncodedEvent): HeaderSource {
    // `headers` cuts them out when it is asked for.
    const { rawHeaders } = record;
    return rawHeaders ? this.headerIndex.read(rawHeaders) : new CutHeaders(record.headers);
  }

  private headOf(
    { key, value }: EncodedEvent,
    headers: HeaderSource,
    metadataOf: (headers: HeaderSource) => EventMetadata,
  ): RecordHead {
    const schemaId = framedSchemaId(value);
    const type = requiredHeader(headers, 'ce_type');
    const info = findInfo(this.catalogue, type);
    if (info === undefined)
      throw new UndecodableRecordError('unknown_type', `${type.slice(0, 100)} is not in the catalogue`);
    const writer = this.writerOf(info, requiredHeader(headers, 'ce_dataschema'), schemaId.id);
    const metadata = metadataOf(headers);
    if (key === null || !isKeyOf(key, metadata)) {
      throw new UndecodableRecordError('bad_key', 'the key is not <tenant>/<subject> of the headers');
    }
    return { info, writer, metadata, value: schemaId.value };
  }

  /**
   * Reads Avro without framing, as the journal keeps it.
   *
   * @param schemaFingerprint The 32 bytes of the writer schema's SHA-256.
   * @throws {@link UndecodableRecordError}
   */
  decodePayload(type: string, schemaFingerprint: Buffer, payload: Buffer): Message {
    const fingerprint = schemaFingerprint.toString('hex');
    const writer = this.schemas.byFingerprintOf(infoOf(this.catalogue, type).record, fingerprint);
    if (!writer) throw new UndecodableRecordError('unknown_schema', `${fingerprint} is no known schema of ${type}`);
    checkSize(payload.length);
    return writer.read(type, payload, 0, payload.length);
  }

  /**
   * Asks the registry for a schema; at most one request an id at a time.
   *
   * @throws {@link SchemaNotFoundError} when the registry does not have it, also from memory for 30 s.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  learn(schemaId: number): Promise<void> {
    const running = this.learning.get(schemaId);
    if (running) return running;
    const learning = this.askFor(schemaId).finally(() => this.learning.delete(schemaId));
    this.learning.set(schemaId, learning);
    return learning;
  }

  private async askFor(schemaId: number): Promise<void> {
    if (this.schemas.byRegistryId(schemaId)) return;
    const notFoundUntilMs = this.notFoundUntilMs.get(schemaId) ?? 0;
    if (Date.now() < notFoundUntilMs) throw new SchemaNotFoundError(`Registry: it has no schema with id ${schemaId}`);
    try {
      this.schemas.learn(schemaId, await this.registry.schemaOfId(schemaId));
      this.notFoundUntilMs.delete(schemaId);
    } catch (error) {
      if (error instanceof BackboneError && !(error instanceof SchemaNotFoundError)) throw error;
      this.rememberNotFound(schemaId);
      if (error instanceof SchemaNotFoundError) throw error;
      throw new SchemaNotFoundError(`Registry: what it has under id ${schemaId} is no Avro record`, { cause: error });
    }
  }

  private rememberNotFound(schemaId: number): void {
    const oldest = this.notFoundUntilMs.keys().next().value;
    if (this.notFoundUntilMs.size >= notFoundMax && oldest !== undefined) this.notFoundUntilMs.delete(oldest);
    this.notFoundUntilMs.set(schemaId, Date.now() + notFoundMsMax);
  }

  private writerOf(info: MessageInfo, dataSchema: string, schemaId: number): WriterSchema {
    const known = this.schemas.byDataSchema(dataSchema);
    if (known) return ofType(known, info);
    const record = /^urn:chorda:schema:([^:]{1,256}):[0-9a-f]{64}$/.exec(dataSchema)?.[1];
    if (record === undefined) throw new UndecodableRecordError('bad_header', 'ce_dataschema is no schema of ours');
    if (record !== info.record) throw wrongType(record, info);
    if (!this.schemas.byRegistryId(schemaId)) throw new WriterSchemaUnknownError(schemaId);
    throw new UndecodableRecordError('unknown_schema', `id ${schemaId} is another schema than ${dataSchema}`);
  }
}

function ofType(writer: WriterSchema, info: MessageInfo): WriterSchema {
  if (writer.record !== info.record) throw wrongType(writer.record, info);
  return writer;
}

function wrongType(record: string, info: MessageInfo): UndecodableRecordError {
  return new UndecodableRecordError('wrong_type', `${record} is not the record of ${info.type}`);
}

/** Almost every key is ASCII, and then comparing needs no text of it. */
function isKeyOf(key: Buffer, metadata: EventMetadata): boolean {
  if (metadata instanceof MetadataOnDemand) return metadata.hasKey(key);
  const { tenantId: tenant, subject } = metadata;
  return (
    (key.length === tenant.length + 1 + subject.length &&
      isAsciiAt(key, 0, tenant) &&
      key[tenant.length] === 0x2f &&
      isAsciiAt(key, tenant.length + 1, subject)) ||
    key.toString('utf8') === `${tenant}/${subject}`
  );
}

function checkSubject(named: string | undefined, { subject }: EventMetadata): void {
  if (named !== undefined && named !== subject) {
    throw new UndecodableRecordError('bad_key', 'the payload names another subject than the key');
  }
}

/** A payload that was checked; its values are made when somebody asks for them. */
class MessageOnDemand implements Message {
  private values: Message['data'] | undefined;

  constructor(
    readonly type: string,
    private readonly writer: WriterSchema,
    private readonly value: Buffer,
  ) {}

  get data(): Message['data'] {
    return (this.values ??= this.writer.decode(this.type, this.value, framingBytes));
  }
}

function framedSchemaId(value: Buffer | null): { readonly id: number; readonly value: Buffer } {
  if (value === null) throw new UndecodableRecordError('no_value', 'events are never tombstones');
  if (value.length === 0 || value[0] !== 0) throw new UndecodableRecordError('bad_magic', 'the value is not framed');
  if (value.length < framingBytes) throw new UndecodableRecordError('truncated', 'ends inside the schema id');
  checkSize(value.length - framingBytes);
  return { id: value.readUInt32BE(1), value };
}

function checkSize(payloadBytes: number): void {
  if (payloadBytes > eventBytesMax) {
    throw new UndecodableRecordError('too_large', `${payloadBytes} bytes of Avro, at most ${eventBytesMax} are taken`);
  }
}

function checkEnvelope(info: MessageInfo, event: Message, metadata: EventMetadata): void {
  const issues = metadataIssues(metadata);
  if (issues.length > 0) throw new InvalidEventError(`Metadata of ${event.type}`, issues);
  const subject = messageSubject(info, event.data);
  if (subject !== undefined && subject !== metadata.subject) {
    const detail = `must be ${subject}, as its payload says: another key would break the order of its aggregate`;
    throw new InvalidEventError(`Metadata of ${event.type}`, [{ pointer: '/subject', detail }]);
  }
  if (info.kind === 'fact' && metadata.decision?.streamVersion !== undefined) {
    const detail = 'a fact is in no stream and has no version';
    throw new InvalidEventError(`Metadata of ${event.type}`, [{ pointer: '/decision/streamVersion', detail }]);
  }
}

function idKey(topic: string, type: string): string {
  return `${topic} ${type}`;
}

/** The time limit of a question runs from when it is asked: all at once, the last of them wait for the others. */
const questionsAtOnceMax = 8;
/** A busy registry leaves one question of a hundred without an answer in time; a start asks more than that. */
const triesMax = 3;

async function lookUpIds(registry: RegistryClient, subjects: readonly CurrentSubject[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  const missing: string[] = [];
  const idOf = async ({ subject, avro }: CurrentSubject): Promise<number> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await registry.idOf(subject, avro);
      } catch (error) {
        // One that has answered nothing yet is not there: whoever starts is told at once.
        const isThere = ids.size + missing.length > 0;
        if (!(error instanceof RegistryUnavailableError) || !isThere || tries === triesMax) throw error;
      }
    }
  };
  const waiting = subjects.values();
  const worker = async (): Promise<void> => {
    for (const current of waiting) {
      try {
        ids.set(idKey(current.topic, current.type), await idOf(current));
      } catch (error) {
        if (!(error instanceof SchemaNotFoundError)) throw error;
        missing.push(current.subject);
      }
    }
  };
  await Promise.all(Array.from({ length: questionsAtOnceMax }, worker));
  if (missing.length > 0) throw new SchemasNotRegisteredError(missing.sort());
  return ids;
}

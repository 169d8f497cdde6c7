import { commandCatalogue, allCommandTypes, type CommandEnvelope } from '../message-types.js';
import { encodeCommandHeaders, decodeActor } from './headers.js';
import { RecordCodec, type EncodedEvent, type EncodedRecord, type EventCodecOptions } from './record-codec.js';

/** Commands to records of `agent.commands` and `workflow.commands` and back; nothing but a command is read or written. */
export class CommandCodec {
  private constructor(private readonly records: RecordCodec) {}

  /**
   * Looks up the id of every current schema.
   *
   * @throws {@link SchemasNotRegisteredError} when one is missing: the message says which command to run.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  static async connect(options: EventCodecOptions): Promise<CommandCodec> {
    return new CommandCodec(await RecordCodec.connect(commandCatalogue, allCommandTypes, options));
  }

  /** Never asks a registry; as `EventCodec.offline`. */
  static offline(schemaId?: number): CommandCodec {
    return new CommandCodec(RecordCodec.offline(commandCatalogue, allCommandTypes, schemaId));
  }

  /** Closes idle connections to the registry. */
  close(): void {
    this.records.close();
  }

  /**
   * @throws {@link InvalidEventError} naming every broken field of the envelope, or the payload's first.
   * @throws {@link EventTooLargeError} for more than 1 MiB of Avro.
   */
  encode({ command, metadata }: CommandEnvelope): EncodedRecord {
    return this.records.encode(command, metadata, (info) => encodeCommandHeaders(info, metadata));
  }

  /**
   * @throws {@link UndecodableRecordError} for a record that nobody will ever read; `reason` says why.
   * @throws {@link WriterSchemaUnknownError} for a schema newer than this build: `learn` it, then decode again.
   */
  decode(record: EncodedEvent): CommandEnvelope {
    let actor: string | undefined;
    const head = this.records.head(record, (headers) => (actor = decodeActor(headers)));
    // The catalogue of commands decided type and shape when the value was read.
    const command = this.records.payload(head) as CommandEnvelope['command'];
    return { command, metadata: actor === undefined ? head.metadata : { ...head.metadata, actor } };
  }

  /**
   * Asks the registry for a schema; at most one request an id at a time.
   *
   * @throws {@link SchemaNotFoundError} when the registry does not have it, also from memory for 30 s.
   * @throws {@link RegistryUnavailableError} when the registry does not answer. Retriable.
   */
  learn(schemaId: number): Promise<void> {
    return this.records.learn(schemaId);
  }
}

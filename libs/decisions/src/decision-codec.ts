import type { EncodedEvent, EventMetadata } from '@chorda/contracts';
import type { Typed, WorkItem } from '@chorda/domain';
import type { TenantId } from '@chorda/kernel';

/** What is known of a command beside itself. */
export interface CommandContext {
  /** The same id twice has the effect of once. */
  readonly id: string;
  readonly tenantId: TenantId;
  /** The aggregate: with the tenant it is the record's key. */
  readonly subject: string;
  /** When it was given: milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly actor: string | null;
  readonly correlationId: string;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

export interface CommandEnvelope<Command extends Typed> {
  readonly command: Command;
  readonly context: CommandContext;
}

/** A record's body and headers; where it goes is the engine's to say. */
export interface EncodedBody {
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** How commands, events and work lie in records. The engine knows no schema: any codec will do, also one of a test. */
export interface DecisionCodec<Command extends Typed, Event extends Typed> {
  /** @throws UndecodableRecordError or WriterSchemaUnknownError of the contracts. */
  decodeCommand(record: EncodedEvent): CommandEnvelope<Command>;
  /** @throws where the event breaks its schema: a fault of who decided it. */
  encodeEvent(event: Event, metadata: EventMetadata): EncodedBody;
  decodeEvent(record: EncodedEvent): { readonly event: Event; readonly metadata: EventMetadata };
  /** @throws as `encodeEvent`. */
  encodeWork(item: WorkItem, metadata: EventMetadata): EncodedBody;
  /** Asks the registry for a schema that is newer than this build. */
  learn(schemaId: number): Promise<void>;
}

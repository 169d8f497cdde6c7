import { tenantId, type Issue, type TenantId } from '@chorda/kernel';
import type { CommandMetadata, DecisionMetadata, EventMetadata } from '../event.js';
import type { MessageInfo } from '../type-catalogue.js';
import { formatTimestamp, parseTimestamp } from '../payload/timestamp.js';
import { UndecodableRecordError } from './errors.js';
import {
  CutHeaders,
  HeaderIndex,
  type HeaderName,
  type HeaderSource,
  type RawHeaders,
  type RecordHeaders,
} from './header-source.js';
import { idBytesMax } from '../checked-id.js';
import { MetadataOnDemand } from './metadata-on-demand.js';
import { isSoundBesideIds, isText, metadataIssues, textRule } from './metadata-rules.js';

const contentType = 'application/avro';
const specVersion = '1.0';
const contentTypeBytes = Buffer.from(contentType);
const specVersionBytes = Buffer.from(specVersion);

/** CloudEvents 1.0 Kafka protocol binding, binary mode, and what Chorda adds to it. */
export function encodeHeaders(
  info: Pick<MessageInfo, 'type' | 'dataSchema'>,
  metadata: EventMetadata,
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': contentType,
    ce_specversion: specVersion,
    ce_id: metadata.id,
    ce_type: info.type,
    ce_source: metadata.source,
    ce_time: formatTimestamp(metadata.timeMs),
    ce_subject: metadata.subject,
    ce_dataschema: info.dataSchema,
    ce_tenantid: metadata.tenantId,
    ce_correlationid: metadata.correlationId,
  };
  if (metadata.causationId !== undefined) headers['ce_causationid'] = metadata.causationId;
  if (metadata.decision) addDecision(headers, metadata.decision);
  return Object.assign(headers, soundTraceContext(metadata.traceparent, metadata.tracestate));
}

function addDecision(headers: Record<string, string>, decision: DecisionMetadata): void {
  if (decision.streamVersion !== undefined) headers['ce_streamversion'] = String(decision.streamVersion);
  if (decision.stream !== undefined) headers['ce_stream'] = decision.stream;
  if (decision.partitionSeq !== undefined) headers['ce_partitionseq'] = String(decision.partitionSeq);
  if (decision.epoch !== undefined) headers['ce_epoch'] = String(decision.epoch);
  if (decision.commandId !== undefined) headers['ce_commandid'] = decision.commandId;
  if (decision.commandOffset !== undefined) headers['ce_commandoffset'] = String(decision.commandOffset);
}

/** Those of an event, and who gave the command. */
export function encodeCommandHeaders(
  info: Pick<MessageInfo, 'type' | 'dataSchema'>,
  metadata: CommandMetadata,
): Record<string, string> {
  const headers = encodeHeaders(info, metadata);
  if (metadata.actor !== undefined) headers['ce_actor'] = metadata.actor;
  return headers;
}

/** @throws {@link UndecodableRecordError} `bad_header`. */
export function decodeActor(headers: HeaderSource): string | undefined {
  const actor = headers.only('ce_actor');
  if (actor !== undefined && !isText(actor, idBytesMax)) throw badHeader(`actor ${textRule(idBytesMax)}`);
  return actor;
}

/**
 * The same, with ids that are read when somebody asks for them: the projector asks for few of them.
 *
 * @throws {@link UndecodableRecordError} `bad_header`.
 */
export function decodeMetadataOnDemand(headers: HeaderIndex): EventMetadata {
  if (!MetadataOnDemand.fits(headers)) return decodeMetadata(headers);
  const read: Mutable<Omit<EventMetadata, 'id' | 'subject' | 'correlationId'>> = {
    source: requiredHeader(headers, 'ce_source'),
    tenantId: tenantOf(requiredHeader(headers, 'ce_tenantid')),
    timeMs: timeOf(requiredHeader(headers, 'ce_time')),
  };
  expectHeader(headers, 'content-type', contentTypeBytes);
  expectHeader(headers, 'ce_specversion', specVersionBytes);
  addOptional(read, headers);
  // Whoever reads it whole says what is wrong.
  return isSoundBesideIds(read) ? MetadataOnDemand.of(headers, read) : decodeMetadata(headers);
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Fields are assigned one by one: this runs per record, and spreading optional parts took a third of it.
 *
 * @throws {@link UndecodableRecordError} `bad_header`.
 */
export function decodeMetadata(headers: HeaderSource): EventMetadata {
  expectHeader(headers, 'content-type', contentTypeBytes);
  expectHeader(headers, 'ce_specversion', specVersionBytes);
  const metadata: Mutable<EventMetadata> = {
    id: requiredHeader(headers, 'ce_id'),
    source: requiredHeader(headers, 'ce_source'),
    subject: requiredHeader(headers, 'ce_subject'),
    tenantId: tenantOf(requiredHeader(headers, 'ce_tenantid')),
    timeMs: timeOf(requiredHeader(headers, 'ce_time')),
    correlationId: requiredHeader(headers, 'ce_correlationid'),
  };
  addOptional(metadata, headers);
  const [issue] = metadataIssues(metadata);
  if (issue) throw badIssue(issue);
  return metadata;
}

function addOptional(
  metadata: Mutable<Pick<EventMetadata, 'causationId' | 'traceparent' | 'tracestate' | 'decision'>>,
  headers: HeaderSource,
): void {
  const causationId = headers.only('ce_causationid');
  if (causationId !== undefined) metadata.causationId = causationId;
  const decision = decodeDecision(headers);
  if (decision !== undefined) metadata.decision = decision;
  const traceparent = headers.last('traceparent');
  if (traceparent !== undefined) Object.assign(metadata, soundTraceContext(traceparent, headers.last('tracestate')));
}

function badIssue({ pointer, detail }: Issue): UndecodableRecordError {
  return badHeader(`${pointer.slice(1)} ${detail}`);
}

function decodeDecision(headers: HeaderSource): DecisionMetadata | undefined {
  const decision: Mutable<DecisionMetadata> = {};
  const streamVersion = counterHeader(headers, 'ce_streamversion');
  if (streamVersion !== undefined) decision.streamVersion = streamVersion;
  const stream = headers.only('ce_stream');
  if (stream !== undefined) decision.stream = stream;
  const partitionSeq = counterHeader(headers, 'ce_partitionseq');
  if (partitionSeq !== undefined) decision.partitionSeq = partitionSeq;
  const epoch = counterHeader(headers, 'ce_epoch');
  if (epoch !== undefined) decision.epoch = epoch;
  const commandId = headers.only('ce_commandid');
  if (commandId !== undefined) decision.commandId = commandId;
  const commandOffset = counterHeader(headers, 'ce_commandoffset');
  if (commandOffset !== undefined) decision.commandOffset = commandOffset;
  return hasAny(decision) ? decision : undefined;
}

function hasAny(decision: DecisionMetadata): boolean {
  for (const name in decision) return name !== '';
  return false;
}

type TraceContext = Pick<EventMetadata, 'traceparent' | 'tracestate'>;

/** Tracing serves the event and never the other way round: a trace context that breaks its rules is left out. */
function soundTraceContext(traceparent: string | undefined, tracestate: string | undefined): TraceContext | undefined {
  if (traceparent === undefined || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent))
    return undefined;
  return tracestate && tracestate.length <= 512 && /^[\x20-\x7e]+$/.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
}

const dataSchemaIndex = new HeaderIndex();

/**
 * The `ce_dataschema` of a record that was decoded: it names the schema that wrote its bytes.
 *
 * @throws {@link UndecodableRecordError} `bad_header` where it is missing or comes twice.
 */
export function dataSchemaOf(record: {
  readonly headers: RecordHeaders;
  readonly rawHeaders?: RawHeaders | undefined;
}): string {
  const headers = record.rawHeaders ? dataSchemaIndex.read(record.rawHeaders) : new CutHeaders(record.headers);
  return requiredHeader(headers, 'ce_dataschema');
}

/** @throws {@link UndecodableRecordError} `bad_header` where it is missing or comes twice. */
export function requiredHeader(headers: HeaderSource, name: HeaderName): string {
  return headers.only(name) ?? fail(`${name} is missing`);
}

function expectHeader(headers: HeaderSource, name: HeaderName, expected: Buffer): void {
  if (!headers.is(name, expected)) throw badHeader(`${name} must be ${expected.toString()}`);
}

function counterHeader(headers: HeaderSource, name: HeaderName): bigint | undefined {
  const text = headers.only(name);
  if (text === undefined) return undefined;
  return /^(0|[1-9]\d{0,17})$/.test(text) ? BigInt(text) : fail(`${name} must be a whole number`);
}

const knownTenants = new Map<string, TenantId>();

/** Checked once per tenant; the number of tenants remembered is bounded. */
function tenantOf(text: string): TenantId {
  let tenant = knownTenants.get(text);
  if (!tenant) {
    try {
      tenant = tenantId(text);
    } catch (error) {
      throw badHeader('ce_tenantid is no tenant id', { cause: error });
    }
    if (knownTenants.size >= 1000) knownTenants.clear();
    knownTenants.set(text, tenant);
  }
  return tenant;
}

function timeOf(text: string): number {
  return parseTimestamp(text) ?? fail('ce_time is no RFC 3339 date-time');
}

function fail(detail: string): never {
  throw badHeader(detail);
}

function badHeader(detail: string, options?: ErrorOptions): UndecodableRecordError {
  return new UndecodableRecordError('bad_header', detail, options);
}

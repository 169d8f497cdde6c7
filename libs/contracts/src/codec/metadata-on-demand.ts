import type { TenantId } from '@chorda/kernel';
import { idBytesMax } from '../checked-id.js';
import type { DecisionMetadata, EventMetadata } from '../event.js';
import type { HeaderIndex } from './header-source.js';
import { isAsciiAt, isSameAt } from './same-bytes.js';

/** What is read of a record's headers in any case. */
type ReadMetadata = Omit<EventMetadata, 'id' | 'subject' | 'correlationId'>;

/**
 * The metadata of a record that was checked where it lies: ids that nobody asks for are never made. It holds on to the
 * bytes of its record.
 */
export class MetadataOnDemand implements EventMetadata {
  declare readonly causationId?: string;
  declare readonly traceparent?: string;
  declare readonly tracestate?: string;
  declare readonly decision?: DecisionMetadata;
  readonly tenantId: TenantId;
  readonly source: string;
  readonly timeMs: number;
  /** Of the record; its ids lie in it as ASCII. */
  readonly bytes: Buffer;
  readonly idStart: number;
  readonly idEnd: number;
  private readonly subjectStart: number;
  private readonly subjectEnd: number;
  private readonly correlationStart: number;
  private readonly correlationEnd: number;
  private idText: string | undefined;
  private subjectText: string | undefined;

  private constructor(headers: HeaderIndex, { tenantId, source, timeMs }: ReadMetadata) {
    this.tenantId = tenantId;
    this.source = source;
    this.timeMs = timeMs;
    this.bytes = headers.bytes;
    this.idStart = headers.startOf('ce_id');
    this.idEnd = headers.endOf('ce_id');
    this.subjectStart = headers.startOf('ce_subject');
    this.subjectEnd = headers.endOf('ce_subject');
    this.correlationStart = headers.startOf('ce_correlationid');
    this.correlationEnd = headers.endOf('ce_correlationid');
  }

  /** Whether the headers' ids may be left where they are: else whoever reads them whole says what is wrong with them. */
  static fits(headers: HeaderIndex): boolean {
    return (
      headers.isPlain('ce_id', idBytesMax) &&
      headers.isPlain('ce_subject', idBytesMax) &&
      headers.isPlain('ce_correlationid', idBytesMax)
    );
  }

  /** @param headers That `fits` has passed. */
  static of(headers: HeaderIndex, read: ReadMetadata): MetadataOnDemand {
    const metadata = new MetadataOnDemand(headers, read);
    const { causationId, traceparent, tracestate, decision } = read;
    if (causationId !== undefined) Object.assign(metadata, { causationId });
    if (decision !== undefined) Object.assign(metadata, { decision });
    if (traceparent !== undefined)
      Object.assign(metadata, tracestate === undefined ? { traceparent } : { traceparent, tracestate });
    return metadata;
  }

  get id(): string {
    return (this.idText ??= this.bytes.toString('latin1', this.idStart, this.idEnd));
  }

  get subject(): string {
    return (this.subjectText ??= this.bytes.toString('latin1', this.subjectStart, this.subjectEnd));
  }

  get correlationId(): string {
    return this.bytes.toString('latin1', this.correlationStart, this.correlationEnd);
  }

  /** Whether these bytes are `<tenant>/<subject>`. */
  hasKey(key: Buffer): boolean {
    const slash = this.tenantId.length;
    return key[slash] === 0x2f && isAsciiAt(key, 0, this.tenantId) && this.hasSubject(key, slash + 1, key.length);
  }

  hasSubject(bytes: Buffer, start: number, end: number): boolean {
    return isSameAt(bytes, start, end, this.bytes, this.subjectStart, this.subjectEnd);
  }
}

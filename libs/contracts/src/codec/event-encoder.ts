import type { Type } from 'avsc';
import type { Issue } from '@chorda/kernel';
import { eventBytesMax } from '../topics/catalogue.js';
import type { Message, TypeCatalogue } from '../type-catalogue.js';
import { AvroFault, compileScan, type Scan } from './avro-scan.js';
import { EventTooLargeError, InvalidEventError } from './errors.js';
import type { WriterSchemas } from './writer-schemas.js';

const framingBytes = 5;
/** Events are cut from slabs of this size, so that most cost no allocation of their own. */
const slabBytes = 64 * 1024;
/** A slab with less room than this is given up: an event that overflows it is encoded twice. */
const roomMin = 4 * 1024;

/** Writes events in the Confluent wire format, straight behind the frame: no copy, and no second encoding but at a slab's end. */
export class EventEncoder {
  private slab = Buffer.allocUnsafeSlow(slabBytes);
  private used = 0;
  private readonly scans = new Map<string, Scan>();

  constructor(
    private readonly catalogue: TypeCatalogue,
    private readonly schemas: WriterSchemas,
  ) {}

  encode(event: Message, schemaId: number): Buffer {
    const type = this.schemas.readerOf(event.type);
    if (slabBytes - this.used < roomMin) this.renew(slabBytes);
    let end = this.write(type, event, this.used + framingBytes);
    if (end < 0) {
      // avsc answers how many bytes were missing.
      const needed = this.slab.length - this.used - end;
      if (needed - framingBytes > eventBytesMax) throw new EventTooLargeError(event.type, eventBytesMax);
      this.renew(Math.max(slabBytes, needed));
      end = this.write(type, event, this.used + framingBytes);
    }
    return this.take(event, schemaId, end);
  }

  private take(event: Message, schemaId: number, end: number): Buffer {
    const start = this.used;
    if (end - start - framingBytes > eventBytesMax) throw new EventTooLargeError(event.type, eventBytesMax);
    this.checkReadable(event, start + framingBytes, end);
    this.slab[start] = 0;
    this.slab.writeUInt32BE(schemaId, start + 1);
    this.used = end;
    return this.slab.subarray(start, end);
  }

  private write(type: Type, event: Message, at: number): number {
    try {
      return type.encode(event.data, this.slab, at);
    } catch (error) {
      throw new InvalidEventError(event.type, payloadIssues(type, event.data, error));
    }
  }

  /** What a consumer would set aside must not be acknowledged: NaN, a time out of range, more items than it takes. */
  private checkReadable(event: Message, start: number, end: number): void {
    try {
      this.scanOf(event.type)(this.slab, start, end);
    } catch (error) {
      if (!(error instanceof AvroFault)) throw error;
      throw new InvalidEventError(event.type, [{ pointer: error.pointer, detail: error.rule }]);
    }
  }

  /** The type is written otherwise from now on. */
  renewType(type: string): void {
    this.scans.delete(type);
  }

  private scanOf(type: string): Scan {
    let scan = this.scans.get(type);
    if (!scan) {
      scan = compileScan(this.schemas.currentOf(type), this.catalogue.schemaOf(type).shape);
      this.scans.set(type, scan);
    }
    return scan;
  }

  private renew(bytes: number): void {
    this.slab = Buffer.allocUnsafeSlow(bytes);
    this.used = 0;
  }
}

/** Only an event that failed is walked for the names of its bad fields. */
function payloadIssues(type: Type, data: unknown, error: unknown): readonly Issue[] {
  const issues: Issue[] = [];
  type.isValid(data, {
    errorHook: (path: readonly string[], _value: unknown, expected: Type) => {
      issues.push({ pointer: path.map((name) => `/${name}`).join(''), detail: `is no ${expected.typeName}` });
    },
  });
  return issues.length > 0 ? issues : [{ pointer: '', detail: error instanceof Error ? error.message : String(error) }];
}

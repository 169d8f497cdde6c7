import { tenantIdPattern, type Issue } from '@chorda/kernel';
import { idBytesMax } from '../checked-id.js';
import type { EventMetadata } from '../event.js';
import { isTimestamp } from '../payload/timestamp.js';

/** Bytes of UTF-8 that a source may have. */
const sourceBytesMax = 1024;
/** Room for a kind before two of the longest ids: an execution is named after its agent too. */
const streamBytesMax = 2 * idBytesMax + 64;

/** Rules of the envelope that are broken; pointers name the fields of `EventMetadata`. Empty: it may be written. */
export function metadataIssues(metadata: EventMetadata): readonly Issue[] {
  // Decided per event on the hot path, so the common case allocates nothing.
  return isSound(metadata) ? noIssues : brokenRules(metadata);
}

const noIssues: readonly Issue[] = [];

function isSound(metadata: EventMetadata): boolean {
  return (
    isText(metadata.id, idBytesMax) &&
    isText(metadata.subject, idBytesMax) &&
    isText(metadata.correlationId, idBytesMax) &&
    tenantIdPattern.test(metadata.tenantId) &&
    isSoundBesideIds(metadata)
  );
}

/** Whether what is beside ids and tenant is sound. */
export function isSoundBesideIds(metadata: Omit<EventMetadata, 'id' | 'subject' | 'correlationId'>): boolean {
  return (
    isText(metadata.source, sourceBytesMax) &&
    (metadata.causationId === undefined || isText(metadata.causationId, idBytesMax)) &&
    isTimestamp(metadata.timeMs) &&
    (metadata.decision?.stream === undefined || isText(metadata.decision.stream, streamBytesMax))
  );
}

function brokenRules(metadata: EventMetadata): readonly Issue[] {
  const issues: Issue[] = [];
  const text = (name: string, value: string | undefined, bytesMax: number): void => {
    if (value !== undefined && !isText(value, bytesMax)) {
      issues.push({ pointer: `/${name}`, detail: textRule(bytesMax) });
    }
  };
  text('id', metadata.id, idBytesMax);
  text('source', metadata.source, sourceBytesMax);
  text('subject', metadata.subject, idBytesMax);
  text('correlationId', metadata.correlationId, idBytesMax);
  text('causationId', metadata.causationId, idBytesMax);
  text('decision/stream', metadata.decision?.stream, streamBytesMax);
  if (!tenantIdPattern.test(metadata.tenantId)) {
    issues.push({ pointer: '/tenantId', detail: `must match ${tenantIdPattern.source}` });
  }
  if (!isTimestamp(metadata.timeMs)) {
    issues.push({ pointer: '/timeMs', detail: 'must be whole milliseconds within the years 1 to 9999' });
  }
  return issues;
}

/** CloudEvents forbids control characters in its strings; a line break in a header is also how logs are forged. */
// eslint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

/** What a text must be, for who is told that it is not. */
export function textRule(bytesMax: number): string {
  return `must be 1 to ${bytesMax} bytes of well-formed UTF-8 without control characters`;
}

export function isText(text: string, bytesMax: number): boolean {
  if (text === '' || text.length > bytesMax || controlCharacter.test(text)) return false;
  if (!text.isWellFormed()) return false;
  // A UTF-16 unit is at most 3 bytes of UTF-8: most texts need no counting.
  return text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax;
}

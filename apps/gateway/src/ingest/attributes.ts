import type { UncheckedEvent } from './cloud-event-request.js';
import type { ProblemIssue } from '../http/problem.js';

/** What may stand beside `data`. Others are refused by name: accepting what is then not kept would be a silent loss. */
export const knownAttributes: ReadonlySet<string> = new Set([
  'specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema',
  'tenantid', 'correlationid', 'causationid', 'traceparent', 'tracestate', 'streamversion', 'expectedversion',
]); // prettier-ignore

/** Bytes of UTF-8 that each text attribute may have. */
const bytesMax: Readonly<Record<string, number>> = { source: 1024, subject: 256, tracestate: 512 };
const bytesMaxOfOthers = 256;

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;
/** What the W3C asks of version 00. Anything else is left aside, as the W3C says, and never an error. */
export const traceparentPattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
// CloudEvents type system, String: no control characters, no lone surrogates, no noncharacters that logs choke on.
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

/** Reads the attributes of one event and notes every rule they break. */
export class AttributeReader {
  readonly issues: ProblemIssue[] = [];

  constructor(private readonly event: UncheckedEvent) {}

  reject(attribute: string, detail: string): undefined {
    this.issues.push({ ...this.event.place(attribute), detail });
    return undefined;
  }

  optionalText(attribute: string): string | undefined {
    if (!Object.hasOwn(this.event.attributes, attribute)) return undefined;
    const value = this.event.attributes[attribute];
    // In the JSON format a null attribute is the same as an absent one.
    if (value === null || value === undefined) return undefined;
    if (typeof value !== 'string' || value === '') return this.reject(attribute, 'must be a text that is not empty');
    const limit = bytesMax[attribute] ?? bytesMaxOfOthers;
    if (value.length > limit || Buffer.byteLength(value) > limit) {
      return this.reject(attribute, `must be at most ${limit} bytes of UTF-8`);
    }
    if (controlCharacter.test(value) || !value.isWellFormed()) {
      return this.reject(attribute, 'must not hold control characters or lone surrogates');
    }
    return value;
  }

  text(attribute: string): string | undefined {
    const issuesBefore = this.issues.length;
    const value = this.optionalText(attribute);
    if (value === undefined && this.issues.length === issuesBefore) return this.reject(attribute, 'is required');
    return value;
  }

  /** Milliseconds since the epoch. */
  timeMs(nowMs: number): number {
    const text = this.optionalText('time');
    if (text === undefined) return nowMs;
    const parsed = rfc3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
    // Date.parse turns 30 February into 1 March; a calendar day that does not exist is the sender's mistake.
    if (Number.isNaN(parsed) || !isCalendarDay(text)) {
      this.reject('time', 'must be a time as in RFC 3339, for example 2026-11-21T09:30:00.250Z');
      return nowMs;
    }
    return parsed;
  }

  /** A positive count. The JSON format may give it as a number, a header gives a text. */
  count(attribute: string): bigint | undefined {
    const value = this.event.attributes[attribute];
    if (value === null || value === undefined) return undefined;
    const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
    if (!/^[1-9]\d{0,17}$/.test(text)) return this.reject(attribute, 'must be a whole number from 1');
    return BigInt(text);
  }

  rejectUnknown(): void {
    const { attributes, dataAttribute } = this.event;
    for (const attribute in attributes) {
      if (knownAttributes.has(attribute) || attribute === dataAttribute) continue;
      if (!Object.hasOwn(attributes, attribute)) continue;
      if (attribute === 'data_base64') this.reject(attribute, 'data must be JSON, in the member data');
      else this.reject(attribute, 'is not an attribute that is kept; leave it out or put it into data');
    }
  }
}

function isCalendarDay(text: string): boolean {
  const [, year, month, day] = rfc3339.exec(text) ?? [];
  return Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate() && Number(day) > 0;
}

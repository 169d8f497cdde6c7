import { parseExactJson } from '../http/exact-json.js';
import { pointerToken } from '../http/json-pointer.js';
import { Problem, type ProblemIssue } from '../http/problem.js';

/** The content types that `POST /v1/events` takes, and the CloudEvents mode that each one means. */
export const ingestContentTypes = {
  'application/cloudevents+json': 'structured',
  'application/cloudevents-batch+json': 'batch',
  'application/json': 'binary',
  'application/x-ndjson': 'ndjson',
} as const;

/** Bodies that are read whole before anything of them is sent, and those that are read item by item. */
export const ingestBodies = {
  whole: Object.entries(ingestContentTypes).flatMap(([type, mode]) => (mode === 'ndjson' ? [] : [type])),
  streamed: Object.entries(ingestContentTypes).flatMap(([type, mode]) => (mode === 'ndjson' ? [type] : [])),
};

export type CloudEventsMode = (typeof ingestContentTypes)[keyof typeof ingestContentTypes];

/** One event as it came: nothing checked but that it is there. */
export interface UncheckedEvent {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The member of `attributes` that holds the data, where the attributes stand beside it: one copy of them is enough. */
  readonly dataAttribute: 'data' | undefined;
  readonly data: unknown;
  /** JSON pointer of `data` in the request. */
  readonly dataPointer: string;
  /** Set where it could not even be read. */
  readonly problem?: Problem;
  /** Where an attribute stands, so that an issue can name the place in the sender's own request. */
  place(attribute: string): Omit<ProblemIssue, 'detail'>;
}

export interface CloudEventsRequest {
  readonly mode: CloudEventsMode;
  readonly events: readonly UncheckedEvent[];
}

/**
 * @param eventsMax Events that one batch may hold.
 * @throws {@link Problem} where the request as a whole cannot be read; what is wrong with one event is found later.
 */
export function readCloudEvents(
  contentType: string,
  rawHeaders: readonly string[],
  body: Buffer,
  eventsMax: number,
): CloudEventsRequest {
  const mode = modeOf(contentType);
  if (mode === 'binary') return { mode, events: [binaryEvent(rawHeaders, parseExactJson(body))] };
  if (mode === 'structured') {
    const value = parseExactJson(body);
    if (!isObject(value)) throw new Problem('INVALID_REQUEST', 'A structured CloudEvent is a JSON object');
    return { mode, events: [structuredEvent(value, '')] };
  }
  return { mode, events: batchEvents(parseExactJson(body, { itemsMax: eventsMax })) };
}

/** One line of NDJSON. What is wrong with it is its own fault alone. */
export function readLine(line: Buffer): UncheckedEvent {
  try {
    const value = parseExactJson(line);
    if (isObject(value)) return structuredEvent(value, '');
    return unreadableLine(new Problem('INVALID_REQUEST', 'A line holds one CloudEvent, a JSON object'));
  } catch (error) {
    if (error instanceof Problem) return unreadableLine(error);
    throw error;
  }
}

export function unreadableLine(problem: Problem): UncheckedEvent {
  return { ...structuredEvent({}, ''), problem };
}

export function modeOf(contentType: string): CloudEventsMode {
  const mediaType = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase();
  const mode = Object.hasOwn(ingestContentTypes, mediaType)
    ? ingestContentTypes[mediaType as keyof typeof ingestContentTypes]
    : undefined;
  if (mode === undefined || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')) {
    throw new Problem(
      'UNSUPPORTED_MEDIA_TYPE',
      `Send one of ${Object.keys(ingestContentTypes).join(', ')} in UTF-8; this was ${JSON.stringify(contentType.slice(0, 100))}`,
    );
  }
  return mode;
}

function batchEvents(value: unknown): readonly UncheckedEvent[] {
  if (!Array.isArray(value)) throw new Problem('INVALID_REQUEST', 'A batch is a JSON array of CloudEvents');
  const items: readonly unknown[] = value;
  // An item that is no object is that item's fault alone: it has no attributes, so each required one is missing.
  return items.map((item, index) => structuredEvent(isObject(item) ? item : {}, `/${index}`));
}

function structuredEvent(value: Readonly<Record<string, unknown>>, pointer: string): UncheckedEvent {
  return {
    attributes: value,
    dataAttribute: 'data',
    data: value['data'],
    dataPointer: `${pointer}/data`,
    place: (attribute) => ({ pointer: `${pointer}/${pointerToken(attribute)}` }),
  };
}

/** From Node's flat list of headers, in which a header that came twice is still there twice. */
function binaryEvent(rawHeaders: readonly string[], data: unknown): UncheckedEvent {
  const attributes: Record<string, unknown> = {};
  const issues: ProblemIssue[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = (rawHeaders[at] ?? '').toLowerCase();
    if (!header.startsWith('ce-')) continue;
    const name = header.slice(3);
    const raw = rawHeaders[at + 1] ?? '';
    if (Object.hasOwn(attributes, name)) issues.push({ pointer: '', header, detail: 'must come once' });
    // Node reads headers as Latin-1: other bytes would be kept as other characters than were meant.
    else if (/[^\x20-\x7e]/.test(raw))
      issues.push({ pointer: '', header, detail: 'must be percent-encoded outside ASCII' });
    else Object.defineProperty(attributes, name, { value: headerValue(raw), enumerable: true });
  }
  if (issues.length > 0)
    throw new Problem('INVALID_REQUEST', 'A CloudEvents header is not as it should be', { issues });
  if (Object.keys(attributes).length === 0) {
    throw new Problem(
      'INVALID_REQUEST',
      'Content type application/json means CloudEvents binary mode, and no ce-* header came; ' +
        'for an event whose attributes are in the body send application/cloudevents+json',
    );
  }
  return {
    attributes,
    dataAttribute: undefined,
    data,
    dataPointer: '',
    place: (name) => ({ pointer: '', header: `ce-${name}` }),
  };
}

/** The HTTP binding, 3.1.3.2: values may be quoted and are percent-encoded outside printable ASCII. */
function headerValue(raw: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(raw)?.[1];
  const text = quoted === undefined ? raw : quoted.replaceAll(/\\(.)/g, '$1');
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Not percent-encoded UTF-8, so the sign stands for itself.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import {
  commandTypes,
  eventBytesMax,
  eventTypes,
  isCommandType,
  isEventType,
  isWorkType,
  parseEventData,
  subjectOf,
  type AnyEvent,
  type CommandType,
  type EventEnvelope,
  type EventMetadata,
  type EventType,
  type WorkType,
} from '@chorda/contracts';
import { derivedId, newId, type TenantId } from '@chorda/kernel';
import type { RegisteredDoor } from '../external-types/registered-door.js';
import { Problem, type ProblemIssue } from '../http/problem.js';
import { AttributeReader, traceparentPattern } from './attributes.js';
import type { UncheckedEvent } from './cloud-event-request.js';

/** Sources that may send decisions where they are simulated (docs/decisions/0004-simulated-decisions.md). */
export const simulatedSourcePrefix = 'urn:chorda:demo';

/** What `parseEventData` says of a text that alone is larger than an event may be. */
const tooLarge = `must be at most ${eventBytesMax} bytes of UTF-8`;

/** What a request says of all its events. */
export interface Sender {
  readonly tenantId: TenantId;
  readonly idempotencyKey: string | undefined;
  /** For events that bring none. */
  readonly correlationId: string;
  readonly traceparent: string;
  readonly tracestate: string | undefined;
  readonly nowMs: number;
  /** Takes so many events from what the key and its tenant may send; undefined: they may send any number. Throws a problem. */
  readonly admitEvents: (count: number) => Promise<void> | undefined;
  /** Types that other teams registered. */
  readonly registered: Pick<RegisteredDoor, 'isOpenTo' | 'issuesOf'>;
  /** Whether this key may send decisions to this gateway. */
  readonly maySimulate: boolean;
}

export type Acceptance =
  | { readonly ok: true; readonly envelope: EventEnvelope }
  | { readonly ok: false; readonly id: string | undefined; readonly problem: Problem };

/** Checks one event against the catalogue, its schema and its sender; every broken rule is named, not the first. */
export function acceptEvent(event: UncheckedEvent, index: number, sender: Sender): Acceptance {
  const attributes = new AttributeReader(event);
  const id = attributes.optionalText('id');
  const type = attributes.text('type');
  const refusal = type === undefined ? undefined : refusedByType(type, event, sender);
  if (refusal !== undefined) return { ok: false, id, problem: refusal };
  const parsed = type !== undefined && isEventType(type) ? parseEventData(type, event.data) : undefined;
  const metadata = readMetadata(attributes, id, index, event, parsed?.ok ? parsed.event : undefined, sender);
  const dataIssues = parsed?.ok === true ? sender.registered.issuesOf(parsed.event.type, event.data) : parsed?.issues;
  const issues: readonly ProblemIssue[] = [
    ...attributes.issues,
    ...(dataIssues ?? []).map((issue) => ({ ...issue, pointer: event.dataPointer + issue.pointer })),
  ];
  if (issues.length === 0 && parsed?.ok) return { ok: true, envelope: { event: parsed.event, metadata } };
  const named = issues.map((issue) => `${issue.header ?? (issue.pointer || '/')} ${issue.detail}`);
  const detail = `${named.slice(0, 3).join('; ')}${named.length > 3 ? `; and ${named.length - 3} more` : ''}`;
  // A field over the limit of a whole event is a matter of size, whatever else is wrong with it.
  const code = issues.some((issue) => issue.detail === tooLarge) ? 'RECORD_TOO_LARGE' : 'INVALID_EVENT';
  return { ok: false, id, problem: new Problem(code, detail, { issues }) };
}

/** What makes the event unwelcome whatever its data says. */
function refusedByType(type: string, event: UncheckedEvent, sender: Sender): Problem | undefined {
  const issuesOf = (attribute: string, detail: string) => ({ issues: [{ ...event.place(attribute), detail }] });
  const { tenantid, expectedversion } = event.attributes;
  if (tenantid !== undefined && tenantid !== null && tenantid !== sender.tenantId) {
    return new Problem(
      'TENANT_MISMATCH',
      'The event names another tenant than the API key',
      issuesOf('tenantid', 'must be left out or be the tenant of the API key'),
    );
  }
  if (isCommandType(type) || isWorkType(type)) return refusedMessage(type, event);
  if (!isEventType(type) || !sender.registered.isOpenTo(type, sender.tenantId)) {
    return new Problem(
      'UNKNOWN_EVENT_TYPE',
      `There is no event type ${JSON.stringify(type)}; /asyncapi.json lists them`,
      issuesOf('type', 'must be a type of the catalogue'),
    );
  }
  if (expectedversion !== undefined && expectedversion !== null) {
    return new Problem(
      'EXPECTED_VERSION_NOT_ACCEPTED',
      'An event that has happened cannot be refused, so it has no expected version; send a command',
      issuesOf('expectedversion', 'must be left out'),
    );
  }
  if (type.startsWith('audit.')) {
    return new Problem(
      'FORBIDDEN',
      'Audit events are written by Chorda about what it did, never by a sender',
      issuesOf('type', 'must not be audit.*'),
    );
  }
  return eventTypes[type].kind === 'decision' ? refusedDecision(type, event, sender) : undefined;
}

/** Commands and work are no events: what somebody asks for has a request of its own, where it may be refused. */
function refusedMessage(type: CommandType | WorkType, event: UncheckedEvent): Problem {
  const route = isCommandType(type) ? commandTypes[type].command : undefined;
  const detail =
    `${type} is ${isCommandType(type) ? 'a command' : 'work for executors'} and no event; ` +
    (route === undefined ? 'only the parts of Chorda write it' : `use ${route}`);
  return new Problem('DECISION_NOT_ACCEPTED', detail, {
    issues: [{ ...event.place('type'), detail: 'must be a fact' }],
    ...(route === undefined ? {} : { members: { command: route } }),
  });
}

function refusedDecision(type: EventType, event: UncheckedEvent, sender: Sender): Problem | undefined {
  const { source } = event.attributes;
  if (sender.maySimulate && typeof source === 'string' && source.startsWith(simulatedSourcePrefix)) return undefined;
  const command = eventTypes[type].command;
  return new Problem(
    'DECISION_NOT_ACCEPTED',
    `${type} is decided by a rule and may be refused, so it is not sent as an event; ` +
      (command === undefined ? 'its engine writes it' : `use the command ${command}`),
    {
      issues: [{ ...event.place('type'), detail: 'must be a fact' }],
      ...(command === undefined ? {} : { members: { command } }),
    },
  );
}

function readMetadata(
  attributes: AttributeReader,
  id: string | undefined,
  index: number,
  unchecked: UncheckedEvent,
  event: AnyEvent | undefined,
  sender: Sender,
): EventMetadata {
  attributes.rejectUnknown();
  if (attributes.text('specversion') !== '1.0' && attributes.issues.length === 0) {
    attributes.reject('specversion', 'must be 1.0');
  }
  checkContent(attributes, event);
  const source = attributes.text('source') ?? '';
  const causationId = attributes.optionalText('causationid');
  const streamVersion = readStreamVersion(attributes, unchecked, event);
  const tracestate = attributes.optionalText('tracestate') ?? sender.tracestate;
  const traceparent = attributes.optionalText('traceparent');
  return {
    id:
      id ?? (sender.idempotencyKey === undefined ? newId() : derivedId(sender.tenantId, sender.idempotencyKey, index)),
    source,
    subject: readSubject(attributes, event),
    tenantId: sender.tenantId,
    timeMs: attributes.timeMs(sender.nowMs),
    correlationId: attributes.optionalText('correlationid') ?? sender.correlationId,
    ...(causationId === undefined ? {} : { causationId }),
    traceparent: traceparent !== undefined && traceparentPattern.test(traceparent) ? traceparent : sender.traceparent,
    ...(tracestate === undefined ? {} : { tracestate }),
    ...(streamVersion === undefined ? {} : { decision: { streamVersion } }),
  };
}

function checkContent(attributes: AttributeReader, event: AnyEvent | undefined): void {
  const contentType = attributes.optionalText('datacontenttype');
  if (contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json(?:;|$)/i.test(contentType)) {
    attributes.reject('datacontenttype', 'must be application/json; Avro is how the event is kept, not how it is sent');
  }
  const dataSchema = attributes.optionalText('dataschema');
  if (dataSchema !== undefined && event !== undefined && dataSchema !== eventTypes[event.type].dataSchema) {
    attributes.reject('dataschema', `must be left out or be ${eventTypes[event.type].dataSchema}`);
  }
}

/** Only a decision has a place in a stream; a simulated one must bring its own, since no engine counts it. */
function readStreamVersion(
  attributes: AttributeReader,
  unchecked: UncheckedEvent,
  event: AnyEvent | undefined,
): bigint | undefined {
  const { streamversion, type } = unchecked.attributes;
  const isDecision = typeof type === 'string' && isEventType(type) && eventTypes[type].kind === 'decision';
  const isGiven = streamversion !== undefined && streamversion !== null;
  if (!isDecision)
    return isGiven
      ? attributes.reject('streamversion', `must be left out: ${event?.type ?? 'it'} is a fact`)
      : undefined;
  return isGiven ? attributes.count('streamversion') : attributes.reject('streamversion', 'is required');
}

/** The subject is in the data wherever the schema says so; a sender that names it too must agree with itself. */
function readSubject(attributes: AttributeReader, event: AnyEvent | undefined): string {
  const given = attributes.optionalText('subject');
  if (event === undefined) return given ?? '';
  const inData = subjectOf(event);
  if (inData === undefined) return given ?? attributes.text('subject') ?? '';
  const field = eventTypes[event.type].subject.join(' or ');
  if (given !== undefined && given !== inData)
    attributes.reject('subject', `must be left out or be the event's ${field}`);
  if (inData === '' || Buffer.byteLength(inData) > 256) attributes.reject('subject', `${field} must be 1 to 256 bytes`);
  return inData;
}

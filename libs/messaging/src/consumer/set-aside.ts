import { deadLetterTopic, retryTopic } from '@chorda/contracts';
import { BackboneError, derivedId } from '@chorda/kernel';
import type { IncomingHeaders, IncomingRecord, OutgoingHeaders, OutgoingRecord, RecordPlace } from '../port.js';
import { redriveTopic } from './lanes.js';

/** Headers of a dead letter, beside all that the record had. */
const deadPrefix = 'dlq-';
/** Headers of a record on its way through a retry tier or a redrive. They never reach a dead letter. */
const retryPrefix = 'retry-';
const messageLengthMax = 500;

export type DeadLetterStage = 'partition' | 'decode' | 'handler' | 'retry';

export interface DeadLetterCause {
  readonly stage: DeadLetterStage;
  readonly error: Error;
  /** Stable name: the error's reason or code. */
  readonly reason: string;
  readonly attempts: number;
}

/** What a record carries from its earlier tries. */
export interface RetryState {
  readonly origin: RecordPlace;
  /** Tries that were made. */
  readonly attempts: number;
  readonly notBeforeMs: number;
  readonly firstAtMs: number | undefined;
}

export function retryStateOf(record: IncomingRecord): RetryState {
  const text = (name: string) => headerText(record.headers, `${retryPrefix}${name}`);
  const topic = text('topic');
  const offset = text('offset');
  const origin = topic === undefined || offset === undefined ? record : originOf(topic, text('partition'), offset);
  const firstAt = text('first-at');
  return {
    origin: { topic: origin.topic, partition: origin.partition, offset: origin.offset },
    attempts: wholeNumber(text('attempts')),
    notBeforeMs: wholeNumber(text('not-before')),
    firstAtMs: firstAt === undefined ? undefined : Date.parse(firstAt),
  };
}

export function deadLetterRecord(record: IncomingRecord, group: string, cause: DeadLetterCause): OutgoingRecord {
  const { origin, firstAtMs } = retryStateOf(record);
  const now = new Date();
  const headers: OutgoingHeaders = {
    ...withoutPrefixes(record.headers),
    [`${deadPrefix}topic`]: origin.topic,
    [`${deadPrefix}partition`]: String(origin.partition),
    [`${deadPrefix}offset`]: String(origin.offset),
    [`${deadPrefix}group`]: group,
    [`${deadPrefix}attempts`]: String(cause.attempts),
    [`${deadPrefix}first-at`]: new Date(firstAtMs ?? now).toISOString(),
    [`${deadPrefix}at`]: now.toISOString(),
    [`${deadPrefix}stage`]: cause.stage,
    [`${deadPrefix}reason`]: cause.reason,
    [`${deadPrefix}class`]: cause.error.name,
    [`${deadPrefix}message`]: shortMessage(cause.error),
  };
  return sameRecord(record, deadLetterTopic(origin.topic, group), headers);
}

export function retryRecord(
  record: IncomingRecord,
  group: string,
  again: { readonly delayMs: number; readonly attempts: number; readonly error: Error },
): OutgoingRecord {
  const { origin, firstAtMs } = retryStateOf(record);
  const nowMs = Date.now();
  const headers: OutgoingHeaders = {
    ...withoutPrefixes(record.headers),
    ...originHeaders(origin),
    [`${retryPrefix}attempts`]: String(again.attempts),
    [`${retryPrefix}not-before`]: String(nowMs + again.delayMs),
    [`${retryPrefix}first-at`]: new Date(firstAtMs ?? nowMs).toISOString(),
    [`${retryPrefix}class`]: again.error.name,
    [`${retryPrefix}message`]: shortMessage(again.error),
  };
  return sameRecord(record, retryTopic(origin.topic, group, again.delayMs), headers);
}

/** A dead letter on its way back: the record as it was, with its attempts counted from nothing. */
export function redriveRecord(letter: IncomingRecord, origin: RecordPlace, group: string): OutgoingRecord {
  if (isCommandTopic(origin.topic)) return commandAgain(letter, origin);
  const headers: OutgoingHeaders = {
    ...withoutPrefixes(letter.headers),
    ...originHeaders(origin),
    [`${retryPrefix}attempts`]: '0',
    [`${retryPrefix}redriven-at`]: new Date().toISOString(),
  };
  return sameRecord(letter, redriveTopic(origin.topic, group), headers);
}

/** Commands have one reader, which finds its place by offset and has no lane of its own. */
function isCommandTopic(topic: string): boolean {
  return /(^|\.)commands$/.test(topic);
}

/**
 * What a command came to is kept by its id, and a repeat of it is answered with that. So it comes back as a command of
 * its own, caused by the first: with the same id each time that this letter is sent through.
 */
function commandAgain(letter: IncomingRecord, { topic }: RecordPlace): OutgoingRecord {
  const id = headerText(letter.headers, 'ce_id');
  const again =
    id === undefined
      ? {}
      : { ce_id: derivedId('redrive', topic, letter.partition, letter.offset, id), ce_causationid: id };
  return sameRecord(letter, topic, { ...withoutPrefixes(letter.headers), ...again });
}

export interface DeadLetterFacts {
  readonly origin: RecordPlace;
  readonly group: string;
  readonly attempts: number;
  readonly firstAt: string;
  readonly at: string;
  readonly stage: string;
  readonly reason: string;
  readonly errorClass: string;
  readonly errorMessage: string;
}

export function deadLetterFacts(letter: IncomingRecord): DeadLetterFacts | undefined {
  const text = (name: string) => headerText(letter.headers, `${deadPrefix}${name}`);
  const topic = text('topic');
  const offset = text('offset');
  if (topic === undefined || offset === undefined || !/^\d+$/.test(offset)) return undefined;
  return {
    origin: originOf(topic, text('partition'), offset),
    group: text('group') ?? '',
    attempts: wholeNumber(text('attempts')),
    firstAt: text('first-at') ?? '',
    at: text('at') ?? '',
    stage: text('stage') ?? '',
    reason: text('reason') ?? '',
    errorClass: text('class') ?? '',
    errorMessage: text('message') ?? '',
  };
}

/** The stable name of what went wrong: `reason` where an error has one, else its code, else its class. */
export function reasonOf(error: Error): string {
  if ('reason' in error && typeof error.reason === 'string') return error.reason;
  return error instanceof BackboneError ? error.code.toLowerCase() : error.name;
}

export function headerText(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name];
  const first = Buffer.isBuffer(value) ? value : value?.[0];
  return first?.toString('utf8');
}

function originHeaders({ topic, partition, offset }: RecordPlace): OutgoingHeaders {
  return {
    [`${retryPrefix}topic`]: topic,
    [`${retryPrefix}partition`]: String(partition),
    [`${retryPrefix}offset`]: String(offset),
  };
}

/** Key, value and time as they were. A record without a key has no partition of its own: it goes to the first. */
function sameRecord(record: IncomingRecord, topic: string, headers: OutgoingHeaders): OutgoingRecord {
  const { key, value, timestampMs } = record;
  const place = key === null ? { partition: 0 } : {};
  // The time of setting aside is when the topic's retention starts to count; the record's own is a header.
  return { topic, key, value, headers: { 'record-timestamp': String(timestampMs), ...headers }, ...place };
}

function withoutPrefixes(headers: IncomingHeaders): OutgoingHeaders {
  const kept: Record<string, Buffer | readonly Buffer[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(deadPrefix) && !name.startsWith(retryPrefix)) kept[name] = value;
  }
  return kept;
}

function originOf(topic: string, partition: string | undefined, offset: string): RecordPlace {
  return { topic, partition: wholeNumber(partition), offset: /^\d+$/.test(offset) ? BigInt(offset) : 0n };
}

function wholeNumber(text: string | undefined): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** One line, bounded: the message of a foreign error may quote a whole payload. */
function shortMessage(error: Error): string {
  return error.message.replace(/\s+/g, ' ').slice(0, messageLengthMax);
}

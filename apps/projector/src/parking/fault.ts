import { hash } from 'node:crypto';
import { BackboneError } from '@chorda/kernel';
import type { SetAsideRecord } from '@chorda/messaging';
import { isDatabaseAway } from '@chorda/read-models';
import pg from 'pg';
import { storableText } from '../bulk/text.js';
import { EventNotApplicableError } from '../runner/errors.js';
import type { VersionGap } from '../runner/stream-versions.js';

/** Why an event is parked, apart from those that only wait behind one. */
export type ParkReason =
  /** Its handler threw. */
  | 'apply'
  /** Postgres refused its row. */
  | 'data'
  /** It cannot be decoded. */
  | 'undecodable'
  /** Versions of its stream before it never came. */
  | 'gap';

export interface Fault {
  readonly reason: ParkReason;
  readonly errorClass: string;
  /** SQLSTATE, or the stable name of a record that cannot be decoded. */
  readonly errorCode: string | null;
  readonly message: string;
  /** Faults of one cause have one: what somebody has to mend once. */
  readonly fingerprint: string;
}

const messageLengthMax = 1_000;

/**
 * Whether an error can be an event's: a handler threw, or Postgres refused a row, by SQLSTATE classes 22 (data), 23
 * (constraints) and 54 (limits, such as a text too long for an index). A database that is away, slow, or without the
 * table is nobody's fault among the events, and neither is an error of the runner itself.
 */
export function isEventFault(error: unknown): error is Error {
  if (error instanceof EventNotApplicableError) return true;
  if (!(error instanceof Error) || error instanceof BackboneError || isDatabaseAway(error)) return false;
  return !(error instanceof pg.DatabaseError) || /^(22|23|54)/.test(error.code ?? '');
}

export function faultOf(error: Error, eventType: string): Fault {
  const cause = error instanceof EventNotApplicableError && error.cause instanceof Error ? error.cause : error;
  const isData = cause instanceof pg.DatabaseError;
  return describe(
    isData ? 'data' : 'apply',
    cause.name,
    isData ? (cause.code ?? null) : null,
    cause.message,
    eventType,
  );
}

export function faultOfUnreadable({ error, reason }: Pick<SetAsideRecord, 'error' | 'reason'>): Fault {
  return describe('undecodable', error.name, reason, error.message, '');
}

/** All gaps of a topic have one fingerprint: they have one cause, which is not in the events. */
export function faultOfGap({ stream, expected, found, topic }: VersionGap): Fault {
  const missing = found - 1n === expected ? `version ${expected}` : `versions ${expected} to ${found - 1n}`;
  const message = `${missing} of ${stream} never came before version ${found}`;
  return { ...describe('gap', 'StreamVersionGap', null, message, ''), fingerprint: fingerprintOf(['gap', topic]) };
}

function describe(
  reason: ParkReason,
  errorClass: string,
  errorCode: string | null,
  text: string,
  eventType: string,
): Fault {
  const message = storableText(text.toWellFormed()).slice(0, messageLengthMax).toWellFormed();
  // Ids, numbers and quoted values differ from event to event, and the cause does not.
  const shape = message.replaceAll(/"[^"]*"|'[^']*'/g, '?').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27,}|\d+/gi, '?');
  const fingerprint = fingerprintOf([reason, errorClass, errorCode, eventType, shape]);
  return { reason, errorClass: errorClass.slice(0, 200), errorCode, message, fingerprint };
}

function fingerprintOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 16);
}
